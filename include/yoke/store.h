/* The store: state that workers, and machines, share.
 *
 * Workers share no memory. What an application keeps from one request to the
 * next, sessions, counters, limits, caches, messages, goes through a store: keys
 * with values, channels with messages, and locks. There is one interface, with
 * an embedded store behind it that needs no server, or a server that is there
 * already; which one, a URL says.
 *
 *     static void on_count(const struct yoke_store_result *result, void *data)
 *     {
 *         yoke_res *res = data;
 *         if (result->err)
 *             yoke_res_send_status(res, 503);
 *         else
 *             yoke_res_text(res, yoke_req_printf(yoke_res_req(res), "visit %lld",
 *                                                (long long)result->number));
 *     }
 *
 *     static void visit(yoke_req *req, yoke_res *res)
 *     {
 *         yoke_hold(req);
 *         yoke_store_incr(store, "visits", 1, 0, on_count, res);
 *     }
 *
 *     store = yoke_store_open(.url = "redis://cache.example/0");
 *
 * **Nothing waits.** Each call returns at once and is answered once, by its
 * callback, from the loop, never from inside the call; also when it was wrong,
 * when the deadline has passed, when the server is gone, when the store is
 * closed. A callback may be NULL.
 *
 * **A client that goes** does no harm: a request that is held (`yoke_hold`)
 * exists until it is answered, so the callback of its call may use it as ever;
 * what it writes then goes nowhere.
 *
 * **Order.** A call that is made when another has been answered sees what that
 * one did. Calls that are on their way together may be carried out in any order;
 * each of them is atomic, over all workers and machines.
 *
 * **Not known.** -ETIMEDOUT, -ECANCELED, and -YOKE_EUNAVAILABLE for a call that
 * was on its way when the connection broke, leave it open whether a change was
 * made: the other side may have made it and not been heard. Nothing is tried
 * again behind your back, but what a server has said that it has not done.
 * `add`, `replace` and locks are what can be repeated safely.
 *
 * ---- Which store ----
 *
 *     lmdb:PATH            a file that all processes of this machine map
 *     memory:              this process alone: for tests, and single processes
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]
 *     redis+unix:PATH      the same over a UNIX socket
 *     redis+sentinel://[[USER]:PASSWORD@]SENTINEL[:PORT][,...]/NAME[/DB]
 *                          the primary that the sentinels call NAME
 *     redis+cluster://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]
 *                          a cluster, by some of its nodes
 *     rediss://  rediss+sentinel://  rediss+cluster://
 *                          the three over TLS
 *     memcached://HOST[:PORT][,HOST[:PORT]...]
 *     memcached+unix:PATH
 *     postgresql://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...]/DB
 *     postgresql+unix:FOLDER   where the server's socket is
 *
 * Options follow a `?`, separated by `&`; one that the store does not know is an
 * error. In USER, PASSWORD and PATH any byte may be written as %XX.
 *
 *     lmdb:      sync=interval  (the default) on disk within a second. Nothing
 *                               is lost when a process dies, however it dies.
 *                               A power cut loses up to a second, and can leave
 *                               a file that has to be removed, for it is found
 *                               to be broken and refused.
 *                sync=commit    on disk before a write is answered: slow, and
 *                               a power cut loses nothing that was answered.
 *                sync=none      when the system likes.
 *                max_size=SIZE  the file's limit: a number with K, M or G;
 *                               4G by default. A full store is unavailable for
 *                               writes that need room.
 *     memory:    max_size=SIZE  the same; 256M by default.
 *     redis:     connect_ms=N   how long a connection attempt may take; 2000.
 *                beat_ms=N      how often a connection with subscriptions is
 *                               asked whether it is still there; 2500.
 *                sentinel_user=NAME      the login at the sentinels; USER and
 *                sentinel_password=TEXT  PASSWORD are Redis's.
 *     rediss:    ca=FILE        the authorities (PEM) whose certificates are
 *                               accepted, instead of the system's.
 *                cert=FILE      our certificate, if the server wants one,
 *                key=FILE       and its key; by default in the same file.
 *                server_name=NAME  what the server's certificate has to be
 *                               for, instead of the host that is connected to:
 *                               one of its subjectAltNames. What its subject
 *                               says is not asked (RFC 9525).
 *                verify=no      DANGEROUS: any certificate is accepted, so
 *                               whoever is on the way can read the password and
 *                               everything else, and change it. For tests.
 *     postgresql: sync=interval (the default) on disk within a second
 *                               (synchronous_commit is off). Nothing is lost when
 *                               a worker dies; a crash of the server loses up to
 *                               a second, and breaks nothing.
 *                sync=commit    on disk before a write is answered, as the
 *                               server's synchronous_commit says; writes that
 *                               are under way together share a commit.
 *                sync=none      tables are made UNLOGGED: fast, and a crash of
 *                               the server leaves them empty. They stay what
 *                               they were made.
 *                schema=NAME    where the tables are, and are made if need be;
 *                               else the first schema of the search path. Stores
 *                               with different schemas share neither values nor
 *                               channels.
 *                connect_ms=N, beat_ms=N  as redis:.
 *                target_session_attrs=read-write  of several hosts that one is
 *                               used that may be written to, also when that is
 *                               another one later: a stand-by that has been
 *                               promoted. Without it the first that answers.
 *                sslmode=verify-full, sslrootcert=FILE  TLS, with a server that
 *                               FILE's authorities know by the name of the host.
 *                               libpq's default, prefer, protects from nobody who
 *                               is on the way.
 *                sslcert=, sslkey=, dbname=, user=,
 *                port=, host= (the folder of a socket, or a host, for a URL
 *                without one: postgresql:///DB?host=/run/postgresql), and all
 *                the others of libpq. Its environment and its file of passwords
 *                count, too. postgres: is the same.
 *
 * `lmdb:` without a path is a file of the application's own, NAME.lmdb in the
 * state directory: $YOKE_STATE_DIR, else $STATE_DIRECTORY (as systemd sets it),
 * else as root /var/lib/yoke, else $XDG_STATE_HOME/yoke, else
 * ~/.local/state/yoke. NAME is $YOKE_NAME, else the program's. It is readable
 * and writable by its user alone (0600).
 *
 *                          lmdb   memory   redis   memcached postgresql
 *     get set add replace   x       x        x        x         x
 *     delete touch incr     x       x        x        x         x
 *     get_many set_many     x       x        x        x         x
 *     lock renew unlock     x       x        x        x         x
 *     scan                  x       x        x        -         x
 *     publish subscribe     (4)     x        x        -         x
 *     shared by           machine process machines machines  machines
 *     survives a restart    x       -       (1)       -        (3)
 *     forgets when full     -       -       (2)       x         -
 *
 *     (1) as the server is configured.
 *     (2) with a maxmemory-policy other than noeviction.
 *     (3) with sync=none not a crash.
 *     (4) one of the processes carries the messages of all. While it ends, and
 *         another takes its place, a publish may be unavailable, and subscribers
 *         are told that they may have missed something.
 *
 * redis+sentinel: and redis+cluster: do what redis: does. Redis copies to its
 * replicas when it has answered already: a fail-over loses the last changes,
 * locks included. In a cluster a key, {TAG} and all, has the slot that Redis
 * gives it; a call that is told that its slot has moved is sent on. A scan over
 * it begins again when slots have moved meanwhile. A reply that is longer than
 * `max_value_len` and 64 MiB is not listened to: the connection is given up.
 *
 * What a store cannot do is answered with -ENOTSUP: in memcached: nothing can be
 * scanned, for it does not tell its keys, and nothing published
 * (yoke_store_has_channels), so it carries no broadcast (yoke/broadcast.h)
 * either. It takes "7 ", "007" and what has no sign and 64 bits for a number, a
 * name of a lock up to 248 bytes, and for never an end after January 2038.
 *
 * ---- Values ----
 *
 * A key is a string of 1 to 250 bytes (with the option `prefix` in front)
 * without blanks and control characters. A value is any bytes, up to
 * `max_value_len`. A time to live is in whole seconds; 0: for ever. What has
 * expired is never seen, to the second, and removed some time later.
 *
 * The number of `incr` is kept as decimal text: `set` "5", `incr` by 1 and `get`
 * gives "6". Only text that `incr` itself would write is a number, of 64 bits:
 * not "+5", "007" and "5 ". */
