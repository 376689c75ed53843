/* The threads that libuv keeps for work which blocks.
 *
 * It makes them at the first job, and if the system has none to give (a limit of
 * processes, no memory) it ends the process by abort(3), without a word. So the
 * first job is preceded by a look whether there are as many; whoever is refused
 * says so, as of any other shortage, and may ask again. */
#ifndef YK_NET_THREADS_H
#define YK_NET_THREADS_H

#include <uv.h>

/* As uv_queue_work: `fn` in a thread, then `after` from the loop. Returns 0;
 * -EAGAIN or -ENOMEM when there are no threads: neither is called. */
int yk_threads_queue(uv_work_t *work, uv_work_cb fn, uv_after_work_cb after);

#endif
