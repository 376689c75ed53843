/* Measured on a desktop: a transaction of one change takes 10 us on the loop,
 * and 30 us and two switches of threads in the pool. So what nobody else holds
 * up is done at once, unless it is much; what has to wait, for another process
 * or for the disk, waits in a thread.
 *
 *   IDLE --calls, guard free, not too much--> written on the loop --> IDLE
 *     |
 *     '--calls, otherwise; upkeep--> BUSY: one job in the pool --> IDLE
 */
#include "store/lmdb_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/later.h"
#include "net/threads.h"
#include "net/vitals.h"
#include "store/lmdb_batch.h"

#include "core/banned.h"

#define KEEP_MS       1000
/* Steps of a sweep in a row, while it finds something. */
#define STEPS_MAX     64
/* What the loop writes by itself. */
#define INLINE_BYTES  (256 * 1024)
/* A thread looks for the guard that often, first and later. */
#define PAUSE_MIN_NS  20000
#define PAUSE_MAX_NS  1000000
#define KEEP_GUARD_MS 200

enum job_kind {
    JOB_WRITE,
    JOB_SWEEP
};

struct yk_lmdb_writer {
    struct yk_lmdb_file *file;
    struct yk_list users;
    struct yk_list queue; /* Calls. */
    uv_timer_t timer;
    bool is_closed;
    unsigned alone_left; /* Calls at the queue's head that go one by one: they
                            did not fit together. */

    /* The job. */
    bool is_busy;
    enum job_kind kind;
    uv_work_t work;
    struct yk_list batch;    /* Its calls. */
    uint64_t now_ms;         /* The wall clock, for it. */
    uint64_t until_ns;       /* How long it may wait for the guard. */
    int code;                /* What came of it. */
    struct yk_later refused; /* There is no thread for it. */

    /* Upkeep. */
    struct yk_lmdb_sweep sweep;
    unsigned steps;
    bool is_syncing;
    uv_work_t sync_work;
    int sync_err;
    size_t synced_txn; /* The last transaction that is on disk. */
};

static void advance(struct yk_lmdb_writer *writer);

/* The clock of whoever has the file open: they have the same, but in tests. */
static yoke_store *any_store(const struct yk_lmdb_writer *writer)
{
    return YK_CONTAINER_OF(writer->users.next, struct yk_lmdb_user, node)
        ->store;
}

/* ---- Batches ---- */

/* Moves what goes into one transaction. Returns its bytes. */
static size_t take_batch(struct yk_lmdb_writer *writer, struct yk_list *batch)
{
    unsigned max = writer->alone_left ? 1 : YK_LMDB_BATCH_MAX;
    size_t size = 0;
    struct yk_list *node;

    for (unsigned n = 0; n < max && size < INLINE_BYTES; n++) {
        if (!(node = yk_list_take(&writer->queue)))
            break;
        yk_list_add(batch, node);
        size += yk_call_of(node)->value.len;
    }
    if (writer->alone_left)
        writer->alone_left--;
    return size;
}

/* Those whose users have been told already are not begun any more. */
static void drop_late(struct yk_list *queue)
{
    YK_LIST_EACH(node, queue)
    {
        struct yk_call *call = yk_call_of(node);
        if (!call->is_late)
            continue;
        yk_list_remove(node);
        yk_call_fail(call, -ETIMEDOUT, NULL);
    }
}

static void put_back(struct yk_lmdb_writer *writer, struct yk_list *batch)
{
    yk_list_move_all(batch, &writer->queue);
    yk_list_move_all(&writer->queue, batch);
}

static unsigned length(const struct yk_list *list)
{
    unsigned n = 0;
    for (const struct yk_list *node = list->next; node != list;
         node = node->next)
        n++;
    return n;
}

static void answer_all(struct yk_list *batch)
{
    struct yk_list *node;

    while ((node = yk_list_take(batch))) {
        struct yk_call *call = yk_call_of(node);
        struct yoke_store_result result = {
            .err = call->done_err,
            .version = call->done_version,
            .number = call->done_number,
        };
        yk_call_answer(call, &result);
    }
}

/* What came of a transaction. The map may be replaced. */
static void finish(struct yk_lmdb_writer *writer, struct yk_list *batch,
                   int code)
{
    const char *text;

    if (code == 0) {
        answer_all(batch);
        return;
    }
    if ((code == MDB_MAP_FULL || code == MDB_MAP_RESIZED)) {
        code = yk_lmdb_resize(writer->file, code);
        unsigned count = length(batch);
        if (code == MDB_MAP_FULL && count > 1)
            writer->alone_left = count;
        if (code == 0 || (code == MDB_MAP_FULL && count > 1)) {
            put_back(writer, batch);
            return;
        }
    }
    if (code == ETIMEDOUT) {
        yk_calls_fail(batch, -ETIMEDOUT,
                      "another process does not let go of the store");
        return;
    }
    int err = yk_lmdb_error(code, &text);
    yk_calls_fail(batch, err, text);
}