#ifndef YOKE_STORE_H
#define YOKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/temporary.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A store that is open. It belongs to the loop's thread. */
typedef struct yoke_store yoke_store;

/* Longest key, longest channel and longest name of a lock, in bytes, with the
 * prefix. */
#define YOKE_STORE_KEY_MAX  250
/* Most keys of one get_many or set_many, and of one page of a scan. */
#define YOKE_STORE_MANY_MAX 1000
/* Room for an error in words. */
#define YOKE_STORE_TEXT_MAX 256

/* Options of yoke_store_open. Zero is every field's default. */
struct yoke_store_options {
    int reserved_;            /* Leave it. */
    const char *url;          /* $YOKE_STORE takes precedence over it, unless it
                                 is empty, and is named by the text when it is
                                 wrong. NULL, and no such variable: "lmdb:". */
    const char *prefix;       /* Put before every key, channel and lock, and
                                 taken off what comes back: for applications
                                 that share a server. Up to 100 bytes. */
    uint32_t timeout_ms;      /* Deadline of a call; 2,000. It is met within a
                                 few milliseconds, late rather than early. */
    uint32_t max_pending;     /* Calls that are not answered yet; 10,000. What
                                 comes beyond is unavailable. */
    size_t max_pending_bytes; /* The same for their keys and values; 64 MiB. */
    size_t max_value_len;     /* 1 MiB; at most 512 MiB. */
    /* For tests: the time in milliseconds since 1970 by which lmdb: and memory:
     * expire; NULL: the system's. */
    uint64_t (*now_ms)(void *data);
    void *now_data;
    /* Where the reason goes when it cannot be opened: YOKE_STORE_TEXT_MAX
     * bytes. NULL: it is logged. */
    char *text;
};

