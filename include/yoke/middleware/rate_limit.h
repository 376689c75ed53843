/* Limits how many requests a client may send. (Express: express-rate-limit.)
 *
 *     yoke_app_use(app, yoke_rate_limit(.limit = 100, .window_ms = 60000));
 *     yoke_app_post(app, "/login",
 *                   yoke_rate_limit(.limit = 5, .window_ms = 60000,
 *                                   .name = "login"),
 *                   log_in);
 *
 * Each client has a bucket of `.limit` requests, which fills up again evenly in
 * `.window_ms`. So it may send that many at once, and then one at a time as
 * they come back: never does it have to wait for the end of a window, and no
 * window's end lets it send twice as many.
 *
 * Answers say what is left (draft-ietf-httpapi-ratelimit-headers):
 *
 *     RateLimit-Policy: "default";q=100;w=60
 *     RateLimit: "default";r=42;t=35
 *
 * "r" is how many requests may be sent now, "t" the seconds until it is "q"
 * again. One too many is 429, an error of the type "rate.limited", and
 * `Retry-After` says when the next is free.
 *
 * A request that is expensive may cost more than one (`.cost`, `.cost_of`), and
 * those that end well, or badly, may be given back: so only failed tries count
 * against whoever guesses passwords.
 *
 *     yoke_rate_limit(.name = "login", .limit = 5, .skips_success = true)
 *
 * Buckets are in the memory of this process, so in a cluster each worker counts
 * for itself, and a client has up to `.limit` requests with each of them. The
 * table has `.max_clients` places; when it is full, whoever has nearly filled his
 * bucket again loses his place first, and begins anew.
 *
 * With a store (yoke/store.h) all workers, and all machines, count together, and
 * exactly: of any number of requests at the same time `.limit` pass.
 *
 *     yoke_app_use(app, yoke_rate_limit(
 *         .limit = 100, .store = yoke_rate_store_shared(store)));
 */
#ifndef YOKE_MIDDLEWARE_RATE_LIMIT_H
#define YOKE_MIDDLEWARE_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>
#include <yoke/store.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Stores: where buckets are ---- */

/* What is allowed. */
struct yoke_rate {
    uint64_t limit;     /* Requests that a full bucket has; at least 1. */
    uint64_t window_ms; /* In which an empty one is full again; at least 1. */
    uint64_t cost;      /* What this request takes; 0: 1. More than the limit
                           never passes. */
};

/* A bucket after a request. */
struct yoke_rate_state {
    bool is_allowed;     /* There was one to take, and it was taken. */
    uint64_t remaining;  /* So many more may be taken now. */
    uint64_t full_in_ms; /* Until the bucket is full. */
    uint64_t next_in_ms; /* Until as much again may be taken; 0: it may. */
    uint64_t taken_at;   /* The store's, for `give`. */
};

/* How a store answers: `err` is 0, or a negative code, and then there is no
 * state. `data` is what `take` was given. */
typedef void yoke_rate_done(void *data, int err,
                            const struct yoke_rate_state *state);

/* A store: takes a request from the bucket of `key` and calls `done` once, at
 * once or later from the loop; `key` is borrowed for the call. */
struct yoke_rate_store {
    void (*take)(struct yoke_rate_store *store, const char *key,
                 const struct yoke_rate *rate, uint64_t now_ms,
                 yoke_rate_done *done, void *data);
    void (*free)(struct yoke_rate_store *store); /* May be NULL. */
    /* Puts back what a request has taken: `rate` and `state` are those of its
     * `take`, whose time has perhaps gone by. Nobody is told how that ends. NULL:
     * it cannot, and a limiter that would need it answers 500. */
    void (*give)(struct yoke_rate_store *store, const char *key,
                 const struct yoke_rate *rate,
                 const struct yoke_rate_state *state, uint64_t now_ms);
    /* Forgets all that has been taken of `key`, whose requests are counted by
     * `rate`. Nobody is told how that ends, so it logs a failure. NULL: it
     * cannot. */
    void (*reset)(struct yoke_rate_store *store, const char *key,
                  const struct yoke_rate *rate, uint64_t now_ms);
};

