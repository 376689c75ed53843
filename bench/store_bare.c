#include "store_bare.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <hiredis/hiredis.h>
#include <lmdb.h>
#include <uv.h>

#include <yoke/loop.h>

#define DEPTH_MAX 64

const char value[VALUE_LEN] = "a session";
char keys[KEYS][16];

void die(const char *what)
{
    fprintf(stderr, "bench/store: %s\n", what);
    exit(1);
}

/* Those that are under way together are apart, as the requests of different
 * users are. */
static char *key_of(unsigned n, int i)
{
    return keys[(n + (unsigned)i * 17) % KEYS];
}

/* ---- LMDB ---- */

static MDB_env *env;
static MDB_dbi dbi;
static MDB_txn *reader;

static void must(int code)
{
    if (code != 0)
        die(mdb_strerror(code));
}

static void put_all(unsigned n, int depth)
{
    MDB_txn *txn;
    MDB_val v = {VALUE_LEN, (void *)(uintptr_t)value};

    must(mdb_txn_begin(env, NULL, 0, &txn));
    for (int i = 0; i < depth; i++) {
        char *key = key_of(n, i);
        MDB_val k = {strlen(key), key};
        must(mdb_put(txn, dbi, &k, &v, 0));
    }
    must(mdb_txn_commit(txn));
}

static void get_all(unsigned n, int depth)
{
    must(mdb_txn_renew(reader));
    for (int i = 0; i < depth; i++) {
        char *key = key_of(n, i);
        MDB_val k = {strlen(key), key}, v;
        must(mdb_get(reader, dbi, &k, &v));
    }
    mdb_txn_reset(reader);
}

/* An end, in front of each value. */
struct stored {
    uint64_t expires_ms;
    char value[VALUE_LEN];
};

/* The values of both kinds. */
static void fill(const char *key)
{
    struct stored stored = {.expires_ms = UINT64_MAX};
    char name[20];
    MDB_txn *txn;
    MDB_val v = {VALUE_LEN, (void *)(uintptr_t)value};
    MDB_val p = {sizeof(stored), &stored};
    MDB_val k = {(size_t)snprintf(name, sizeof(name), "p%s", key), name};

    must(mdb_txn_begin(env, NULL, 0, &txn));
    must(mdb_put(txn, dbi, &k, &p, 0));
    k = (MDB_val){strlen(key), (void *)(uintptr_t)key};
    must(mdb_put(txn, dbi, &k, &v, 0));
    must(mdb_txn_commit(txn));
}

void bare_lmdb_open(const char *path)
{
    must(mdb_env_create(&env));
    must(mdb_env_set_mapsize(env, 64 << 20));
    must(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOTLS | MDB_NOSYNC, 0600));
    must(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader));
    must(mdb_dbi_open(reader, NULL, 0, &dbi));
    mdb_txn_reset(reader);
    for (int i = 0; i < KEYS; i++)
        fill(keys[i]);
}

void bare_lmdb(enum operation operation, unsigned n, int depth)
{
    if (operation != SET)
        get_all(n, depth);
    if (operation != GET)
        put_all(n, depth);
}

/* ---- LMDB with promises ---- */

struct request {
    char key[16];
    char value[VALUE_LEN];
    found_fn *fn;
    void *data;
};

struct queue {
    struct request requests[DEPTH_MAX];
    int count;
};

/* Those that are being filled, and those that are carried out. */
static struct queue gets[2], sets[2];
static int which;
static uv_idle_t turn;

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void keep_gets(struct queue *queue, uint64_t now)
{
    must(mdb_txn_renew(reader));
    for (int i = 0; i < queue->count; i++) {
        struct request *request = &queue->requests[i];
        MDB_val k = {strlen(request->key), request->key}, v;
        must(mdb_get(reader, dbi, &k, &v));
        struct stored *stored = v.mv_data;
        bool is_there = stored->expires_ms > now;
        request->fn(is_there ? stored->value : NULL, VALUE_LEN, request->data);
    }
    mdb_txn_reset(reader);
}

static void keep_sets(struct queue *queue, uint64_t now)
{
    struct stored stored = {.expires_ms = now + 3600000};
    MDB_txn *txn;

    must(mdb_txn_begin(env, NULL, 0, &txn));
    for (int i = 0; i < queue->count; i++) {
        struct request *request = &queue->requests[i];
        MDB_val k = {strlen(request->key), request->key};
        MDB_val v = {sizeof(stored), &stored};
        memcpy(stored.value, request->value, VALUE_LEN);
        must(mdb_put(txn, dbi, &k, &v, 0));
    }
    must(mdb_txn_commit(txn));
    for (int i = 0; i < queue->count; i++)
        queue->requests[i].fn(NULL, 0, queue->requests[i].data);
}

