/* A connection to a memcached server (1.6 or later): a link that speaks the meta
 * commands, and takes replies apart.
 *
 *     mg KEY v c      ->  VA 5 c7\r\nhello\r\n     or  EN\r\n
 *     ms KEY 5 T60    ->  HD c8\r\n                or  NS, EX, NF
 *
 * Why not libmemcached: it waits for the network in every call. */
#ifndef YK_STORE_MEMCACHED_CONN_H
#define YK_STORE_MEMCACHED_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"
#include "store/inbox.h"
#include "store/link.h"

/* The two letters that a reply begins with. */
#define YK_MC_CODE(a, b) ((unsigned)(a) << 8 | (unsigned)(b))
enum {
    YK_MC_STORED = YK_MC_CODE('H', 'D'),
    YK_MC_VALUE = YK_MC_CODE('V', 'A'),
    YK_MC_MISS = YK_MC_CODE('E', 'N'),
    YK_MC_NOT_STORED = YK_MC_CODE('N', 'S'),
    YK_MC_EXISTS = YK_MC_CODE('E', 'X'),
    YK_MC_NOT_FOUND = YK_MC_CODE('N', 'F'),
    YK_MC_NOOP = YK_MC_CODE('M', 'N'),
    YK_MC_ERROR = 0, /* Any of the errors in words. */
};

struct yk_mc_reply {
    unsigned code;
    struct yk_slice line;  /* All of its line. */
    struct yk_slice value; /* Of VA; a NUL is behind it. */
    uint64_t cas;          /* Flag c; 0: none. */
    int64_t ttl_s;         /* Flag t; -1: for ever. */
};

struct yk_mc_conn {
    struct yk_link link; /* First: the two are one address. */
    size_t max_value_len;
    struct yk_inbox in;
    void *owner;

    /* A reply has come; borrowed. */
    void (*on_reply)(struct yk_mc_conn *conn, const struct yk_mc_reply *reply);
    void (*on_up)(struct yk_mc_conn *conn);
    void (*on_break)(struct yk_mc_conn *conn, const char *why);
    void (*on_closed)(struct yk_mc_conn *conn);
};

/* `link`'s address, `connect_ms` and `keeps_loop`, `max_value_len`, and what
 * stands behind the input have been set. */
void yk_mc_conn_init(struct yk_mc_conn *conn);

/* Takes the reply at the beginning of `text` apart. Returns its length, 0 when
 * it is not whole, or -EPROTO. `text` may be changed: a NUL is put behind a
 * value. */
ssize_t yk_mc_parse(char *text, size_t len, size_t max_value_len,
                    struct yk_mc_reply *ret_reply);

#endif