/* The store that is used when none is given: a table of `max_clients` places,
 * rounded up to a power of two, in this process. Freed by whoever it is given
 * to. Never NULL. */
struct yoke_rate_store *yoke_rate_store_local(size_t max_clients);

/* How a store that is shared counts. */
enum yoke_rate_way {
    /* In no window, wherever it begins, more than the limit. A request that has
     * passed is remembered for the length of the window, and up to a fifth of it
     * longer. One round trip to the store for one that passes. While one that
     * costs more than is left is refused, one that costs less may be, too. */
    YOKE_RATE_WINDOW,
    /* A bucket that fills up evenly, as in this process: who has been quiet may
     * send all at once, and one at a time from then on, so in the window after
     * that up to twice the limit. Two round trips; requests of a client that come
     * to a worker together share them. */
    YOKE_RATE_BUCKET,
};

/* Zero is every field's default. `prefix` is copied. */
struct yoke_rate_shared_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */
    enum yoke_rate_way way;
    const char
        *prefix; /* In front of the keys in the store; of a longer one the
                           first 80 bytes. "rate:" */
    /* For tests: the time in milliseconds since 1970; NULL: the system's, which
     * all machines have to agree about, but for a fraction of the window. */
    uint64_t (*now_ms)(void *data);
    void *now_data;
};

/* Limits that are shared by all who use the store, which is borrowed and has to
 * stay open. Of memcached they are forgotten when it is full; of the others,
 * never. Freed by whoever it is given to. Never NULL: without a store, for it
 * could not be opened, requests cannot be counted, and the limiter fails as
 * `fails_closed` says. */
#define yoke_rate_store_shared(store, ...)                                     \
    yoke_rate_store_shared_with(                                               \
        (store), YOKE_OPTIONS_(yoke_rate_shared_options, __VA_ARGS__))
struct yoke_rate_store *
yoke_rate_store_shared_with(yoke_store *store,
                            const struct yoke_rate_shared_options *options);

/* ---- The middleware ---- */

/* Answers a request that is one too many. */
typedef void yoke_rate_refused(yoke_req *req, yoke_res *res,
                               const struct yoke_rate_state *state, void *data);

/* Options. Zero is every field's default. `name` is copied; `data` must outlive
 * the application. */
struct yoke_rate_limit_options {
    int reserved_;      /* Leave it; it lets the macro be called without any. */
    uint64_t limit;     /* Requests of a client. 60; at most 1,000,000 in a
                           millisecond. */
    uint64_t window_ms; /* In which they come back. 60,000; at most 10^12 */
    const char *name;   /* The policy's, for the fields and the store: up to 64
                           letters, digits, "-" and "_". "default" */

    /* Who a client is: text that is his alone, for example the user's name;
     * NULL: this request is not limited. Without a function it is the address
     * (`yoke_req_ip`, so see "trust proxy"), of IPv6 the network. */
    const char *(*key)(yoke_req *req, void *data);
    void *data;
    int ipv6_prefix; /* Bits of an IPv6 address that are one client, 1 to 128.
                        56 */

    /* The limit of the client whom this request is of, for those who may send
     * more, or less; 0: `limit`. It should be the same for all of his requests:
     * while it changes, those under way are counted by either. More than `limit`
     * may be is as much as it may be. (express-rate-limit: limit as a function.) */
    uint64_t (*limit_of)(yoke_req *req, void *data);

    /* True: this request is not counted, and not limited; may be NULL. */
    bool (*skip)(yoke_req *req, void *data);

    uint64_t cost; /* What a request takes of the limit. 1 */
    /* The same for each; 0: it is not counted, and not limited. */
    uint64_t (*cost_of)(yoke_req *req, void *data);

