/* The signals by which an operator runs a supervising primary:
 *
 *   SIGHUP   reload           SIGTTIN  one worker more
 *   SIGUSR2  upgrade          SIGTTOU  one worker less
 *   SIGUSR1  goes to every worker that is ready: log files were rotated
 *
 * SIGTERM and SIGINT are the loop's (net/loop.h). */
#ifndef YK_CLUSTER_SIGNALS_H
#define YK_CLUSTER_SIGNALS_H

/* In the primary: from here on they are answered from the loop, which they do
 * not keep alive. */
void yk_signals_watch(void);

/* In a worker: they are not for it, also when they are sent to a whole group
 * or to all processes of a name; ignored, unless the program handles them. */
void yk_signals_ignore(void);

#endif
