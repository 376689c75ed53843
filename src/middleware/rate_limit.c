#include <yoke/middleware/rate_limit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>
#include <yoke/value.h>

#include "middleware/texts.h"

#include "core/banned.h"

#define LIMIT         60
#define WINDOW_MS     60000
#define MAX_CLIENTS   65536
#define IPV6_PREFIX   56
#define LOG_MS        1000
#define NAME_MAX_LEN  64
/* Both fit into a field's number (RFC 9651 section 3.3.1), and the window in
 * nanoseconds into 64 bits. */
#define LIMIT_MAX     UINT64_C(999999999999999)
#define WINDOW_MS_MAX UINT64_C(1000000000000)
/* A request takes at least a nanosecond of the window. */
#define PER_MS_MAX    1000000

#define POLICY "\"%s\";q=%" PRIu64 ";w=%" PRIu64

/* The middleware's own. */
struct limiter {
    struct yoke_rate_limit_options options; /* Defaults filled in. */
    char *policy;                           /* The field RateLimit-Policy. */
    size_t name_len;
    uint64_t logged_ms; /* When a failure of the store was logged; 0: never. */
    unsigned unlogged;  /* Failures since then. */
};

/* One request that waits for the store, which may take its time. */
struct asking {
    yoke_req *req;
    yoke_res *res;
    struct limiter *limiter;
    const char *key;
    struct yoke_rate rate;
    struct yoke_rate_state state; /* Once it has answered. */
    struct asking *before;        /* Another limiter's of the request. */
    bool is_reset;                /* There is nothing to give back. */
};

/* Its address is the key of what is attached: the last that was answered. */
static const char asking_key;

/* ---- Who ---- */

/* The network of an IPv6 address: whoever has one has all of it. */
static const char *network_of(yoke_req *req, const char *ip, int prefix)
{
    struct in6_addr address;
    char text[INET6_ADDRSTRLEN];
    if (!strchr(ip, ':') || inet_pton(AF_INET6, ip, &address) != 1)
        return ip;
    for (int bit = prefix; bit < 128; bit++)
        address.s6_addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    if (!inet_ntop(AF_INET6, &address, text, sizeof(text)))
        return ip;
    return yoke_req_printf(req, "%s/%d", text, prefix);
}

static const char *client_of(yoke_req *req,
                             const struct yoke_rate_limit_options *options)
{
    if (options->key)
        return options->key(req, options->data);
    return network_of(req, yoke_req_ip(req), options->ipv6_prefix);
}

/* ---- What the answer says ---- */

static uint64_t seconds_up(uint64_t ms)
{
    return (ms + 999) / 1000;
}

static void add_number(yoke_res *res, const char *name, uint64_t number)
{
    yoke_req *req = yoke_res_req(res);
    yoke_res_set(res, name, yoke_req_printf(req, "%" PRIu64, number));
}

static const char *policy_of(const struct asking *asking)
{
    const struct yoke_rate_limit_options *options = &asking->limiter->options;

    if (asking->rate.limit == options->limit)
        return asking->limiter->policy;
    return yoke_req_printf(asking->req, POLICY, options->name,
                           asking->rate.limit, seconds_up(options->window_ms));
}

/* Appended, for there may be several limits. */
static void say_limits(const struct asking *asking,
                       const struct yoke_rate_state *state)
{
    const struct yoke_rate_limit_options *options = &asking->limiter->options;
    if (options->no_fields)
        return;
    yoke_res_append(asking->res, "RateLimit-Policy", policy_of(asking));
    yoke_res_append(asking->res, "RateLimit",
                    yoke_req_printf(asking->req,
                                    "\"%s\";r=%" PRIu64 ";t=%" PRIu64,
                                    options->name, state->remaining,
                                    seconds_up(state->full_in_ms)));
}

static void say_legacy_limits(const struct asking *asking,
                              const struct yoke_rate_state *state)
{
    if (!asking->limiter->options.legacy_fields)
        return;
    uint64_t reset = (uint64_t)time(NULL) + seconds_up(state->full_in_ms);
    add_number(asking->res, "X-RateLimit-Limit", asking->rate.limit);
    add_number(asking->res, "X-RateLimit-Remaining", state->remaining);
    add_number(asking->res, "X-RateLimit-Reset", reset);
}

/* ---- When it may not pass ---- */

/* Once a second, for it is every request's. */
static void log_failure(const struct asking *asking, int err)
{
    struct limiter *limiter = asking->limiter;
    uint64_t now_ms = yoke_req_now_ms(asking->req);

    if (limiter->logged_ms > 0 && now_ms - limiter->logged_ms < LOG_MS) {
        limiter->unlogged++;
        return;
    }
    yoke_log(YOKE_LOG_ERROR,
             "yoke_rate_limit \"%s\": the store fails: %s; %u more since the "
             "last line",
             limiter->options.name, yoke_strerror(err), limiter->unlogged);
    limiter->logged_ms = now_ms;
    limiter->unlogged = 0;
}