/* Opens a store. It does not wait for a server: calls that are made before the
 * first connection is there wait for that, up to their deadline, and fail with
 * -YOKE_EUNAVAILABLE when it cannot be had.
 *
 * NULL, with errno set, when it never can be: EINVAL, the URL or an option is
 * wrong (the text names the part); ENOTSUP, this build or this system has no
 * client for it; lmdb: EBADMSG, the file is broken or not a store's (it has not
 * been changed); EACCES and others of open(2).
 *
 * The strings are borrowed for the call. A store belongs to the process that
 * opened it: after a fork, calls are refused (-YOKE_EROLE). So with preloading
 * open it in yoke_cluster_after_fork, else in the function that makes the
 * application. */
#define yoke_store_open(...)                                                   \
    yoke_store_open_with(YOKE_OPTIONS_(yoke_store_options, __VA_ARGS__))
yoke_store *yoke_store_open_with(const struct yoke_store_options *options);

/* Closes it: calls that are under way are still carried out, up to their
 * deadlines, and answered; new ones are answered with -ECANCELED, and
 * subscriptions end (YOKE_STORE_ENDED). Then `on_closed` is called, from the
 * loop, and the store is freed. `on_closed` may be NULL; so may the store, and
 * then nothing happens. Nor does it when it is being closed already.
 *
 * A process that stops gracefully waits for calls under way by itself. */
void yoke_store_close(yoke_store *store, void (*on_closed)(void *data),
                      void *data);

/* The URL, with its password left out, for logs. Borrowed; as long as the
 * store. */
const char *yoke_store_url(const yoke_store *store);

/* ---- Results ---- */

/* One of several. */
struct yoke_store_item {
    const char *key;
    const void *value; /* What a set_many is to store; what a get_many found,
                          NULL when it found nothing. */
    size_t len;
    uint32_t ttl_s;   /* Of a set_many. */
    int err;          /* In a result: as yoke_store_result's, of this key. */
    uint64_t version; /* In a result. */
};

/* How a call ended. All of it is borrowed for the callback. */
struct yoke_store_result {
    /* 0, or
     * -ENOENT              there is no such key (get, replace, delete, touch)
     * -YOKE_ECONFLICT      add: the key exists; replace: it has changed; lock:
     *                      another has it; renew, unlock: it is not yours
     *                      any more
     * -YOKE_ETOOLARGE      the value is over the limit, or all of them together
     * -ETIMEDOUT           the deadline has passed
     * -YOKE_EUNAVAILABLE   the server is away or refuses; disk or memory is
     *                      full; too many calls are under way
     * -ERANGE, -EDOM       incr: the sum is no 64-bit number; the value is no
     *                      number
     * -ENOTSUP             this store cannot do that
     * -ECANCELED           the store is closed, or the process ends
     * -YOKE_EROLE          it was opened before a fork
     * -EINVAL              a parameter is wrong, as the text says */
    int err;
    const char *text; /* The error in words; "" without one. */
    const char *key;  /* The call's; of a scan its prefix; "" for several. */