    /* Requests that ended well do not count, or those that did not: what they
     * took is put back when their answer has been sent. One whose client has
     * gone before counts in any case. (express-rate-limit:
     * skipSuccessfulRequests, skipFailedRequests.) */
    bool skips_success;
    bool skips_failure;
    /* What ending well is; NULL: a status below 400. The answer can be read and
     * not be changed any more. (requestWasSuccessful.) */
    bool (*is_success)(yoke_req *req, yoke_res *res, void *data);

    /* Instead of the error 429: answers, or logs and passes on (`yoke_next`, when
     * it has set another status). Status 429, the fields and `Retry-After` have
     * been set. (express-rate-limit: handler.) */
    yoke_rate_refused *on_limit;

    size_t max_clients;            /* Of the table in this process. 65,536 */
    struct yoke_rate_store *store; /* Instead of it; taken over. */
    bool fails_closed;  /* When the store fails, requests are answered 503; else
                          they are let through. Both are logged, once a
                          second. */
    bool no_fields;     /* The answer says nothing about limits. */
    bool legacy_fields; /* It also has X-RateLimit-Limit, -Remaining, and
                           -Reset, a second since 1970. */
};

/* The limiter: `yoke_app_use(app, yoke_rate_limit(.limit = 100))`. An option that
 * is wrong is an error of registration, and the log names it. */
#define yoke_rate_limit(...)                                                   \
    yoke_rate_limit_with(YOKE_OPTIONS_(yoke_rate_limit_options, __VA_ARGS__))
struct yoke_handler
yoke_rate_limit_with(const struct yoke_rate_limit_options *options);

/* What the limiter of that name has found for this request, for handlers behind
 * it; borrowed, as long as the request. NULL: none of that name has counted it.
 * NULL as the name: the last one that did. (express-rate-limit: req.rateLimit.) */
const struct yoke_rate_state *yoke_rate_state_of(yoke_req *req,
                                                 const char *name);

/* Forgets what the client of this request has taken from the limiter of that name,
 * this request too, as if he had never come: after he has signed in, so that his
 * failed tries do not shut him out the next time. NULL as the name: the last one
 * that has counted the request.
 *
 *     yoke_session_regenerate(req);
 *     yoke_rate_reset(req, "login");
 *
 * Nobody waits for the store: when it is away the client's requests go on to
 * count, and the log says so. What this answer's fields say stays. Of a window
 * that is shared, requests of the same client that are being refused in that
 * moment may let as many more pass.
 *
 * Returns 0; -ENOENT: no limiter of that name has counted this request;
 * -ENOTSUP: its store has no `reset`. (express-rate-limit: resetKey;
 * rate-limiter-flexible: delete.) */
int yoke_rate_reset(yoke_req *req, const char *name);

/* The same of any client and from any handler, also one that the limiter does not
 * stand in front of: when somebody has proved by a mail that it is him, or whoever
 * administers lets him in again. `limiter` is what yoke_rate_limit has made, and
 * the application it was given to still has; `client` is who he is, as `.key`
 * says it or, without `.key`, his address, of which the network is meant as with
 * requests.
 *
 *     static struct yoke_handler tries;
 *
 *     tries = yoke_rate_limit(.name = "login", .limit = 5, .key = name_of);
 *     yoke_app_post(app, "/login", tries, log_in);
 *     yoke_app_post(app, "/unlock", unlock);
 *
 *     static void unlock(yoke_req *req, yoke_res *res)
 *     {
 *         ...
 *         yoke_rate_reset_client(req, tries, name);
 *
 * It is forgotten by the store that the limiter counts in: all workers' if that
 * is shared, else this worker's alone. Returns 0, also when nothing was known of
 * him; -EINVAL: that is no limiter, or one whose options were wrong, or there is
 * no client; -ENOTSUP: its store has no `reset`. (express-rate-limit:
 * limiter.resetKey(key).) */
int yoke_rate_reset_client(yoke_req *req, struct yoke_handler limiter,
                           const char *client);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
