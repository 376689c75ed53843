/* Stores, beside the bare client of what is behind them, in one run.
 *
 *     store PATH REDIS_SOCKET [SECONDS]
 *
 * PATH is a folder for LMDB's files; REDIS_SOCKET may be "-". A line for each:
 * what, operation, calls under way at a time, operations a second, and the times
 * that half and 99 of 100 did not exceed, in nanoseconds. Each line's work is
 * done in turns with that of the others, so that a busy moment hits all. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>
#include <lmdb.h>
#include <uv.h>

#include <yoke/loop.h>
#include <yoke/store.h>

#define KEYS      1000
#define VALUE_LEN 200
#define TURNS     5
#define SAMPLES   (1 << 20)

static const char value[VALUE_LEN] = "a session";
static char keys[KEYS][16];
static double seconds = 1;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "bench/store: %s\n", what);
    exit(1);
}

/* ---- What is measured ---- */

struct job {
    const char *what;
    const char *operation;
    int depth; /* Calls under way. */
    void (*run)(struct job *job, uint64_t until_ns);
    yoke_store *store;
    uint64_t done, spent_ns;
    uint32_t *samples; /* Nanoseconds of each. */
    size_t sample_count;
};

static void note(struct job *job, uint64_t begun_ns)
{
    uint64_t taken = now_ns() - begun_ns;
    job->done++;
    if (job->sample_count < SAMPLES)
        job->samples[job->sample_count++] =
            taken < UINT32_MAX ? (uint32_t)taken : UINT32_MAX;
}

/* ---- yoke ---- */

struct slot {
    struct job *job;
    uint64_t begun_ns;
    unsigned n;
};

static struct {
    struct job *job;
    uint64_t until_ns;
    int under_way;
} round_;

static void next_call(struct slot *slot);

static void on_done(const struct yoke_store_result *result, void *data)
{
    struct slot *slot = data;

    if (result->err && result->err != -ENOENT)
        die(result->text);
    note(slot->job, slot->begun_ns);
    round_.under_way--;
    if (now_ns() < round_.until_ns)
        next_call(slot);
}

/* A session: got, then stored. */
static void on_session(const struct yoke_store_result *result, void *data)
{
    struct slot *slot = data;

    if (result->err && result->err != -ENOENT)
        die(result->text);
    yoke_store_set(slot->job->store, keys[slot->n % KEYS], value, VALUE_LEN,
                   3600, on_done, slot);
}

static void next_call(struct slot *slot)
{
    struct job *job = slot->job;
    const char *key = keys[++slot->n % KEYS];

    round_.under_way++;
    slot->begun_ns = now_ns();
    if (strcmp(job->operation, "get") == 0)
        yoke_store_get(job->store, key, on_done, slot);
    else if (strcmp(job->operation, "set") == 0)
        yoke_store_set(job->store, key, value, VALUE_LEN, 3600, on_done, slot);
    else if (strcmp(job->operation, "incr") == 0)
        yoke_store_incr(job->store, "counter", 1, 0, on_done, slot);
    else
        yoke_store_get(job->store, key, on_session, slot);
}

static void run_yoke(struct job *job, uint64_t until_ns)
{
    struct slot slots[64];

    round_.job = job;
    round_.until_ns = until_ns;
    for (int i = 0; i < job->depth; i++) {
        slots[i] = (struct slot){.job = job, .n = (unsigned)i * 17};
        next_call(&slots[i]);
    }
    while (round_.under_way > 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static yoke_store *open_store(const char *url)
{
    yoke_store *store = yoke_store_open(.url = url);
    if (!store)
        exit(1);
    return store;
}

/* ---- Bare LMDB ---- */

static MDB_env *env;
static MDB_dbi dbi;
static MDB_txn *reader;

static void must(int code)
{
    if (code != 0)
        die(mdb_strerror(code));
}

static void bare_put(const char *key)
{
    MDB_txn *txn;
    MDB_val k = {strlen(key), (void *)(uintptr_t)key};
    MDB_val v = {VALUE_LEN, (void *)(uintptr_t)value};

    must(mdb_txn_begin(env, NULL, 0, &txn));
    must(mdb_put(txn, dbi, &k, &v, 0));
    must(mdb_txn_commit(txn));
}

static void bare_get(const char *key)
{
    MDB_val k = {strlen(key), (void *)(uintptr_t)key}, v;

    must(mdb_txn_renew(reader));
    must(mdb_get(reader, dbi, &k, &v));
    mdb_txn_reset(reader);
}

static void open_lmdb(const char *path)
{
    must(mdb_env_create(&env));
    must(mdb_env_set_mapsize(env, 64 << 20));
    must(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOSYNC, 0600));
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader));
    must(mdb_dbi_open(reader, NULL, 0, &dbi));
    mdb_txn_reset(reader);
    for (int i = 0; i < KEYS; i++)
        bare_put(keys[i]);
}

