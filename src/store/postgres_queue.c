#include "store/postgres_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "store/postgres_command.h"
#include "store/postgres_schema.h"
#include "store/postgres_statement.h"
#include "store/store.h"

#include "core/banned.h"

/* Calls in one transaction, and about so many bytes. */
#define BATCH_MAX   64
#define BATCH_BYTES ((size_t)256 << 10)
/* How often a transaction that lost against another is tried. */
#define TRIES_MAX   3

void yk_pg_queue_init(struct yk_pg_queue *queue)
{
    yk_list_init(&queue->waiting);
    yk_list_init(&queue->alone);
    yk_list_init(&queue->sent);
    yk_list_init(&queue->held);
}

/* ---- Sending ---- */

static struct yk_pg_transaction *begin(struct yk_pg_queue *queue, unsigned size)
{
    unsigned at = (queue->first + queue->count++) % YK_PG_UNDER_WAY_MAX;

    queue->under_way[at] = (struct yk_pg_transaction){.size = size};
    return &queue->under_way[at];
}

/* The next that somebody still waits for, or NULL. */
static struct yk_call *take_call(struct yk_list *calls)
{
    struct yk_list *node;

    while ((node = yk_list_take(calls))) {
        struct yk_call *call = yk_call_of(node);
        if (!call->is_late)
            return call;
        yk_call_fail(call, -ETIMEDOUT, NULL);
    }
    return NULL;
}

struct entry {
    struct yk_call *call;
    unsigned index; /* Messages keep their order. */
};

