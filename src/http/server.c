#include "http/server.h"

#include <errno.h>

#include "http/h1_parse.h"
#include "http/h1_state.h"

/* A block for reading and for output: room for the longest head and as much
 * body again. */
#define BUFFER_SIZE  32768
/* A block of a request's arena: the parsed head and what a usual handler
 * needs. */
#define ARENA_SIZE   4096
/* Blocks that are kept for reuse: enough for a loop's turn. */
#define BUFFERS_KEPT 32
#define ARENAS_KEPT  64

#define HEAD_LEN_MAX 16384

/* Over how long idle connections are closed, if nobody says: so much for each,
 * and no longer than this. */
#define SPREAD_EACH_MS 1
#define SPREAD_MAX_MS  5000

/* Connections that are looked at in one go for idle ones. */
#define RELEASE_LOOKS 256

static void set_default(uint32_t *field, uint32_t value)
{
    if (*field == 0)
        *field = value;
}

static int set_limits(struct yoke_limits *limits)
{
    set_default(&limits->max_target_len, 8192);
    set_default(&limits->max_head_len, HEAD_LEN_MAX);
    set_default(&limits->max_fields, YK_FIELDS_MAX);
    set_default(&limits->max_line_len, 8192);
    set_default(&limits->max_drain_len, 65536);
    set_default(&limits->max_pipeline, 64);
    set_default(&limits->high_water, 65536);
    set_default(&limits->head_timeout_ms, 60000);
    set_default(&limits->request_timeout_ms, 300000);
    set_default(&limits->idle_timeout_ms, 5000);
    set_default(&limits->write_timeout_ms, 60000);
    set_default(&limits->handler_timeout_ms, 120000);
    set_default(&limits->min_body_rate, 240);
    if (limits->max_body_len == 0)
        limits->max_body_len = 1 << 20;
    if (limits->max_head_len > HEAD_LEN_MAX ||
        limits->max_fields > YK_FIELDS_MAX ||
        limits->max_target_len > HEAD_LEN_MAX ||
        limits->max_line_len > HEAD_LEN_MAX)
        return -EINVAL;
    return 0;
}

int yk_http_server_init(struct yk_http_server *server,
                        const struct yoke_limits *limits,
                        const struct yk_clock *clock,
                        void (*on_request)(struct yk_exchange *x, void *data),
                        void *data)
{
    struct yoke_limits filled = *limits;
    int err = set_limits(&filled);
    if (err < 0)
        return err;
    *server = (struct yk_http_server){
        .limits = filled,
        .clock = *clock,
        .on_request = on_request,
        .data = data,
    };
    yk_blocks_init(&server->buffers, BUFFER_SIZE, BUFFERS_KEPT);
    yk_blocks_init(&server->arenas, ARENA_SIZE, ARENAS_KEPT);
    yk_wheel_init(&server->wheel, YK_HTTP_TICK_MS, clock->now_ms(clock->data));
    yk_peer_count_init(&server->peers);
    yk_list_init(&server->conns);
    yk_list_init(&server->pending);
    yk_h1_flights_init();
    return 0;
}

void yk_http_server_done(struct yk_http_server *server)
{
    yk_blocks_done(&server->buffers);
    yk_blocks_done(&server->arenas);
    yk_peer_count_done(&server->peers);
}

bool yk_http_server_admit(struct yk_http_server *server,
                          const struct yk_peer *peer, bool *ret_is_counted)
{
    const struct yoke_limits *limits = &server->limits;
    uint32_t of_peer = 1;
    server->conn_count++;
    *ret_is_counted = false;
    if (limits->max_conns_per_ip && peer->family) {
        of_peer = yk_peer_count_add(&server->peers, peer);
        *ret_is_counted = of_peer > 0;
        if (of_peer == 0 || of_peer > limits->max_conns_per_ip)
            return false;
    }
    return !limits->max_conns || server->conn_count <= limits->max_conns;
}

