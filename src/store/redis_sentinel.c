#include "store/redis_sentinel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/number.h"

#include "core/banned.h"

#define PORT          26379
#define DATABASES_MAX 1000000
/* After so many, another sentinel is asked. */
#define DOUBTS_MAX    3

/* ---- Questions and answers ---- */

static void ask(struct yk_redis_scout *scout)
{
    struct yk_redis_sentinel *sentinel = scout->owner;
    struct yk_redis_conn *conn = &scout->conn;

    yk_redis_begin(conn, 3);
    yk_redis_argument(conn, YK_LIT("SENTINEL"));
    yk_redis_argument(conn, YK_LIT("get-master-addr-by-name"));
    yk_redis_argument(conn, yk_slice_of(sentinel->name));
}

static struct yk_slice element(const redisReply *reply, size_t n)
{
    const redisReply *one = reply->element[n];

    if (one->type != REDIS_REPLY_STRING)
        return YK_LIT("");
    return (struct yk_slice){one->str, (size_t)one->len};
}

/* [host, port], or nil when the name is not known. */
static bool parse(const redisReply *reply, struct yk_redis_address *address)
{
    uint64_t port;

    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           yk_parse_u64(element(reply, 1), 65535, &port) == 0 &&
           yk_redis_address_set(address, element(reply, 0), (long long)port);
}

static bool on_answer(struct yk_redis_scout *scout, const redisReply *reply,
                      char *why)
{
    struct yk_redis_sentinel *sentinel = scout->owner;
    char place[YK_REDIS_ADDRESS_TEXT_MAX];
    struct yk_redis_address address;

    if (parse(reply, &address)) {
        sentinel->on_found(sentinel, &address);
        return true;
    }
    yk_redis_address_text(&scout->current, place);
    if (reply->type == REDIS_REPLY_ERROR)
        yk_store_why(why, 0, "sentinel %.80s: %.120s", place, reply->str);
    else
        yk_store_why(why, 0, "sentinel %.80s knows no primary '%.60s'", place,
                     sentinel->name);
    return false;
}

static void on_lost(struct yk_redis_scout *scout, const char *why)
{
    struct yk_redis_sentinel *sentinel = scout->owner;
    sentinel->on_lost(sentinel, why);
}

void yk_redis_sentinel_doubt(struct yk_redis_sentinel *sentinel)
{
    if (++sentinel->doubts % DOUBTS_MAX == 0)
        yk_redis_scout_leave(&sentinel->scout,
                             "there is no primary where it says");
    else
        yk_redis_scout_want(&sentinel->scout);
}

void yk_redis_sentinel_trust(struct yk_redis_sentinel *sentinel)
{
    sentinel->doubts = 0;
}

/* ---- Its life ---- */

static void on_closed(struct yk_redis_scout *scout)
{
    struct yk_redis_sentinel *sentinel = scout->owner;
    sentinel->on_closed(sentinel);
}

static const struct yk_redis_scout_ops ops = {
    .ask = ask,
    .on_answer = on_answer,
    .on_lost = on_lost,
    .on_closed = on_closed,
};

/* NAME, or NAME/DB. */
static int read_name(struct yk_redis_sentinel *sentinel,
                     const struct yk_url *url, int *ret_db, char *why)
{
    const char *slash = strchrnul(url->path, '/');
    uint64_t db = 0;

    if (slash == url->path)
        return yk_store_why(why, -EINVAL,
                            "URL: the name of the primary is missing "
                            "(%s://SENTINEL[:PORT],.../NAME)",
                            url->scheme);
    if (*slash && yk_parse_u64(yk_slice_of(slash + 1), DATABASES_MAX, &db) < 0)
        return yk_store_why(why, -EINVAL, "URL: database '%.60s' is no number",
                            slash + 1);
    sentinel->name = yk_strdup(url->path);
    sentinel->name[slash - url->path] = '\0';
    *ret_db = (int)db;
    return 0;
}

static int read_login(struct yk_redis_sentinel *sentinel, struct yk_url *url,
                      char *why)
{
    const char *user = yk_url_param(url, "sentinel_user");
    const char *password = yk_url_param(url, "sentinel_password");

    if (user && !password)
        return yk_store_why(why, -EINVAL,
                            "URL: option sentinel_user is of no use without "
                            "sentinel_password");
    sentinel->login.user = sentinel->user = yk_strdup(user);
    sentinel->login.password = sentinel->password = yk_strdup(password);
    return 0;
}

struct yk_redis_sentinel *
yk_redis_sentinel_new(struct yk_url *url,
                      const struct yk_redis_settings *settings, int *ret_db,
                      char *why)
{
    struct yk_redis_sentinel *sentinel = yk_alloc(sizeof(*sentinel));
    struct yk_redis_scout *scout = &sentinel->scout;

    yk_redis_settings_apply(settings, &scout->conn);
    scout->conn.login = &sentinel->login;
    scout->conn.link.beat_ms = YK_REDIS_SCOUT_BEAT_MS;
    scout->ops = &ops;
    scout->owner = sentinel;
    scout->quiet_beats = 1;
    if (yk_redis_scout_init(scout, url, PORT, why) == 0 &&
        read_name(sentinel, url, ret_db, why) == 0 &&
        read_login(sentinel, url, why) == 0)
        return sentinel;
    yk_redis_sentinel_free(sentinel);
    return NULL;
}

void yk_redis_sentinel_free(struct yk_redis_sentinel *sentinel)
{
    if (!sentinel)
        return;
    free(sentinel->name);
    free(sentinel->user);
    yk_redis_forget(sentinel->password);
    free(sentinel);
}

void yk_redis_sentinel_start(struct yk_redis_sentinel *sentinel)
{
    yk_redis_scout_start(&sentinel->scout);
}

void yk_redis_sentinel_close(struct yk_redis_sentinel *sentinel)
{
    yk_redis_scout_close(&sentinel->scout);
}