/* Tables are locked in this order: values, locks, and messages at the end. */
static int rank(enum yk_op op)
{
    if (op == YK_OP_PUBLISH)
        return 2;
    return op == YK_OP_LOCK || op == YK_OP_RENEW || op == YK_OP_UNLOCK;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    struct yk_slice one = x->call->key, other = y->call->key;
    size_t len = one.len < other.len ? one.len : other.len;
    int order = rank(x->call->op) - rank(y->call->op);

    if (order == 0 && x->call->op != YK_OP_PUBLISH)
        order = memcmp(one.ptr, other.ptr, len);
    if (order == 0 && x->call->op != YK_OP_PUBLISH)
        order = (one.len > other.len) - (one.len < other.len);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static bool is_write(const struct yk_call *call)
{
    return call->op != YK_OP_GET && call->op != YK_OP_SCAN;
}

/* In the order that rows are locked in, if there is more than one to lock. */
static unsigned take_batch(struct yk_pg_queue *queue, struct entry *batch)
{
    unsigned count = 0, writes = 0;
    size_t bytes = 0;
    struct yk_call *call;

    while (count < BATCH_MAX && bytes < BATCH_BYTES &&
           (call = take_call(&queue->waiting))) {
        bytes += call->value.len;
        writes += is_write(call);
        batch[count] = (struct entry){.call = call, .index = count};
        count++;
    }
    if (writes > 1)
        qsort(batch, count, sizeof(*batch), compare);
    return count;
}

/* True when `other` can be counted by the statement of `call`: increments of one
 * key, in one direction, for then none between them can be over the limit if the
 * last is not. */
static bool can_share(const struct yk_call *call, const struct yk_call *other,
                      int64_t *sum)
{
    return call->op == YK_OP_INCR && other->op == YK_OP_INCR &&
           (call->number < 0) == (other->number < 0) &&
           yk_slice_eq(call->key, other->key) &&
           !__builtin_add_overflow(*sum, other->number, sum);
}

static unsigned count_shared(const struct entry *batch, unsigned count)
{
    int64_t sum = batch[0].call->number;
    unsigned shared = 1;

    while (shared < count && can_share(batch[0].call, batch[shared].call, &sum))
        shared++;
    return shared;
}

/* Sends the first of them, and has what follows it share its statement. Each
 * notes what those behind it add, for its own sum, and a version; the last has
 * that of the statement. Returns how many have been sent. */
static unsigned send_shared(struct yk_pg_queue *queue,
                            const struct entry *batch, unsigned count)
{
    unsigned shared = count_shared(batch, count);
    struct yk_call *first = batch[0].call, *last = batch[shared - 1].call;
    int64_t behind = 0;

    for (unsigned i = shared; i-- > 0;) {
        yk_pg_share(batch[i].call, i > 0, behind);
        behind += batch[i].call->number;
    }
    for (unsigned i = 0; i < shared; i++)
        yk_list_add(&queue->sent, &batch[i].call->node);
    yk_pg_command(queue->conn, first);
    uint64_t version = first->done_version;
    first->done_version = last->done_version;
    last->done_version = version;
    return shared;
}

static bool send_batch(struct yk_pg_queue *queue)
{
    struct entry batch[BATCH_MAX];
    unsigned count = take_batch(queue, batch);

    if (count == 0)
        return false;
    struct yk_pg_transaction *now = begin(queue, 0);
    for (unsigned i = 0; i < count; now->size++)
        i += send_shared(queue, batch + i, count - i);
    yk_pg_conn_sync(queue->conn);
    return true;
}

static bool send_alone(struct yk_pg_queue *queue)
{
    struct yk_call *call = take_call(&queue->alone);

    if (!call)
        return false;
    begin(queue, 1);
    yk_list_add(&queue->sent, &call->node);
    yk_pg_command(queue->conn, call);
    yk_pg_conn_sync(queue->conn);
    return true;
}

static bool send_sweep(struct yk_pg_queue *queue)
{
    const struct yk_pg_params *params = queue->wants_sweep;

    if (!params)
        return false;
    queue->wants_sweep = NULL;
    begin(queue, 1)->is_sweep = true;
    yk_pg_execute(queue->conn, yk_pg_statement_name(YK_PG_SWEEP), params);
    yk_pg_conn_sync(queue->conn);
    return true;
}

static bool has_more(const struct yk_pg_queue *queue)
{
    return !yk_list_is_empty(&queue->waiting) ||
           !yk_list_is_empty(&queue->alone) || queue->wants_sweep;
}

/* A send may break the connection, and that fails everything. */
void yk_pg_queue_pump(struct yk_pg_queue *queue)
{
    while (has_more(queue) && queue->conn->state == YK_LINK_UP &&
           queue->count < YK_PG_UNDER_WAY_MAX)
        if (!send_alone(queue) && !send_sweep(queue) && !send_batch(queue))
            return;
}

void yk_pg_queue_add(struct yk_pg_queue *queue, struct yk_list *calls)
{
    yk_list_move_all(&queue->waiting, calls);
}

void yk_pg_queue_sweep(struct yk_pg_queue *queue,
                       const struct yk_pg_params *params)
{
    queue->wants_sweep = params;
    yk_pg_queue_pump(queue);
}

/* ---- Results ---- */

/* The next that shares the statement whose result has come, or NULL. */
static struct yk_list *take_shared(struct yk_pg_queue *queue)
{
    bool is_there = !yk_list_is_empty(&queue->sent) &&
                    yk_pg_is_shared(yk_call_of(queue->sent.next));
    return is_there ? yk_list_take(&queue->sent) : NULL;
}

/* The result is the call's from here on, or what it says. */
static void hold(struct yk_call *call, PGresult *result)
{
    bool is_kept = yk_pg_keep(call, result);

    call->tag = is_kept ? call : (void *)result;
    if (is_kept)
        yk_libpq.PQclear(result);
}

static PGresult *take_result(struct yk_call *call)
{
    PGresult *result = call->tag == call ? NULL : call->tag;
    call->tag = NULL;
    return result;
}

/* One that comes after all of its statements is about the transaction's end. */
void yk_pg_queue_result(struct yk_pg_queue *queue, PGresult *result)
{
    struct yk_pg_transaction *now = &queue->under_way[queue->first];
    ExecStatusType status = yk_libpq.PQresultStatus(result);
    bool is_good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;

    if (queue->count == 0) {
        yk_libpq.PQclear(result);
        yk_pg_conn_break(queue->conn, "the server answers what was not asked");
        return;
    }
    bool is_calls = !now->is_sweep && now->results < now->size;
    struct yk_list *node = is_calls ? yk_list_take(&queue->sent) : NULL;
    now->results++;
    if (node && is_good)
        hold(yk_call_of(node), result);
    for (; node; node = take_shared(queue))
        yk_list_add(&queue->held, node);
    if (status == PGRES_FATAL_ERROR && !now->error)
        now->error = result;
    else if (is_good && now->is_sweep && !now->first)
        now->first = result;
    else if (!is_calls || !is_good)
        yk_libpq.PQclear(result);
}

static void forget_result(struct yk_call *call)
{
    yk_libpq.PQclear(take_result(call));
}

/* Those that share a statement follow the one that has its result. */
static void answer_all(struct yk_list *calls)
{
    PGresult *result = NULL;
    struct yk_list *node;

    while ((node = yk_list_take(calls))) {
        struct yk_call *call = yk_call_of(node);
        bool is_kept = call->tag == call;
        if (!yk_pg_is_shared(call)) {
            yk_libpq.PQclear(result);
            result = take_result(call);
        }
        if (is_kept)
            yk_pg_answer_kept(call);
        else if (result)
            yk_pg_answer(call, result);
        else
            yk_call_fail(call, -YOKE_EUNAVAILABLE, NULL);
    }
    yk_libpq.PQclear(result);
}

/* All of it has been undone. Which of them was to blame shows when each is by
 * itself. */
static void send_again(struct yk_pg_queue *queue, struct yk_list *calls)
{
    YK_LIST_EACH(node, calls)
    {
        forget_result(yk_call_of(node));
        yk_pg_share(yk_call_of(node), false, 0);
    }
    yk_list_move_all(&queue->alone, calls);
}

/* Serialization failures and deadlocks: another was faster. */
static bool may_be_tried_again(struct yk_call *call, const char *state)
{
    return strncmp(state, "40", 2) == 0 && call->step++ < TRIES_MAX;
}

/* The tables, or what was prepared, are not there any more, or not as they were;
 * or the server has become one that only reads, and another was asked for. */
static bool needs_greeting(const struct yk_pg_target *target, const char *state)
{
    static const char *const lost[] = {"26000", "0A000", "42P01", "3F000"};

    for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
        if (strcmp(state, lost[i]) == 0)
            return true;
    return target->wants_writable && strcmp(state, "25006") == 0;
}

static void end_with_error(struct yk_pg_queue *queue, struct yk_list *calls,
                           const PGresult *error)
{
    struct yk_call *call = yk_call_of(calls->next);
    char why[YOKE_STORE_TEXT_MAX];

    if (calls->next != calls->prev ||
        may_be_tried_again(call, yk_pg_state(error))) {
        send_again(queue, calls);
        return;
    }
    yk_list_remove(&call->node);
    forget_result(call);
    yk_pg_answer_error(call, error);
    if (needs_greeting(queue->conn->target, yk_pg_state(error)))
        yk_pg_conn_break(queue->conn, yk_pg_text(error, why));
}

void yk_pg_queue_sync(struct yk_pg_queue *queue)
{
    struct yk_pg_transaction over = queue->under_way[queue->first];
    struct yk_list calls;

    if (queue->count == 0)
        return;
    yk_list_init(&calls);
    yk_list_move_all(&calls, &queue->held);
    queue->first = (queue->first + 1) % YK_PG_UNDER_WAY_MAX;
    queue->count--;
    if (over.is_sweep)
        queue->on_swept(queue, over.error ? NULL : over.first);
    else if (over.error)
        end_with_error(queue, &calls, over.error);
    else
        answer_all(&calls);
    yk_libpq.PQclear(over.first);
    yk_libpq.PQclear(over.error);
    yk_pg_queue_pump(queue);
}

/* ---- Failing ---- */

static void fail_list(struct yk_list *calls, int err, const char *why)
{
    YK_LIST_EACH(node, calls)
    {
        forget_result(yk_call_of(node));
    }
    yk_calls_fail(calls, err, why);
}

void yk_pg_queue_fail(struct yk_pg_queue *queue, int err, const char *why)
{
    for (; queue->count > 0; queue->count--) {
        yk_libpq.PQclear(queue->under_way[queue->first].first);
        yk_libpq.PQclear(queue->under_way[queue->first].error);
        queue->first = (queue->first + 1) % YK_PG_UNDER_WAY_MAX;
    }
    queue->wants_sweep = NULL;
    fail_list(&queue->held, err, why);
    fail_list(&queue->sent, err, why);
    fail_list(&queue->alone, err, why);
    fail_list(&queue->waiting, err, why);
}
