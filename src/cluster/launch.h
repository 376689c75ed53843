/* What a worker needs to begin: a board, a seat, the packet that tells it of
 * them, and a process, of its own program or of a template. Half of it may be
 * there when one of these fails; primary.c discards such a worker. */
#ifndef YK_CLUSTER_LAUNCH_H
#define YK_CLUSTER_LAUNCH_H

struct yk_fork;
struct yoke_worker;

/* Makes its board and takes a seat. WELCOME, which brings both to it, goes into
 * the channel before there is a process: it finds that when it starts.
 * `file_fd` is what it is to load, 0: nothing. Returns 0, -errno, or what the
 * seats say. */
int yk_launch_board(struct yoke_worker *worker, int file_fd);

/* The same for one that has a board since another primary: maps it. */
int yk_launch_take_board(struct yoke_worker *worker);

/* Starts its process, with `fd` as its end of the channel, which stays the
 * caller's. Returns 0 or -errno. */
int yk_launch_spawn(struct yoke_worker *worker, const struct yk_fork *how,
                    int fd);

/* Asks for it of its generation's template: it has no process until that has
 * forked it. `fd` is taken over. Returns 0 or -errno. */
int yk_launch_ask(struct yoke_worker *worker, const struct yk_fork *how,
                  int fd);

#endif
