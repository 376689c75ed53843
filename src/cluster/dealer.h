/* The dealer: gets connections to workers, whatever policy chose them, and
 * answers for them until they have begun.
 *
 *   - Connections for one worker go in one packet (its outbox).
 *   - Their copies (copies.h) are closed once they have begun: looked at in
 *     passing while there is traffic, and by a timer while there are copies.
 *   - A worker that does not take what it was sent for a while is late: it gets
 *     nothing more, and what is on its way to it is taken back, if another
 *     worker could have it. A stopped or stuck worker thus holds up nobody for
 *     longer than that, and keeps its place in the turns when it is back.
 *   - A worker that cannot take connections says so when it can again (the
 *     board, and WAKE): nothing is tried over and over. */
#ifndef YK_CLUSTER_DEALER_H
#define YK_CLUSTER_DEALER_H

#include <stdbool.h>
#include <stdint.h>

struct yk_conn;
struct yoke_worker;

enum yk_readiness {
    YK_READY, /* It can take a connection. */
    YK_BUSY,  /* It will in a moment; worth waiting for. */
    YK_LATE,  /* It cannot, and nobody knows for how long. */
};

/* Whether the worker can take a connection now. If not, yk_ports_deal is called
 * when that may have changed. */
enum yk_readiness yk_dealer_readiness(struct yoke_worker *worker);

/* Connections that the worker has and that are on their way to it, as far as is
 * known. */
uint32_t yk_dealer_load(struct yoke_worker *worker);

/* For how long the worker's loop has been in the same turn, in which what is
 * dealt to it waits; 0: it sleeps. Only known of workers that accept
 * themselves. */
uint64_t yk_dealer_busy_ns(const struct yoke_worker *worker, uint64_t now_ns);

/* Workers have copies that were handed over: begins to look after them. */
void yk_dealer_resume(void);

/* Puts a connection into the worker's outbox; takes its descriptor over. The
 * worker is to be YK_READY. -YOKE_EFULL: it is not, and nothing is taken over.
 */
int yk_dealer_add(struct yoke_worker *worker, uint32_t token,
                  const struct yk_conn *conn);

/* Sends the outboxes; what could not be sent goes back to its port. */
void yk_dealer_flush(void);

/* The worker has said that it took something, or gave something back. */
void yk_dealer_woken(struct yoke_worker *worker, bool is_short);

/* The worker is dead: what it had not begun goes back to its ports. */
void yk_dealer_worker_died(struct yoke_worker *worker);

/* Descriptors have run out: gives up copies, if there are any. Returns true
 * when some were closed. */
bool yk_dealer_free_descriptors(void);

#endif