    const void *value; /* get. There is a NUL behind it, not counted. */
    size_t len;
    uint64_t version; /* get, set, add, replace, incr: what the value has now.
                         Any write gives it another, but not a touch; never 0,
                         unless it was written by another program, and then
                         `replace` is refused. Of redis: a number that has been
                         counted has the same whenever it is the same. */
    int64_t number;   /* incr: the sum. lock: the fencing number. */

    const struct yoke_store_item *items; /* get_many, set_many: in the order of
                                            the keys. scan: the keys alone. */
    size_t count;
    const char *cursor; /* scan: where the next page begins; NULL: that was the
                           last. */
};

typedef void yoke_store_fn(const struct yoke_store_result *result, void *data);

/* ---- Values. Everything that is passed is copied. ---- */

/* Gets the value of a key: `value`, `len` and `version` of the result. */
void yoke_store_get(yoke_store *store, const char *key, yoke_store_fn *fn,
                    void *data);

/* Stores `len` bytes, whatever was there. */
void yoke_store_set(yoke_store *store, const char *key, const void *value,
                    size_t len, uint32_t ttl_s, yoke_store_fn *fn, void *data);

/* Stores only if there is no such key. */
void yoke_store_add(yoke_store *store, const char *key, const void *value,
                    size_t len, uint32_t ttl_s, yoke_store_fn *fn, void *data);

/* Stores only if the value has not changed since it had `version` (compare and
 * swap). On conflict, get it again, change that, and try again. */
void yoke_store_replace(yoke_store *store, const char *key, uint64_t version,
                        const void *value, size_t len, uint32_t ttl_s,
                        yoke_store_fn *fn, void *data);

/* Removes a key. */
void yoke_store_delete(yoke_store *store, const char *key, yoke_store_fn *fn,
                       void *data);

/* Gives it another time to live, counted from now. */
void yoke_store_touch(yoke_store *store, const char *key, uint32_t ttl_s,
                      yoke_store_fn *fn, void *data);

/* Adds `by`, which may be negative, to a number, and tells the sum. A key that
 * is not there counts from 0, and only then the time to live is set: the window
 * of a limit begins with its first event. */
void yoke_store_incr(yoke_store *store, const char *key, int64_t by,
                     uint32_t ttl_s, yoke_store_fn *fn, void *data);

/* Several at once, which costs one round trip. They are not one transaction:
 * each key has its own outcome, in `items`. `err` is 0, or the first error
 * that is neither -ENOENT nor a conflict. */
void yoke_store_get_many(yoke_store *store, const char *const *keys,
                         size_t count, yoke_store_fn *fn, void *data);
void yoke_store_set_many(yoke_store *store, const struct yoke_store_item *items,
                         size_t count, yoke_store_fn *fn, void *data);

/* The keys that begin with `prefix` ("": all), in pages of about `count` (1 to
 * YOKE_STORE_MANY_MAX); `cursor` is NULL, then what the last page said. A page
 * may be empty and not the last. A key that is there all the time is told at
 * least once, one that comes or goes meanwhile perhaps. lmdb:, memory: and
 * postgresql: tell them in order, and each once. A cursor belongs to its store and
 * prefix: redis: refuses others (-EINVAL), elsewhere any key is one. */
void yoke_store_scan(yoke_store *store, const char *prefix, const char *cursor,
                     size_t count, yoke_store_fn *fn, void *data);

/* ---- Locks ---- */

/* Takes the lock `name` for `lease_s` seconds (at least 1), after which it is
 * free again, whether its holder has noticed or not. `wait_ms`: for how long to
 * try, if another has it; 0: once. (The deadline is counted from there.)
 *
 * The result's `number` is the fencing number: higher for each holder of this
 * lock than for all before. Pass it on to what the lock protects, and have that
 * refuse lower ones than it has seen: then a holder that slept through the end
 * of its lease does no damage. Locks and keys are apart: one does not see the
 * other. */
void yoke_store_lock(yoke_store *store, const char *name, uint32_t lease_s,
                     uint32_t wait_ms, yoke_store_fn *fn, void *data);

/* Holds it for `lease_s` seconds from now; gives it back. `fence` is the number
 * that the lock came with. On conflict it has been lost: stop what you are doing.
 */
void yoke_store_renew(yoke_store *store, const char *name, int64_t fence,
                      uint32_t lease_s, yoke_store_fn *fn, void *data);
