/* Stores, beside bare clients of what is behind them (store_bare.h), in one run.
 *
 *     store FOLDER REDIS_SOCKET MEMCACHED_SOCKET POSTGRES_FOLDER
 *           [SECONDS [ONLY [NAME=URL...]]]
 *
 * FOLDER is for LMDB's files; a socket, and the folder that PostgreSQL's is in,
 * may be "-". ONLY is a part of what is to
 * be measured ("lmdb: get 1"), for profiles; "" is all. NAME=URL: stores that have
 * no bare client here. A line for each: what, operation,
 * calls under way at a time, the times that half and 99 of 100 did not exceed, in
 * nanoseconds, and the operations a second in each turn: all do their work in
 * turns, so that a busy moment hits all.
 *
 * The loop is a worker's, with all that yoke does in each turn. */
#include "store_bare.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

#include <yoke/loop.h>
#include <yoke/store.h>

#define TURNS     10
#define SAMPLES   (1 << 20)
#define DEPTH_MAX 64
#define JOBS_MAX  128

static double seconds = 1;
static const char *const operations[] = {"get", "set", "incr", "session"};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- What is measured ---- */

typedef void bare_fn(enum operation operation, unsigned n, int depth);

struct job {
    const char *what;
    enum operation operation;
    int depth;         /* Calls under way. */
    bare_fn *bare;     /* Or: */
    yoke_store *store; /* NULL: LMDB with promises. */
    uint64_t done;
    double rates[TURNS];
    uint32_t *samples; /* Nanoseconds of each. */
    size_t sample_count;
};

static struct job jobs[JOBS_MAX];
static size_t job_count;
static const char *only;

/* The job that runs. */
static struct {
    size_t index;
    int turn;
    uint64_t begun_ns, until_ns;
    int under_way;
    uv_timer_t next;
} run;

static void note(struct job *job, uint64_t begun_ns, uint64_t now)
{
    uint64_t taken = now - begun_ns;
    job->done++;
    if (job->sample_count < SAMPLES)
        job->samples[job->sample_count++] =
            taken < UINT32_MAX ? (uint32_t)taken : UINT32_MAX;
}

static void on_next(uv_timer_t *timer);

static void finish_job(void)
{
    struct job *job = &jobs[run.index];

    job->rates[run.turn] =
        (double)job->done * 1e9 / (double)(now_ns() - run.begun_ns);
    job->done = 0;
    if (++run.index == job_count) {
        run.index = 0;
        run.turn++;
    }
    uv_timer_start(&run.next, on_next, 0, 0);
}

/* ---- yoke ---- */

static struct slot {
    struct job *job;
    uint64_t begun_ns;
    unsigned n;
} slots[DEPTH_MAX];

static void call(struct slot *slot, uint64_t now);

static void finish_call(struct slot *slot)
{
    uint64_t now = now_ns();

    note(slot->job, slot->begun_ns, now);
    if (now < run.until_ns)
        call(slot, now);
    else if (--run.under_way == 0)
        finish_job();
}

