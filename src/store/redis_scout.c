#include "store/redis_scout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yoke/loop.h>
#include <yoke/store.h>

#include "core/banned.h"

/* At least so long between two questions. */
#define ASK_MS 100

/* ---- Where it goes ---- */

static void aim(struct yk_redis_scout *scout)
{
    scout->current = scout->addresses[scout->at];
    yk_redis_conn_aim(&scout->conn, &scout->current);
}

void yk_redis_scout_learn(struct yk_redis_scout *scout,
                          const struct yk_redis_address *addresses,
                          size_t count)
{
    size_t room = YK_REDIS_SCOUT_MAX - scout->seed_count;

    if (count > room)
        count = room;
    memcpy(scout->addresses + scout->seed_count, addresses,
           count * sizeof(addresses[0]));
    scout->count = scout->seed_count + count;
}

/* ---- Questions ---- */

static bool can_ask(const struct yk_redis_scout *scout)
{
    return scout->conn.link.state == YK_LINK_UP && !scout->has_asked;
}

static void ask(struct yk_redis_scout *scout)
{
    uv_timer_stop(&scout->timer);
    scout->beats = 0;
    scout->is_wanted = false;
    scout->has_asked = true;
    scout->asked_ms = uv_now(yoke_loop());
    scout->ops->ask(scout);
    yk_link_flush(&scout->conn.link);
}

static void on_timer(uv_timer_t *timer)
{
    struct yk_redis_scout *scout = timer->data;

    if (can_ask(scout) && !yk_link_is_foreign(&scout->conn.link))
        ask(scout);
}

/* What is wanted while the answer is on its way is asked for after that: it may
 * be older. */
static void ask_if_wanted(struct yk_redis_scout *scout)
{
    uint64_t passed_ms = uv_now(yoke_loop()) - scout->asked_ms;

    if (!scout->is_wanted || !can_ask(scout))
        return;
    if (passed_ms >= ASK_MS)
        ask(scout);
    else
        uv_timer_start(&scout->timer, on_timer, ASK_MS - passed_ms, 0);
}

void yk_redis_scout_want(struct yk_redis_scout *scout)
{
    scout->is_wanted = true;
    ask_if_wanted(scout);
}

/* ---- The connection ---- */

static void on_reply(struct yk_redis_conn *conn, redisReply *reply)
{
    struct yk_redis_scout *scout = conn->owner;
    char why[YOKE_STORE_TEXT_MAX] = "";

    if (reply->type == REDIS_REPLY_STATUS || !scout->has_asked)
        return;
    scout->has_asked = false;
    if (!scout->ops->on_answer(scout, reply, why)) {
        yk_link_break(&conn->link, why);
        return;
    }
    scout->failures = 0;
    ask_if_wanted(scout);
}

static void on_up(struct yk_redis_conn *conn)
{
    ask(conn->owner);
}

static void on_beat(struct yk_redis_conn *conn)
{
    struct yk_redis_scout *scout = conn->owner;

    if (++scout->beats >= scout->quiet_beats && can_ask(scout))
        ask(scout);
    else
        yk_redis_ping(conn);
}

/* The first time round it does not rest for long. */
static void on_break(struct yk_redis_conn *conn, const char *why)
{
    struct yk_redis_scout *scout = conn->owner;

    uv_timer_stop(&scout->timer);
    scout->has_asked = false;
    scout->at = (scout->at + 1) % scout->count;
    aim(scout);
    if (++scout->failures < scout->count)
        conn->link.attempts = 0;
    else
        scout->ops->on_lost(scout, why);
}

void yk_redis_scout_leave(struct yk_redis_scout *scout, const char *why)
{
    if (scout->count > 1)
        yk_link_break(&scout->conn.link, why);
}

/* ---- Its life ---- */

static void on_timer_closed(uv_handle_t *timer)
{
    struct yk_redis_scout *scout = timer->data;
    scout->ops->on_closed(scout);
}

static void on_closed(struct yk_redis_conn *conn)
{
    struct yk_redis_scout *scout = conn->owner;
    uv_close((uv_handle_t *)&scout->timer, on_timer_closed);
}

int yk_redis_scout_init(struct yk_redis_scout *scout, const struct yk_url *url,
                        int port, char *why)
{
    for (int i = 0; i < url->host_count; i++) {
        const struct yk_url_host *host = &url->hosts[i];
        if (!yk_redis_address_set(&scout->addresses[i], yk_slice_of(host->name),
                                  host->port ? host->port : port))
            return yk_store_why(why, -EINVAL,
                                "URL: host '%.60s...' is longer than %d bytes",
                                host->name, YK_REDIS_HOST_MAX);
    }
    scout->count = scout->seed_count = (size_t)url->host_count;
    scout->conn.owner = scout;
    scout->conn.on_reply = on_reply;
    scout->conn.on_up = on_up;
    scout->conn.on_beat = on_beat;
    scout->conn.on_break = on_break;
    scout->conn.on_closed = on_closed;
    return 0;
}

/* Anywhere, so that not all processes begin at the same server. */
void yk_redis_scout_start(struct yk_redis_scout *scout)
{
    yk_redis_conn_init(&scout->conn, true);
    uv_timer_init(yoke_loop(), &scout->timer);
    uv_unref((uv_handle_t *)&scout->timer);
    scout->timer.data = scout;
    scout->at = yk_random_below(&scout->conn.link.random, scout->count);
    aim(scout);
    yk_link_start(&scout->conn.link);
}

void yk_redis_scout_close(struct yk_redis_scout *scout)
{
    uv_timer_stop(&scout->timer);
    yk_link_close(&scout->conn.link);
}
