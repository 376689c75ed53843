/* A connection to a Redis server: a link that speaks RESP, greets with AUTH,
 * SELECT, ROLE if need be, and PING, and hands up replies.
 *
 * Commands are appended in pieces: yk_redis_begin with the number of arguments,
 * then each argument. */
#ifndef YK_STORE_REDIS_CONN_H
#define YK_STORE_REDIS_CONN_H

#include "core/slice.h"
#include "store/link.h"
#include "store/redis_address.h"
#include "store/redis_reader.h"

struct yk_redis_login {
    const char *user;     /* NULL: the default one. */
    const char *password; /* NULL: none. */
    int db;
    bool is_primary_wanted; /* Any other is refused. */
};

struct yk_redis_conn {
    struct yk_link link; /* First: the two are one address. */
    const struct yk_redis_login *login;
    size_t max_reply_len;
    struct yk_redis_reader reader;
    unsigned greetings; /* Answers that are still to come. */
    bool is_reading;    /* The reader is in use: it may not be freed. */
    void *owner;
    /* Once a beat, instead of a PING; NULL: that. */
    void (*on_beat)(struct yk_redis_conn *conn);

    /* A reply has come; borrowed. */
    void (*on_reply)(struct yk_redis_conn *conn, redisReply *reply);
    void (*on_up)(struct yk_redis_conn *conn);
    void (*on_break)(struct yk_redis_conn *conn, const char *why);
    void (*on_closed)(struct yk_redis_conn *conn);
};

/* `link`'s address, `connect_ms` and `keeps_loop` have been set, and all the
 * others but reader and greetings. With `beats` a silent server is noticed, by
 * a PING, whose reply is handed up as any. */
void yk_redis_conn_init(struct yk_redis_conn *conn, bool beats);

/* Where it goes at the next attempt; borrowed. */
void yk_redis_conn_aim(struct yk_redis_conn *conn,
                       const struct yk_redis_address *address);

void yk_redis_begin(struct yk_redis_conn *conn, unsigned argument_count);
void yk_redis_argument(struct yk_redis_conn *conn, struct yk_slice argument);
void yk_redis_number(struct yk_redis_conn *conn, int64_t number);

/* What asks whether it is there; the reply is the status PONG. */
void yk_redis_ping(struct yk_redis_conn *conn);

/* One argument out of two pieces. */
void yk_redis_pieces(struct yk_redis_conn *conn, struct yk_slice first,
                     struct yk_slice second);

#endif
