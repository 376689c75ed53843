#include "cluster/dealer.h"

#include <stdatomic.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/line.h"
#include "cluster/loads.h"
#include "cluster/port.h"
#include "cluster/ports.h"
#include "cluster/rescue.h"
#include "cluster/seats.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/probe.h"
#include "net/later.h"

/* A hand-off that has not been taken for this long makes its worker late. Long
 * enough for a busy machine, short enough for whoever waits. */
#define LATE_MS      250
/* How long a worker rests that had no descriptor for a connection. */
#define REST_MS      100
/* The timer's first and longest period; it doubles while nothing changes. */
#define SWEEP_MIN_MS 20
#define SWEEP_MAX_MS 1000
/* Copies of one worker that are looked at per turn of the timer. */
#define SWEEP_MAX    256
/* Copies that are given up when descriptors run out. */
#define EVICT_COUNT  64
/* A connection that was with this many workers when they died is closed: it may
 * be what kills them. */
#define DEATHS_MAX   16

/* The dealer's state. Written by the functions of this file, in the primary. */
static struct yk_list outboxes = {&outboxes, &outboxes}; /* Not empty. */
static uv_timer_t timer;
static bool has_timer;
static unsigned period_ms;
static struct yk_later deal_again; /* Something has come back. */

static uint64_t now_ms(void)
{
    return uv_now(yoke_loop());
}

/* The moment before which a hand-off must have been sent to be late. */
static uint64_t late_ms(void)
{
    uint64_t now = now_ms();

    return now > LATE_MS ? now - LATE_MS : 0;
}

/* ---- Connections that come back ---- */

static void on_deal_again(struct yk_later *later)
{
    (void)later;
    yk_ports_deal();
}

static void give(void *data, const struct yk_conn *conn)
{
    (void)data;
    if (!conn->port || conn->port->is_stopping) {
        close(conn->fd);
        return;
    }
    if (conn->deaths >= DEATHS_MAX) {
        yoke_log(YOKE_LOG_ERROR,
                 "a connection is closed: it was with %d workers that died",
                 DEATHS_MAX);
        close(conn->fd);
        return;
    }
    yk_line_add_first(conn->port, conn);
    if (!deal_again.fn)
        yk_later_init(&deal_again, on_deal_again);
    yk_later_start(&deal_again);
}

/* ---- The timer ---- */

static void on_timer(uv_timer_t *handle);

static void start_timer(void)
{
    if (!has_timer) {
        uv_timer_init(yoke_loop(), &timer);
        uv_unref((uv_handle_t *)&timer);
        has_timer = true;
    }
    if (uv_is_active((uv_handle_t *)&timer) && period_ms <= SWEEP_MIN_MS)
        return;
    period_ms = SWEEP_MIN_MS;
    uv_timer_start(&timer, on_timer, period_ms, 0);
}

static bool is_late(const struct yoke_worker *worker)
{
    return worker->is_stuck || yk_copies_are_late(&worker->copies, late_ms());
}

/* Whoever gets what is taken back from a late worker. */
static bool has_better_than(const struct yoke_worker *late)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker != late && yk_worker_is_useful(worker) && worker->has_listened &&
        !worker->is_unrouted && !is_late(worker) && !worker->rests_until_ms)
        return true;
    return false;
}

/* For the other workers to see. */
static void publish(struct yoke_worker *worker)
{
    atomic_store_explicit(&yk_seats_load(worker->seat)->coming,
                          yk_copies_coming(&worker->copies),
                          memory_order_relaxed);
}

static void sweep(struct yoke_worker *worker, unsigned max)
{
    yk_copies_refresh(&worker->copies, give, NULL);
    yk_copies_sweep(&worker->copies, max, give, NULL);
    publish(worker);
}

/* What is taken back no longer shows that the worker is late, so that is noted.
 * It is over when the worker comes to the packet in which they were: then it
 * finds that it is to send WAKE. */
static void take_back_late(struct yoke_worker *worker)
{
    unsigned before = worker->copies.sent.count;

    atomic_store(&worker->board->wants_wake, 1);
    yk_copies_revoke(&worker->copies, late_ms(), give, NULL);
    if (worker->copies.sent.count < before)
        worker->is_stuck = true;
}

static void look_after(struct yoke_worker *worker)
{
    sweep(worker, SWEEP_MAX);
    if (worker->copies.sent.count && is_late(worker) && has_better_than(worker))
        take_back_late(worker);
    if (worker->rests_until_ms && worker->rests_until_ms <= now_ms())
        worker->rests_until_ms = 0;
}

/* How long until time alone changes something: a rest ends, or a worker
 * becomes late. */
static unsigned next_period(void)
{
    struct yoke_worker *worker;
    unsigned next_ms = period_ms;

    YK_WORKERS_EACH(worker)
    {
        if (worker->rests_until_ms && next_ms > REST_MS)
            next_ms = REST_MS;
        if (worker->copies.sent.count && !is_late(worker) && next_ms > LATE_MS)
            next_ms = LATE_MS;
    }
    return next_ms;
}

static void on_timer(uv_timer_t *handle)
{
    struct yoke_worker *worker;
    unsigned before = 0, after = 0;
    bool has_rest = false;

    YK_WORKERS_EACH(worker)
    {
        before += yk_copies_count(&worker->copies);
        look_after(worker);
        after += yk_copies_count(&worker->copies);
        has_rest |= worker->rests_until_ms != 0;
    }
    if (before == after)
        period_ms = period_ms * 2 > SWEEP_MAX_MS ? SWEEP_MAX_MS : period_ms * 2;
    if (after || has_rest)
        uv_timer_start(handle, on_timer, next_period(), 0);
    yk_ports_deal();
}

