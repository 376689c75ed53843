/* Seats: each worker's place in the table of loads (loads.h), and whatever else
 * is indexed by worker. The lowest that is free is given, so that they stay
 * close together. In the primary. */
#ifndef YK_CLUSTER_SEATS_H
#define YK_CLUSTER_SEATS_H

#include <stdbool.h>
#include <stdint.h>

struct yk_load;

/* Takes a seat for a worker; the table is made with the first. Returns its
 * number; -YOKE_EFULL when there are YK_SEATS_MAX, or -errno. */
int yk_seats_take(void);

/* For a primary that takes over: goes on with the table behind the descriptor,
 * which is taken over; -EINVAL, -errno. Then with each seat that a worker has:
 * 0, or -EINVAL when there is no such seat or it is taken. */
int yk_seats_adopt(int fd);
int yk_seats_take_again(int seat);

/* The worker has ended. */
void yk_seats_free(int seat);

/* Whether new connections may go to the worker, for the others to see. Harmless
 * for a worker without a seat, -1. */
void yk_seats_serve(int seat, bool serves);

/* The seat's load; to be called for seats that are taken. */
struct yk_load *yk_seats_load(int seat);

/* The table's descriptor, for workers; the primary's. -1 before the first seat
 * is taken. */
int yk_seats_fd(void);

#endif