/* ---- Jobs, in a thread ---- */

/* Not as long as it takes: libuv waits for its threads when the process
 * ends. */
static bool wait_for_guard(struct yk_lmdb_writer *writer)
{
    struct timespec pause = {.tv_nsec = PAUSE_MIN_NS};

    while (!yk_lmdb_guard_try(&writer->file->guard)) {
        if (yk_now_ns() > writer->until_ns)
            return false;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < PAUSE_MAX_NS)
            pause.tv_nsec += pause.tv_nsec / 2;
    }
    return true;
}

static void do_job(uv_work_t *work)
{
    struct yk_lmdb_writer *writer =
        YK_CONTAINER_OF(work, struct yk_lmdb_writer, work);

    writer->code = ETIMEDOUT;
    if (!wait_for_guard(writer))
        return;
    if (writer->kind == JOB_WRITE)
        writer->code =
            yk_lmdb_write(writer->file, &writer->batch, writer->now_ms);
    else
        writer->code =
            yk_lmdb_sweep_step(writer->file, &writer->sweep, writer->now_ms);
    yk_lmdb_guard_leave(&writer->file->guard);
}

static void tell_idle(struct yk_lmdb_writer *writer)
{
    YK_LIST_EACH(node, &writer->users)
    {
        struct yk_lmdb_user *user =
            YK_CONTAINER_OF(node, struct yk_lmdb_user, node);
        user->on_idle(user);
    }
}

static void start_job(struct yk_lmdb_writer *writer, enum job_kind kind,
                      uint64_t wait_ms);

static void after_sweep(struct yk_lmdb_writer *writer)
{
    if (writer->code == MDB_MAP_FULL || writer->code == MDB_MAP_RESIZED)
        yk_lmdb_resize(writer->file, writer->code);
    if (writer->code != 0)
        return;
    any_store(writer)->stats.swept += writer->sweep.swept;
}

static void after_job(uv_work_t *work, int status)
{
    struct yk_lmdb_writer *writer =
        YK_CONTAINER_OF(work, struct yk_lmdb_writer, work);
    struct yk_list batch;

    (void)status;
    yk_list_init(&batch);
    yk_list_move_all(&batch, &writer->batch);
    writer->is_busy = false;
    if (writer->kind == JOB_WRITE)
        finish(writer, &batch, writer->code);
    else
        after_sweep(writer);
    tell_idle(writer);
    if (writer->is_closed)
        return;
    advance(writer);
    /* Between two steps of a sweep, others have their turn. */
    if (writer->is_busy || writer->kind != JOB_SWEEP || writer->steps == 0 ||
        writer->sweep.swept == 0)
        return;
    writer->steps--;
    start_job(writer, JOB_SWEEP, KEEP_GUARD_MS);
}

/* There is no thread to do it. */
static void after_refusal(struct yk_later *later)
{
    struct yk_lmdb_writer *writer =
        YK_CONTAINER_OF(later, struct yk_lmdb_writer, refused);
    after_job(&writer->work, 0);
}

static void start_job(struct yk_lmdb_writer *writer, enum job_kind kind,
                      uint64_t wait_ms)
{
    writer->kind = kind;
    writer->is_busy = true;
    writer->now_ms = yk_store_now(any_store(writer));
    writer->until_ns = yk_now_ns() + wait_ms * 1000000;
    if (yk_threads_queue(&writer->work, do_job, after_job) == 0)
        return;
    writer->code = EAGAIN;
    writer->steps = 0;
    yk_later_start(&writer->refused);
}

/* ---- The line ---- */

/* True when it has been written, or has failed, here and now. */
static bool write_here(struct yk_lmdb_writer *writer, struct yk_list *batch)
{
    struct yk_lmdb_file *file = writer->file;

    if (file->options.sync == YK_LMDB_COMMIT ||
        !yk_lmdb_guard_try(&file->guard))
        return false;
    int code = yk_lmdb_write(file, batch, yk_store_now(any_store(writer)));
    yk_lmdb_guard_leave(&file->guard);
    finish(writer, batch, code);
    return true;
}

static void write_there(struct yk_lmdb_writer *writer, struct yk_list *batch)
{
    struct yk_call *first = yk_call_of(batch->next);

    yk_list_move_all(&writer->batch, batch);
    start_job(writer, JOB_WRITE, first->store->timeout_ms);
}

static void advance(struct yk_lmdb_writer *writer)
{
    size_t bytes = 0;
    unsigned count = 0;

    while (!writer->is_busy) {
        struct yk_list batch;
        yk_list_init(&batch);
        drop_late(&writer->queue);
        size_t size = take_batch(writer, &batch);
        if (yk_list_is_empty(&batch))
            return;
        /* Not much in one turn of the loop; what did not fit counts, too. */
        bool is_much = bytes >= INLINE_BYTES || count >= YK_LMDB_BATCH_MAX;
        bytes += size;
        count += length(&batch);
        if (is_much || !write_here(writer, &batch))
            write_there(writer, &batch);
    }
}