void yk_http_server_forget(struct yk_http_server *server,
                           const struct yk_peer *peer, bool is_counted)
{
    server->conn_count--;
    if (is_counted)
        yk_peer_count_remove(&server->peers, peer);
}

void yk_http_server_tell_if_empty(struct yk_http_server *server)
{
    void (*fn)(struct yk_http_server *, void *) = server->on_empty;
    if (!server->is_draining || server->conn_count > 0 || !fn)
        return;
    server->on_empty = NULL;
    fn(server, server->data);
}

/* More finely than the wheel would. */
static void close_in_turn(struct yk_http_server *server)
{
    YK_LIST_EACH(node, &server->conns)
    {
        struct yk_h1_conn *conn =
            YK_CONTAINER_OF(node, struct yk_h1_conn, node);
        if (yk_h1_timeout_is_idle_over(conn))
            yk_h1_timeout_met(&conn->timer, NULL);
    }
}

void yk_http_server_tick(struct yk_http_server *server)
{
    yk_wheel_advance(&server->wheel, server->clock.now_ms(server->clock.data),
                     yk_h1_timeout_met, NULL);
    if (server->is_draining)
        close_in_turn(server);
}

void yk_http_server_flush(struct yk_http_server *server)
{
    struct yk_list *node;
    while ((node = yk_list_take(&server->pending)))
        yk_h1_advance(YK_CONTAINER_OF(node, struct yk_h1_conn, pending));
}

/* The connection's deadline may be nearer now. */
static void drain_conn(struct yk_h1_conn *conn)
{
    if (!yk_h1_give_back(conn))
        yk_h1_advance(conn);
}

/* All are to be closed well before what is left is cut. */
static uint32_t spread_of(const struct yk_http_server *server,
                          uint32_t within_ms)
{
    uint32_t spread_ms = server->limits.close_spread_ms;

    if (spread_ms == 0)
        spread_ms = server->conn_count < SPREAD_MAX_MS / SPREAD_EACH_MS
                        ? server->conn_count * SPREAD_EACH_MS
                        : SPREAD_MAX_MS;
    return spread_ms < within_ms / 2 ? spread_ms : within_ms / 2;
}

void yk_http_server_drain(struct yk_http_server *server, uint32_t within_ms)
{
    uint64_t now_ms = server->clock.now_ms(server->clock.data);
    uint64_t spread_ms = spread_of(server, within_ms);
    uint64_t count = server->conn_count, turn = 0;

    server->is_draining = true;
    YK_LIST_EACH(node, &server->conns)
    {
        struct yk_h1_conn *conn =
            YK_CONTAINER_OF(node, struct yk_h1_conn, node);
        conn->close_ms = now_ms + spread_ms * turn++ / count;
        drain_conn(conn);
    }
    yk_http_server_tell_if_empty(server);
}

/* Who has been asked goes to the end, so that the next time others are. */
unsigned yk_http_server_release(struct yk_http_server *server, unsigned max,
                                bool ready_only, yk_http_take_fn *take,
                                void *data)
{
    unsigned released = 0;
    unsigned left =
        server->conn_count < RELEASE_LOOKS ? server->conn_count : RELEASE_LOOKS;

    while (left-- > 0 && released < max && !yk_list_is_empty(&server->conns)) {
        struct yk_list *node = yk_list_take(&server->conns);
        struct yk_h1_conn *conn =
            YK_CONTAINER_OF(node, struct yk_h1_conn, node);
        struct yk_peer peer = conn->peer;
        yk_list_add(&server->conns, node);
        int fd = yk_h1_release(conn, ready_only);
        if (fd < 0)
            continue;
        released++;
        if (!take(fd, &peer, data))
            break;
    }
    return released;
}

void yk_http_server_abort(struct yk_http_server *server)
{
    YK_LIST_EACH(node, &server->conns)
    yk_h1_reset(YK_CONTAINER_OF(node, struct yk_h1_conn, node));
}