static void on_done(const struct yoke_store_result *result, void *data)
{
    if (result->err && result->err != -ENOENT)
        die(result->text);
    finish_call(data);
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

static void call_store(struct slot *slot, yoke_store *store, const char *key)
{
    switch (slot->job->operation) {
    case GET:
        yoke_store_get(store, key, on_done, slot);
        return;
    case SET:
        yoke_store_set(store, key, value, VALUE_LEN, 3600, on_done, slot);
        return;
    case INCR:
        yoke_store_incr(store, "counter", 1, 0, on_done, slot);
        return;
    case SESSION:
        yoke_store_get(store, key, on_session, slot);
        return;
    }
}

/* ---- The same without yoke ---- */

static void on_found(const char *found, size_t len, void *data)
{
    (void)found;
    (void)len;
    finish_call(data);
}

static void on_found_session(const char *found, size_t len, void *data)
{
    struct slot *slot = data;

    (void)found;
    (void)len;
    promised_set(keys[slot->n % KEYS], on_found, slot);
}

static void call_promised(struct slot *slot, const char *key)
{
    if (slot->job->operation == SET)
        promised_set(key, on_found, slot);
    else
        promised_get(key,
                     slot->job->operation == GET ? on_found : on_found_session,
                     slot);
}

/* ---- Either ---- */

static void call(struct slot *slot, uint64_t now)
{
    const char *key = keys[++slot->n % KEYS];

    slot->begun_ns = now;
    if (slot->job->store)
        call_store(slot, slot->job->store, key);
    else
        call_promised(slot, key);
}

static void run_calls(struct job *job)
{
    run.under_way = job->depth;
    for (int i = 0; i < job->depth; i++) {
        slots[i] = (struct slot){.job = job, .n = (unsigned)i * 17};
        call(&slots[i], now_ns());
    }
}

/* ---- Bare clients ---- */

/* Here, too, an operation begins when the one before it in its slot has ended. */
static void run_bare(struct job *job)
{
    uint64_t now = now_ns();
    unsigned n = 0;

    for (int i = 0; i < job->depth; i++)
        slots[i].begun_ns = now;
    while (now < run.until_ns) {
        job->bare(job->operation, n++, job->depth);
        for (int i = 0; i < job->depth; i++) {
            now = now_ns();
            note(job, slots[i].begun_ns, now);
            slots[i].begun_ns = now;
        }
    }
    finish_job();
}

/* ---- All ---- */

static void add_job(const char *what, enum operation operation, int depth,
                    bare_fn *bare, yoke_store *store)
{
    char name[64];

    snprintf(name, sizeof(name), "%s %s %d", what, operations[operation],
             depth);
    if (only && !strstr(name, only))
        return;
    if (job_count == JOBS_MAX)
        die("too much to be measured");
    uint32_t *samples = malloc(SAMPLES * sizeof(*samples));
    if (!samples)
        die("no memory");
    jobs[job_count++] =
        (struct job){what, operation, depth, bare, store, 0, {0}, samples, 0};
}

static void add_all(const char *what, bare_fn *bare, yoke_store *store,
                    bool has_incr)
{
    for (int operation = GET; operation <= SESSION; operation++)
        for (int depth = 1; depth <= 32; depth += 31)
            if (has_incr || operation != INCR)
                add_job(what, (enum operation)operation, depth, bare, store);
}

/* Values that are not there yet: a get that finds nothing is none. */
static size_t missing;

static void on_filled(const struct yoke_store_result *result, void *data)
{
    (void)data;
    if (result->err)
        die(result->text);
    if (--missing == 0)
        uv_timer_start(&run.next, on_next, 0, 0);
}

static void add_bare(const char *what, bare_fn *bare)
{
    size_t before = job_count;

    add_all(what, bare, NULL, true);
    for (unsigned n = 0; n < KEYS && job_count > before; n++)
        bare(SET, n, 1);
}

static void open_store(const char *what, const char *url)
{
    size_t before = job_count;
    yoke_store *store = yoke_store_open(.url = url);

    if (!store)
        exit(1);
    add_all(what, NULL, store, true);
    for (int i = 0; i < KEYS && job_count > before; i++, missing++)
        yoke_store_set(store, keys[i], value, VALUE_LEN, 3600, on_filled, NULL);
}

static void add_store(const char *what, const char *scheme, const char *path,
                      const char *options)
{
    char url[300];

    snprintf(url, sizeof(url), "%s%s%s", scheme, path, options);
    open_store(what, url);
}

/* NAME=URL */
static void add_further(char *text)
{
    char *url = strchr(text, '=');

    if (!url)
        die("a further store is NAME=URL");
    *url = '\0';
    open_store(text, url + 1);
}

static void add_jobs(const char *folder, const char *redis,
                     const char *memcached, const char *postgres)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/bare", folder);
    bare_lmdb_open(path);
    add_store("yoke memory:", "memory:", "", "");
    add_store("yoke lmdb:", "lmdb:", folder, "/yoke?sync=none");
    add_all("lmdb in a loop", NULL, NULL, false);
    add_all("bare lmdb", bare_lmdb, NULL, false);
    if (*redis != '-') {
        bare_redis_open(redis);
        add_store("yoke redis:", "redis+unix:", redis, "");
        add_bare("bare hiredis", bare_redis);
    }
    if (*memcached != '-') {
        bare_memcached_open(memcached);
        add_store("yoke memcached:", "memcached+unix:", memcached, "");
        add_bare("bare memcached", bare_memcached);
    }
    if (*postgres != '-') {
        bare_postgres_open(postgres);
        add_store("yoke postgresql:", "postgresql+unix:", postgres,
                  "?user=yoke&dbname=postgres");
        add_bare("bare libpq", bare_postgres);
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
    printf("%s\t%s\t%d\t%u\t%u", job->what, operations[job->operation],
           job->depth, n ? job->samples[n / 2] : 0,
           n ? job->samples[n * 99 / 100] : 0);
    for (int i = 0; i < TURNS; i++)
        printf("\t%.0f", job->rates[i]);
    printf("\n");
}

static void on_next(uv_timer_t *timer)
{
    struct job *job = &jobs[run.index];

    (void)timer;
    if (run.turn == TURNS) {
        for (size_t i = 0; i < job_count; i++)
            report(&jobs[i]);
        fflush(stdout);
        _Exit(0);
    }
    run.begun_ns = now_ns();
    run.until_ns = run.begun_ns + (uint64_t)(seconds * 1e9 / TURNS);
    if (job->bare)
        run_bare(job);
    else
        run_calls(job);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        die("usage: store FOLDER REDIS|- MEMCACHED|- POSTGRES|- "
            "[SECONDS [ONLY [NAME=URL...]]]");
    if (argc > 5)
        seconds = strtod(argv[5], NULL);
    only = argc > 6 ? argv[6] : NULL;
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof(keys[i]), "key:%04d", i);
    unsetenv("YOKE_STORE");
    uv_timer_init(yoke_loop(), &run.next);
    add_jobs(argv[1], argv[2], argv[3], argv[4]);
    for (int i = 7; i < argc; i++)
        add_further(argv[i]);
    if (job_count == 0)
        die("there is nothing of that name");
    if (missing == 0)
        uv_timer_start(&run.next, on_next, 0, 0);
    return yoke_run();
}