/* What the functions ask for meanwhile is for the next turn. */
static void on_turn(uv_idle_t *idle)
{
    struct queue *now_sets = &sets[which], *now_gets = &gets[which];

    uv_idle_stop(idle);
    which = !which;
    if (now_sets->count > 0)
        keep_sets(now_sets, now_ms());
    if (now_gets->count > 0)
        keep_gets(now_gets, now_ms());
    now_sets->count = now_gets->count = 0;
}

/* Keys are apart from the bare client's by their first byte. */
static void promise(bool is_set, const char *key, found_fn *fn, void *data)
{
    struct queue *queue = is_set ? &sets[which] : &gets[which];
    struct request *request = &queue->requests[queue->count++];
    size_t len = 1;

    request->key[0] = 'p';
    for (; *key; key++) {
        if (isspace((unsigned char)*key) || iscntrl((unsigned char)*key) ||
            len == sizeof(request->key) - 1)
            die("the key is wrong");
        request->key[len++] = *key;
    }
    request->key[len] = '\0';
    if (is_set)
        memcpy(request->value, value, VALUE_LEN);
    request->fn = fn;
    request->data = data;
    if (!turn.loop)
        uv_idle_init(yoke_loop(), &turn);
    uv_idle_start(&turn, on_turn);
}

void promised_get(const char *key, found_fn *fn, void *data)
{
    promise(false, key, fn, data);
}

void promised_set(const char *key, found_fn *fn, void *data)
{
    promise(true, key, fn, data);
}

/* ---- hiredis ---- */

static redisContext *redis;

void bare_redis_open(const char *path)
{
    redis = redisConnectUnix(path);
    if (!redis || redis->err)
        die(redis ? redis->errstr : "no memory");
}

static void append(enum operation operation, const char *key)
{
    if (operation == GET)
        redisAppendCommand(redis, "GET %s", key);
    else if (operation == INCR)
        redisAppendCommand(redis, "INCRBY %s 1", "bare");
    else
        redisAppendCommand(redis, "SET %s %b EX 3600", key, value,
                           (size_t)VALUE_LEN);
}

/* Sent together, then their replies. */
static void redis_round(enum operation operation, unsigned n, int depth)
{
    void *reply;

    for (int i = 0; i < depth; i++)
        append(operation, key_of(n, i));
    for (int i = 0; i < depth; i++) {
        if (redisGetReply(redis, &reply) != REDIS_OK)
            die(redis->errstr);
        freeReplyObject(reply);
    }
}

void bare_redis(enum operation operation, unsigned n, int depth)
{
    redis_round(operation == SESSION ? GET : operation, n, depth);
    if (operation != SESSION)
        return;
    redis_round(SET, n, depth);
}

/* ---- memcached ---- */

static int memcached = -1;
static char text[DEPTH_MAX * (VALUE_LEN + 80)];
static size_t text_len;

static void tell(const char *ptr, size_t len)
{
    memcpy(text + text_len, ptr, len);
    text_len += len;
}

static void say(enum operation operation, const char *key)
{
    char line[64];
    int len;

    if (operation == GET)
        len = snprintf(line, sizeof(line), "mg %s v c\r\n", key);
    else if (operation == INCR)
        len = snprintf(line, sizeof(line), "ma bare v c\r\n");
    else
        len = snprintf(line, sizeof(line), "ms %s %d c T3600\r\n", key,
                       VALUE_LEN);
    tell(line, (size_t)len);
    if (operation != SET)
        return;
    tell(value, VALUE_LEN);
    tell("\r\n", 2);
}

/* An answer is a line, and with a value two: values here have none in them. */
static int count_answers(const char *ptr, size_t len, bool has_value)
{
    const char *end = ptr + len;
    int lines = 0;

    for (const char *at = ptr; (at = memchr(at, '\n', (size_t)(end - at)));
         at++)
        lines++;
    return has_value ? lines / 2 : lines;
}

static void memcached_round(enum operation operation, unsigned n, int depth)
{
    size_t have = 0;

    text_len = 0;
    for (int i = 0; i < depth; i++)
        say(operation, key_of(n, i));
    if (write(memcached, text, text_len) != (ssize_t)text_len)
        die("memcached does not take it");
    while (count_answers(text, have, operation != SET) < depth) {
        ssize_t got = read(memcached, text + have, sizeof(text) - have);
        if (got <= 0)
            die("memcached has closed the connection");
        have += (size_t)got;
    }
}

void bare_memcached_open(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    static const char first[] = "set bare 0 0 1\r\n0\r\n";
    char answer[64];

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    memcached = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(memcached, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        die("memcached is not there");
    if (write(memcached, first, sizeof(first) - 1) < 0 ||
        read(memcached, answer, sizeof(answer)) <= 0)
        die("memcached does not answer");
}

void bare_memcached(enum operation operation, unsigned n, int depth)
{
    memcached_round(operation == SESSION ? GET : operation, n, depth);
    if (operation != SESSION)
        return;
    memcached_round(SET, n, depth);
}
