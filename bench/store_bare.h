/* The clients that stores are measured beside: no more than what is needed to
 * ask the same of the same server or file. Each carries out the n-th round of
 * `depth` operations together, and waits for the answers. */
#ifndef BENCH_STORE_BARE_H
#define BENCH_STORE_BARE_H

#include <stddef.h>

#define KEYS      1000
#define VALUE_LEN 200

enum operation {
    GET,
    SET,
    INCR,
    SESSION, /* A get, then a set. */
};

extern const char value[VALUE_LEN];
extern char keys[KEYS][16];

void die(const char *what);

/* LMDB: one transaction for all, on the values alone. */
void bare_lmdb_open(const char *path);
void bare_lmdb(enum operation operation, unsigned n, int depth);

/* LMDB behind the promises that a store makes, and nothing else: keys are checked
 * and copied, it is carried out in the next turn of the loop, what has expired is
 * not seen, a function is called with what was found. */
typedef void found_fn(const char *found, size_t len, void *data);
void promised_get(const char *key, found_fn *fn, void *data);
void promised_set(const char *key, found_fn *fn, void *data);

/* redis: by hiredis, without a loop. */
void bare_redis_open(const char *path);
void bare_redis(enum operation operation, unsigned n, int depth);

/* memcached: its meta commands on a blocking socket, with the versions that a
 * store tells: `get` would not ask the same, and the server takes twice as long
 * for many of them. */
void bare_memcached_open(const char *path);
void bare_memcached(enum operation operation, unsigned n, int depth);

/* PostgreSQL: by libpq's pipelines, without a loop; one transaction for all, in a
 * table of its own that keeps what a store's does. `folder` has the socket. */
void bare_postgres_open(const char *folder);
void bare_postgres(enum operation operation, unsigned n, int depth);

#endif