void yoke_store_unlock(yoke_store *store, const char *name, int64_t fence,
                       yoke_store_fn *fn, void *data);

/* ---- Channels ---- */

/* Tells every subscriber of `channel`. Success means that the store has taken
 * it, not that anybody has heard it; nothing is kept for who comes later. The
 * limit is that of values. -YOKE_EUNAVAILABLE, of lmdb: also for a moment while
 * the process that carries the messages drains: some may have heard it then. */
void yoke_store_publish(yoke_store *store, const char *channel, const void *ptr,
                        size_t len, yoke_store_fn *fn, void *data);

enum yoke_store_event {
    YOKE_STORE_READY,   /* From here on every message comes; also after a
                           break. */
    YOKE_STORE_MESSAGE, /* One has come. */
    YOKE_STORE_MISSED,  /* Messages may have been lost here: the connection
                           broke, or this side was too slow. What is derived
                           from messages is to be fetched anew. */
    YOKE_STORE_ENDED,   /* The last event: the store is closed (-ECANCELED); it
                           has no channels (-ENOTSUP); the name is wrong
                           (-EINVAL); it was opened before a fork
                           (-YOKE_EROLE); there are 65,536 subscriptions
                           (-YOKE_EFULL), or no memory (-ENOMEM). */
};

/* Borrowed for the call. */
struct yoke_store_message {
    enum yoke_store_event event;
    int err;             /* YOKE_STORE_ENDED: why. */
    const char *channel; /* Without the prefix; "" if it never was one. */
    const void *ptr;     /* YOKE_STORE_MESSAGE; a NUL is behind it. */
    size_t len;
};

/* One subscription. */
typedef struct yoke_subscription yoke_subscription;

typedef void yoke_store_message_fn(const struct yoke_store_message *message,
                                   void *data);

/* Hears what is published on `channel`: `fn` is called from the loop, never from
 * inside a call. It stays until yoke_unsubscribe or YOKE_STORE_ENDED, over
 * breaks of the connection. NULL without a store or `fn`. */
yoke_subscription *yoke_store_subscribe(yoke_store *store, const char *channel,
                                        yoke_store_message_fn *fn, void *data);

/* Whether it has channels: all have but memcached:, where yoke_store_publish and
 * yoke_store_subscribe are answered with -ENOTSUP. */
bool yoke_store_has_channels(const yoke_store *store);

/* Ends it at once and frees it: no event follows. Not after YOKE_STORE_ENDED, but
 * while that is told it does nothing; NULL is allowed. */
void yoke_unsubscribe(yoke_subscription *subscription);

/* ---- How it is ---- */

/* The circuit breaker. It opens when the connection breaks or when three calls
 * in a row have run into their deadlines, and then no call waits for a server
 * that is away. */
enum yoke_store_circuit {
    YOKE_STORE_UP,         /* Closed: calls go through. */
    YOKE_STORE_DOWN,       /* Open: a server is away, calls to it fail at once.
                              It is tried again by itself, at least once a
                              second. */
    YOKE_STORE_CONNECTING, /* The first connection ever is being made: calls
                              wait for it. */
    YOKE_STORE_TRYING,     /* Half open: as DOWN, and just being tried. */
};

/* How a store is, and counters since it was opened. In a cluster anybody can
 * see the same of every worker: `yoke ps --json`, `yoke ps --prometheus`. */
struct yoke_store_stats {
    enum yoke_store_circuit circuit;
    uint64_t circuit_ms;    /* For how long it has been so. */
    uint32_t pending;       /* Calls under way, */
    uint64_t pending_bytes; /* and their keys and values. */
    uint64_t calls;         /* Answered, */
    uint64_t failed;        /* of them with an error other than -ENOENT and
                               -YOKE_ECONFLICT; of these: */
    uint64_t timed_out;
    uint64_t unavailable;
    uint64_t connects;   /* Times that a server was reached. */
    uint64_t breaks;     /* Times that the circuit opened. */
    uint64_t messages;   /* Told to subscribers. */
    uint64_t swept;      /* Expired values that this process removed. */
    uint32_t latency_us; /* What half of the calls did not exceed, */
    uint32_t p99_us;     /* and what 99 of 100 did not; to 6 %. From the end of
                            the turn of the loop in which a call was made to
                            the turn that found the answer. */
};

/* Fills in how it is now. No call of the store: it costs nothing. */
void yoke_store_stats(const yoke_store *store,
                      struct yoke_store_stats *ret_stats);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