static void fail(const struct asking *asking, int err)
{
    log_failure(asking, err);
    if (asking->limiter->options.fails_closed)
        yoke_next_typed(asking->req, 503, "rate.store.failed",
                        "requests cannot be counted");
    else
        yoke_next(asking->req);
}

static void refuse(const struct asking *asking,
                   const struct yoke_rate_state *state)
{
    const struct yoke_rate_limit_options *options = &asking->limiter->options;
    uint64_t seconds = seconds_up(state->next_in_ms);
    add_number(asking->res, "Retry-After", seconds);
    if (options->on_limit) {
        yoke_res_status(asking->res, 429);
        options->on_limit(asking->req, asking->res, state, options->data);
        return;
    }
    yoke_next_typed(asking->req, 429, "rate.limited",
                    "too many requests; the next one in %" PRIu64 " s",
                    seconds);
}

/* ---- Giving back ---- */

static bool is_given_back(const struct asking *asking)
{
    const struct yoke_rate_limit_options *options = &asking->limiter->options;
    bool is_success = yoke_res_get_status(asking->res) < 400;
    if (options->is_success)
        is_success =
            options->is_success(asking->req, asking->res, options->data);
    return is_success ? options->skips_success : options->skips_failure;
}

static void on_finish(yoke_res *res, void *data)
{
    const struct asking *asking = data;
    struct yoke_rate_store *store = asking->limiter->options.store;
    (void)res;
    if (!asking->is_reset && !yoke_req_is_aborted(asking->req) &&
        is_given_back(asking))
        store->give(store, asking->key, &asking->rate, &asking->state,
                    yoke_req_now_ms(asking->req));
}

static bool is_perhaps_given_back(const struct limiter *limiter)
{
    return limiter->options.skips_success || limiter->options.skips_failure;
}

static void pass_on(struct asking *asking)
{
    if (is_perhaps_given_back(asking->limiter) &&
        yoke_res_on_finish(asking->res, on_finish, asking) < 0)
        yoke_log(YOKE_LOG_ERROR,
                 "yoke_rate_limit \"%s\": too many callbacks at the end of an "
                 "answer: it counts",
                 asking->limiter->options.name);
    yoke_next(asking->req);
}

/* ---- The store's answer ---- */

static void done(void *data, int err, const struct yoke_rate_state *state)
{
    struct asking *asking = data;
    if (err < 0) {
        fail(asking, err);
        return;
    }
    asking->state = *state;
    asking->before = yoke_req_attached(asking->req, &asking_key);
    yoke_req_attach(asking->req, &asking_key, asking, NULL);
    say_limits(asking, state);
    say_legacy_limits(asking, state);
    if (state->is_allowed)
        pass_on(asking);
    else
        refuse(asking, state);
}

/* ---- The handler ---- */

/* "name:client": limits may share a store. */
static const char *key_of(yoke_req *req, const struct limiter *limiter,
                          const char *client)
{
    size_t len = strlen(client);
    char *key = yoke_req_alloc(req, limiter->name_len + len + 2);
    memcpy(key, limiter->options.name, limiter->name_len);
    key[limiter->name_len] = ':';
    memcpy(key + limiter->name_len + 1, client, len + 1);
    return key;
}

/* What it takes; 0: it is not counted. */
static uint64_t cost_of(yoke_req *req,
                        const struct yoke_rate_limit_options *options)
{
    if (options->skip && options->skip(req, options->data))
        return 0;
    return options->cost_of ? options->cost_of(req, options->data)
                            : options->cost;
}

static uint64_t most_of(const struct yoke_rate_limit_options *options)
{
    uint64_t most = options->window_ms * PER_MS_MAX;
    return most < LIMIT_MAX ? most : LIMIT_MAX;
}

static uint64_t limit_of(yoke_req *req,
                         const struct yoke_rate_limit_options *options)
{
    uint64_t most = most_of(options);
    uint64_t limit =
        options->limit_of ? options->limit_of(req, options->data) : 0;

    if (limit == 0)
        return options->limit;
    return limit < most ? limit : most;
}

static void run(yoke_req *req, yoke_res *res)
{
    struct limiter *limiter = yoke_data(req);
    const struct yoke_rate_limit_options *options = &limiter->options;
    uint64_t cost = cost_of(req, options);
    const char *client = cost > 0 ? client_of(req, options) : NULL;
    if (!client) {
        yoke_next(req);
        return;
    }
    if (is_perhaps_given_back(limiter) && !options->store->give) {
        yoke_next_err(req, 500,
                      "yoke_rate_limit \"%s\": .skips_success and "
                      ".skips_failure need a store that has `give`",
                      options->name);
        return;
    }
    struct asking *asking = yoke_req_alloc(req, sizeof(*asking));
    *asking = (struct asking){
        .req = req,
        .res = res,
        .limiter = limiter,
        .key = key_of(req, limiter, client),
        .rate = {limit_of(req, options), options->window_ms, cost},
    };
    yoke_hold(req);
    options->store->take(options->store, asking->key, &asking->rate,
                         yoke_req_now_ms(req), done, asking);
}