static void run_lmdb(struct job *job, uint64_t until_ns)
{
    bool is_get = strcmp(job->operation, "get") == 0;
    uint64_t begun;

    for (unsigned n = 0; (begun = now_ns()) < until_ns; n++) {
        if (is_get)
            bare_get(keys[n % KEYS]);
        else
            bare_put(keys[n % KEYS]);
        note(job, begun);
    }
}

/* ---- Bare hiredis ---- */

static redisContext *redis;

static void append(const struct job *job, const char *key)
{
    if (strcmp(job->operation, "get") == 0)
        redisAppendCommand(redis, "GET %s", key);
    else if (strcmp(job->operation, "incr") == 0)
        redisAppendCommand(redis, "INCRBY %s 1", "bare");
    else
        redisAppendCommand(redis, "SET %s %b EX 3600", key, value,
                           (size_t)VALUE_LEN);
}

/* As many at a time as of ours: sent together, then their replies. */
static void run_hiredis(struct job *job, uint64_t until_ns)
{
    uint64_t begun;
    void *reply;

    for (unsigned n = 0; (begun = now_ns()) < until_ns;) {
        for (int i = 0; i < job->depth; i++)
            append(job, keys[n++ % KEYS]);
        for (int i = 0; i < job->depth; i++) {
            if (redisGetReply(redis, &reply) != REDIS_OK)
                die(redis->errstr);
            freeReplyObject(reply);
            note(job, begun);
        }
    }
}

/* ---- All ---- */

static struct job jobs[64];
static size_t job_count;

static void add_job(const char *what, const char *operation, int depth,
                    void (*run)(struct job *, uint64_t), yoke_store *store)
{
    uint32_t *samples = malloc(SAMPLES * sizeof(*samples));
    if (!samples)
        die("no memory");
    jobs[job_count++] =
        (struct job){what, operation, depth, run, store, 0, 0, samples, 0};
}

static void add_stores(const char *folder, const char *socket)
{
    static char url[4][300];
    const char *const operations[] = {"set", "get", "session", "incr"};

    snprintf(url[0], sizeof(url[0]), "lmdb:%s/yoke?sync=none", folder);
    snprintf(url[1], sizeof(url[1]), "redis+unix:%s", socket);
    yoke_store *memory = open_store("memory:");
    yoke_store *lmdb = open_store(url[0]);
    yoke_store *remote = *socket != '-' ? open_store(url[1]) : NULL;
    for (int i = 0; i < 4; i++) {
        for (int depth = 1; depth <= 32; depth += 31) {
            add_job("yoke memory:", operations[i], depth, run_yoke, memory);
            add_job("yoke lmdb:", operations[i], depth, run_yoke, lmdb);
            if (remote)
                add_job("yoke redis:", operations[i], depth, run_yoke, remote);
        }
    }
}

static void add_bare(const char *folder, const char *socket)
{
    char path[300];

    snprintf(path, sizeof(path), "%s/bare", folder);
    open_lmdb(path);
    add_job("bare lmdb", "set", 1, run_lmdb, NULL);
    add_job("bare lmdb", "get", 1, run_lmdb, NULL);
    if (*socket == '-')
        return;
    redis = redisConnectUnix(socket);
    if (!redis || redis->err)
        die(redis ? redis->errstr : "no memory");
    for (int depth = 1; depth <= 32; depth += 31) {
        add_job("bare hiredis", "set", depth, run_hiredis, NULL);
        add_job("bare hiredis", "get", depth, run_hiredis, NULL);
        add_job("bare hiredis", "incr", depth, run_hiredis, NULL);
    }
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void report(struct job *job)
{
    size_t n = job->sample_count;

    qsort(job->samples, n, sizeof(*job->samples), compare);
    printf("%s\t%s\t%d\t%.0f\t%u\t%u\n", job->what, job->operation, job->depth,
           (double)job->done * 1e9 / (double)job->spent_ns,
           n ? job->samples[n / 2] : 0, n ? job->samples[n * 99 / 100] : 0);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage: store FOLDER REDIS_SOCKET|- [SECONDS]");
    if (argc > 3)
        seconds = strtod(argv[3], NULL);
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof(keys[i]), "key:%04d", i);
    unsetenv("YOKE_STORE");
    add_stores(argv[1], argv[2]);
    add_bare(argv[1], argv[2]);
    for (int turn = 0; turn < TURNS; turn++) {
        for (size_t i = 0; i < job_count; i++) {
            uint64_t begun = now_ns();
            jobs[i].run(&jobs[i], begun + (uint64_t)(seconds * 1e9 / TURNS));
            jobs[i].spent_ns += now_ns() - begun;
        }
    }
    for (size_t i = 0; i < job_count; i++)
        report(&jobs[i]);
    return 0;
}