void yk_lmdb_submit(struct yk_lmdb_user *user, struct yk_list *calls)
{
    struct yk_lmdb_writer *writer = user->writer;

    yk_list_move_all(&writer->queue, calls);
    advance(writer);
}

/* ---- Upkeep ---- */

static void do_sync(uv_work_t *work)
{
    struct yk_lmdb_writer *writer =
        YK_CONTAINER_OF(work, struct yk_lmdb_writer, sync_work);
    writer->sync_err = fdatasync(writer->file->fd) < 0 ? -errno : 0;
}

static void after_sync(uv_work_t *work, int status)
{
    struct yk_lmdb_writer *writer =
        YK_CONTAINER_OF(work, struct yk_lmdb_writer, sync_work);

    (void)status;
    writer->is_syncing = false;
    if (writer->sync_err < 0)
        yoke_log(YOKE_LOG_WARN, "store: %s cannot be written to disk: %s",
                 writer->file->path, yoke_strerror(writer->sync_err));
    if (!writer->is_busy)
        tell_idle(writer);
}

static void sync_if_changed(struct yk_lmdb_writer *writer)
{
    MDB_envinfo info;

    if (writer->file->options.sync != YK_LMDB_INTERVAL || writer->is_syncing)
        return;
    yk_lmdb.mdb_env_info(writer->file->env, &info);
    if (info.me_last_txnid == writer->synced_txn)
        return;
    if (yk_threads_queue(&writer->sync_work, do_sync, after_sync) < 0)
        return;
    writer->synced_txn = info.me_last_txnid;
    writer->is_syncing = true;
}

static void keep(struct yk_lmdb_writer *writer)
{
    if (!yk_lmdb_is_keeper(writer->file))
        return;
    sync_if_changed(writer);
    yk_lmdb.mdb_reader_check(writer->file->env, NULL);
    if (writer->is_busy)
        return;
    writer->steps = STEPS_MAX;
    start_job(writer, JOB_SWEEP, KEEP_GUARD_MS);
}

/* Nothing can be said about what has been stored in it lately. */
static void give_up(struct yk_lmdb_writer *writer)
{
    yoke_log(YOKE_LOG_ERROR,
             "store: %s, or its -lock or -guard, has been removed or replaced "
             "while it is open: it is unavailable until this process is "
             "replaced",
             writer->file->path);
    YK_LIST_EACH(node, &writer->users)
    {
        yk_store_set_circuit(
            YK_CONTAINER_OF(node, struct yk_lmdb_user, node)->store,
            YOKE_STORE_DOWN);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct yk_lmdb_writer *writer = timer->data;

    /* LMDB's files are not taken over by a fork. */
    if (yk_store_is_foreign(any_store(writer)))
        uv_timer_stop(timer);
    else if (writer->file->is_lost)
        return;
    else if (yk_lmdb_look(writer->file))
        keep(writer);
    else
        give_up(writer);
}

/* ---- Users ---- */

static struct yk_lmdb_writer *new_writer(struct yk_lmdb_file *file)
{
    struct yk_lmdb_writer *writer = yk_alloc(sizeof(*writer));

    writer->file = file;
    file->writer = writer;
    yk_list_init(&writer->users);
    yk_list_init(&writer->queue);
    yk_list_init(&writer->batch);
    yk_later_init(&writer->refused, after_refusal);
    uv_timer_init(yoke_loop(), &writer->timer);
    writer->timer.data = writer;
    uv_timer_start(&writer->timer, on_timer, KEEP_MS, KEEP_MS);
    uv_unref((uv_handle_t *)&writer->timer);
    return writer;
}

int yk_lmdb_join(struct yk_lmdb_user *user, const char *path,
                 const struct yk_lmdb_options *options, char *why)
{
    struct yk_lmdb_file *file;
    int err = yk_lmdb_open(path, options, &file, why);

    if (err < 0)
        return err;
    user->writer = file->writer ? file->writer : new_writer(file);
    yk_list_add(&user->writer->users, &user->node);
    return 0;
}

static void on_timer_closed(uv_handle_t *timer)
{
    free(timer->data);
}

void yk_lmdb_leave(struct yk_lmdb_user *user)
{
    struct yk_lmdb_writer *writer = user->writer;

    yk_list_remove(&user->node);
    bool was_last = yk_list_is_empty(&writer->users);
    yk_lmdb_close(writer->file);
    if (!was_last)
        return;
    writer->is_closed = true;
    uv_close((uv_handle_t *)&writer->timer, on_timer_closed);
}

struct yk_lmdb_file *yk_lmdb_file_of(const struct yk_lmdb_user *user)
{
    return user->writer->file;
}

bool yk_lmdb_is_busy(const struct yk_lmdb_user *user)
{
    return user->writer->is_busy || user->writer->is_syncing;
}