/* ---- Readiness ---- */

/* Asks to be woken when the worker has taken something; looks again after
 * asking, for it may just have. */
static void ask_to_be_woken(struct yoke_worker *worker)
{
    atomic_store(&worker->board->wants_wake, 1);
    atomic_thread_fence(memory_order_seq_cst);
    yk_copies_refresh(&worker->copies, give, NULL);
}

enum yk_readiness yk_dealer_readiness(struct yoke_worker *worker)
{
    struct yk_copies *copies = &worker->copies;

    if (!yk_worker_is_useful(worker) || worker->is_unrouted ||
        worker->rests_until_ms || worker->channel.wants_room)
        return YK_LATE;
    if (!yk_copies_are_full(copies) && !is_late(worker))
        return YK_READY;
    yk_copies_refresh(copies, give, NULL);
    if (yk_copies_are_full(copies) || is_late(worker))
        ask_to_be_woken(worker);
    if (is_late(worker))
        return YK_LATE;
    return yk_copies_are_full(copies) ? YK_BUSY : YK_READY;
}

uint32_t yk_dealer_load(struct yoke_worker *worker)
{
    yk_copies_refresh(&worker->copies, give, NULL);
    publish(worker);
    return yk_load_total(yk_seats_load(worker->seat));
}

uint64_t yk_dealer_busy_ns(const struct yoke_worker *worker, uint64_t now_ns)
{
    return yk_load_busy_ns(yk_seats_load(worker->seat), now_ns);
}

/* ---- Sending ---- */

static void empty_outbox(struct yk_outbox *outbox)
{
    outbox->count = 0;
    yk_list_remove(&outbox->node);
}

static void take_back(struct yoke_worker *worker)
{
    struct yk_outbox *outbox = &worker->outbox;
    struct yk_conn conn;

    /* Backwards, for each goes in front of the others. */
    for (int i = outbox->count; i-- > 0;) {
        yk_copies_undo(&worker->copies, outbox->index[i], &conn);
        yk_user_undealt(worker, outbox->token[i]);
        give(NULL, &conn);
    }
}

static void send_outbox(struct yoke_worker *worker)
{
    struct yk_outbox *outbox = &worker->outbox;
    struct yk_message_conn body[YK_PACKET_FDS];
    int fds[YK_PACKET_FDS];

    for (int i = 0; i < outbox->count; i++) {
        const struct yk_copy *copy = &worker->copies.entries[outbox->index[i]];
        body[i] = (struct yk_message_conn){.token = outbox->token[i],
                                           .index = outbox->index[i],
                                           .generation = copy->generation,
                                           .was_given = copy->conn.giver != 0,
                                           .peer = copy->conn.peer};
        fds[i] = copy->conn.fd;
    }
    int err = yk_channel_try_send(&worker->channel, YK_MESSAGE_CONNS, body,
                                  outbox->count * sizeof(body[0]), fds,
                                  outbox->count);
    if (err < 0)
        take_back(worker);
    else
        yk_copies_have_gone(&worker->copies);
    /* Its end will be told soon. */
    if (err == -YOKE_ECHANNEL)
        worker->rests_until_ms = now_ms() + REST_MS;
    empty_outbox(outbox);
    start_timer();
}

void yk_dealer_resume(void)
{
    start_timer();
}

int yk_dealer_add(struct yoke_worker *worker, uint32_t token,
                  const struct yk_conn *conn)
{
    struct yk_outbox *outbox = &worker->outbox;
    uint16_t index = yk_copies_add(&worker->copies, conn, now_ms());

    if (index == YK_COPIES_NONE)
        return -YOKE_EFULL;
    if (outbox->count == 0)
        yk_list_add(&outboxes, &outbox->node);
    YK_PROBE2(handoff__deal, worker->id, conn->fd);
    outbox->index[outbox->count] = index;
    outbox->token[outbox->count] = token;
    if (++outbox->count == YK_PACKET_FDS)
        send_outbox(worker);
    return 0;
}

void yk_dealer_flush(void)
{
    struct yk_list *node;

    while (!yk_list_is_empty(&outboxes)) {
        node = outboxes.next;
        struct yoke_worker *worker =
            YK_CONTAINER_OF(node, struct yoke_worker, outbox.node);
        unsigned count = worker->outbox.count;
        send_outbox(worker);
        sweep(worker, 2 * count + 2);
    }
}

/* ---- What workers do ---- */

void yk_dealer_woken(struct yoke_worker *worker, bool is_short)
{
    worker->is_stuck = false;
    sweep(worker, SWEEP_MAX);
    if (is_short) {
        worker->rests_until_ms = now_ms() + REST_MS;
        start_timer();
    }
    yk_ports_deal();
}

void yk_dealer_worker_died(struct yoke_worker *worker)
{
    if (worker->outbox.count) {
        take_back(worker);
        empty_outbox(&worker->outbox);
    }
    yk_rescue_finish(worker, give, NULL);
    yk_copies_give_all(&worker->copies, give, NULL);
}

bool yk_dealer_free_descriptors(void)
{
    struct yoke_worker *worker;
    unsigned closed = 0;

    YK_WORKERS_EACH(worker)
    {
        sweep(worker, YK_BOARD_ENTRIES);
        closed += yk_copies_evict(&worker->copies, EVICT_COUNT);
    }
    return closed > 0;
}