static void limiter_free(void *data)
{
    struct limiter *limiter = data;
    struct yoke_rate_store *store = limiter->options.store;
    if (store->free)
        store->free(store);
    yk_text_free(limiter->options.name);
    free(limiter->policy);
    free(limiter);
}

static void fill_in(struct yoke_rate_limit_options *options)
{
    options->name = yk_text_copy(options->name ? options->name : "default");
    if (options->limit == 0)
        options->limit = LIMIT;
    if (options->window_ms == 0)
        options->window_ms = WINDOW_MS;
    if (options->cost == 0)
        options->cost = 1;
    if (options->ipv6_prefix == 0)
        options->ipv6_prefix = IPV6_PREFIX;
    if (options->max_clients == 0)
        options->max_clients = MAX_CLIENTS;
    if (!options->store)
        options->store = yoke_rate_store_local(options->max_clients);
}

/* What is wrong with the options; NULL: nothing. */
static const char *fault_of(const struct yoke_rate_limit_options *options)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(options->name);

    if (len == 0 || len > NAME_MAX_LEN || strspn(options->name, allowed) < len)
        return ".name is not 1 to 64 letters, digits, \"-\" and \"_\"";
    if (options->window_ms > WINDOW_MS_MAX)
        return ".window_ms is longer than 10^12";
    if (options->limit > most_of(options))
        return ".limit is more than a million in a millisecond, or than 10^15";
    if (options->ipv6_prefix < 0 || options->ipv6_prefix > 128)
        return ".ipv6_prefix is not from 1 to 128";
    return NULL;
}

struct yoke_handler
yoke_rate_limit_with(const struct yoke_rate_limit_options *options)
{
    struct limiter *limiter = malloc(sizeof(*limiter));
    if (!limiter)
        abort();
    *limiter = (struct limiter){.options = *options};
    fill_in(&limiter->options);
    limiter->name_len = strlen(limiter->options.name);
    if (asprintf(&limiter->policy, POLICY, limiter->options.name,
                 limiter->options.limit,
                 seconds_up(limiter->options.window_ms)) < 0)
        abort();
    const char *fault = fault_of(&limiter->options);
    if (!fault)
        return yoke_with(run, limiter, limiter_free);
    yoke_log(YOKE_LOG_ERROR, "yoke_rate_limit \"%s\": %s",
             limiter->options.name, fault);
    limiter_free(limiter);
    return yoke_with(NULL, NULL, NULL);
}

/* ---- For handlers behind it ---- */

static struct asking *asking_of(yoke_req *req, const char *name)
{
    struct asking *asking = yoke_req_attached(req, &asking_key);

    while (asking && name && strcmp(asking->limiter->options.name, name) != 0)
        asking = asking->before;
    return asking;
}

const struct yoke_rate_state *yoke_rate_state_of(yoke_req *req,
                                                 const char *name)
{
    const struct asking *asking = asking_of(req, name);
    return asking ? &asking->state : NULL;
}

static int reset(yoke_req *req, const struct limiter *limiter, const char *key,
                 const struct yoke_rate *rate)
{
    struct yoke_rate_store *store = limiter->options.store;
    if (!store->reset)
        return -ENOTSUP;
    store->reset(store, key, rate, yoke_req_now_ms(req));
    return 0;
}

int yoke_rate_reset(yoke_req *req, const char *name)
{
    struct asking *asking = asking_of(req, name);
    if (!asking)
        return -ENOENT;
    int err = reset(req, asking->limiter, asking->key, &asking->rate);
    asking->is_reset |= err == 0;
    return err;
}

/* What this request has taken of it is forgotten, too, and not to be given back. */
static void forget_own(yoke_req *req, const struct limiter *limiter,
                       const char *key)
{
    struct asking *asking = yoke_req_attached(req, &asking_key);
    for (; asking; asking = asking->before)
        asking->is_reset |=
            asking->limiter == limiter && strcmp(asking->key, key) == 0;
}

int yoke_rate_reset_client(yoke_req *req, struct yoke_handler handler,
                           const char *client)
{
    const struct limiter *limiter = handler.data;
    if (handler.fn != run || !client)
        return -EINVAL;
    const struct yoke_rate_limit_options *options = &limiter->options;
    struct yoke_rate rate = {options->limit, options->window_ms, options->cost};
    if (!options->key)
        client = network_of(req, client, options->ipv6_prefix);
    const char *key = key_of(req, limiter, client);
    int err = reset(req, limiter, key, &rate);
    if (err == 0)
        forget_own(req, limiter, key);
    return err;
}
