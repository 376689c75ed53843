/* The names of a target's hosts, looked up by libuv's threads: libpq would do it
 * while the loop waits. Done anew for each attempt to connect. */
#ifndef YK_STORE_POSTGRES_LOOKUP_H
#define YK_STORE_POSTGRES_LOOKUP_H

#include "store/postgres_target.h"

/* Room for what libpq is told of hosts. */
#define YK_PG_HOSTS_SIZE 16384

/* libpq's options of the same names: lists, an entry for each address. */
struct yk_pg_addresses {
    char host[YK_PG_HOSTS_SIZE];
    char hostaddr[YK_PG_HOSTS_SIZE];
    char port[YK_PG_HOSTS_SIZE];
    int count;
};

/* Has them tried from another one on: the first `by` become the last. */
void yk_pg_addresses_rotate(struct yk_pg_addresses *addresses, unsigned by);

struct yk_pg_lookup;

/* `err` is that of the last name that was not found, when none was; `name` is
 * that name. All of it is borrowed for the call, after which the lookup is
 * gone. */
typedef void yk_pg_lookup_fn(struct yk_pg_addresses *addresses, int err,
                             const char *name, void *data);

/* NULL without memory. */
struct yk_pg_lookup *yk_pg_lookup_new(const struct yk_pg_target *target,
                                      yk_pg_lookup_fn *fn, void *data);

/* Begins. `fn` is called at once when there is nothing to look up, else from the
 * loop. The target has to stay, unless the lookup is abandoned. */
void yk_pg_lookup_start(struct yk_pg_lookup *lookup);

/* Nobody wants to know any more: once started, it frees itself, without a
 * call. */
void yk_pg_lookup_abandon(struct yk_pg_lookup *lookup);

#endif
