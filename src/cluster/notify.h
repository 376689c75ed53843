/* Tells the service manager how the cluster is, as sd_notify(3) has it: datagrams
 * of lines to the socket that NOTIFY_SOCKET names. Without one, which is the
 * normal case, every call does nothing. Nothing here waits or fails: a manager
 * that does not listen is no reason not to serve.
 *
 *   a worker is ready for the first time   READY=1
 *   a reload, or an upgrade, begins        RELOADING=1, MONOTONIC_USEC=
 *   it has ended, well or not              READY=1, STATUS= how
 *   a stop begins                          STOPPING=1
 *   half of WATCHDOG_USEC is over          WATCHDOG=1
 *
 * The primary speaks, nobody else; workers do not even see the variables. The
 * process stays the same over an upgrade, so MAINPID= is never needed. */
#ifndef YK_CLUSTER_NOTIFY_H
#define YK_CLUSTER_NOTIFY_H

/* Begins; in the primary of a fleet. Sends nothing yet but for the watchdog,
 * which is this loop's: it turns, or the manager takes notice. */
void yk_notify_start(void);

/* A worker is ready: told once. */
void yk_notify_ready(void);

void yk_notify_reloading(void);

/* The reload has ended; `text` says how, in words, in one line. */
void yk_notify_reloaded(const char *text);

void yk_notify_stopping(void);

/* In a worker: this is not its business, nor that of what it starts. */
void yk_notify_forget(void);

#endif
