/* What a process does when it crashes: it answers for what it had begun.
 *
 * On SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT the handler
 *
 *   1. sends the protocol's last words (flights.h: `500`, `Connection: close`)
 *      on each connection on which a request is open and nothing of its answer
 *      has been written;
 *   2. says on standard error what the signal was, which requests were open,
 *      and where it happened, as module+offset for addr2line(1);
 *   3. dies by the same signal with its default action, so that the exit status
 *      says what it was, and a core file shows the place of the fault.
 *
 * A crash of another thread than the loop's is reported in the same way, but
 * answers nothing: the loop's thread may be writing at this very moment.
 *
 * It runs on a stack of its own, so an overflow of the stack is caught on the
 * loop's thread; it calls only what is safe in a signal handler, and trusts
 * nothing that it reads. A fault in it ends the process at once, a hang after
 * some seconds. */
#ifndef YK_NET_CRASH_H
#define YK_NET_CRASH_H

/* Catches crashes of this process from here on; the caller's thread is the
 * loop's. `who` is what it calls itself,
 * "worker 3 in slot 1", and is copied. A signal that has a handler already (a
 * sanitizer's, a language runtime's) is left to it, and one that is set later
 * wins. A child that is forked has no part in it until it calls this itself.
 * Returns 0 or -errno. */
int yk_crash_catch(const char *who);

#endif
