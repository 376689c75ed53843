/* A server with one client, in memory, in a world where time stands still until
 * it is moved: what the targets that fuzz whole connections drive. */
#ifndef YK_FUZZ_WIRE_H
#define YK_FUZZ_WIRE_H

#include <stdbool.h>

#include <yoke/listen.h>

#include "core/list.h"
#include "fuzz.h"
#include "http/h1_conn.h"
#include "http/server.h"
#include "net/peer.h"
#include "test/memory.h"

/* Turns of the loop without an end to it: far more than any input needs. */
#define WIRE_TURNS_MAX 1000000

struct wire {
    struct yk_http_server server;
    struct yk_memory memory;
    struct yk_h1_conn *conn; /* Freed as soon as it has gone. */
    uint64_t now_ms;
    bool is_gone;
};

static inline uint64_t wire_now_ms(void *data)
{
    return ((struct wire *)data)->now_ms;
}

static inline int64_t wire_wall_s(void *data)
{
    return 784111777 + (int64_t)(wire_now_ms(data) / 1000);
}

static inline void wire_on_gone(struct yk_transport *transport)
{
    struct wire *wire =
        YK_CONTAINER_OF(transport, struct wire, memory.transport);
    MUST(!wire->is_gone, "a connection goes once");
    wire->is_gone = true;
    free(wire->conn);
    wire->conn = NULL;
}

/* Connects the client. `on_request` is handed `data`. */
static inline void wire_open(struct wire *wire,
                             const struct yoke_limits *limits,
                             void (*on_request)(struct yk_exchange *, void *),
                             void *data)
{
    const struct yk_clock clock = {wire_now_ms, wire_wall_s, wire};
    struct yk_peer peer = {.family = 4, .port = 80, .ip = {127, 0, 0, 1}};

    *wire = (struct wire){.now_ms = 1000};
    int err =
        yk_http_server_init(&wire->server, limits, &clock, on_request, data);
    MUST(err == 0, "the limits are possible");
    yk_memory_init(&wire->memory);
    wire->conn = malloc(yk_h1_conn_size());
    if (!wire->conn)
        abort();
    yk_h1_conn_start(wire->conn, &wire->server, &wire->memory.transport, &peer,
                     wire_on_gone);
}

/* One turn of the loop; false when there was nothing to do. */
static inline bool wire_turn(struct wire *wire)
{
    bool has_moved = yk_memory_turn(&wire->memory);
    has_moved |= !yk_list_is_empty(&wire->server.pending);
    yk_http_server_flush(&wire->server);
    return has_moved;
}

/* Turns until there is nothing to do. */
static inline void wire_settle(struct wire *wire)
{
    int turns = 0;
    while (wire_turn(wire))
        MUST(++turns < WIRE_TURNS_MAX, "the loop turns for ever");
}

/* Lets time pass; deadlines are met, late ones too, as after a long turn. */
static inline void wire_wait(struct wire *wire, uint64_t ms)
{
    wire->now_ms += ms;
    yk_http_server_tick(&wire->server);
}

/* Frees everything; the connection must have gone and left nothing behind. */
static inline void wire_close(struct wire *wire)
{
    const struct yk_http_server *server = &wire->server;
    MUST(wire->is_gone, "the connection has gone");
    MUST(server->conn_count == 0, "no connection is counted");
    MUST(yk_list_is_empty(&server->conns), "no connection is listed");
    MUST(yk_list_is_empty(&server->pending), "nothing is to be done");
    MUST(server->wheel.count == 0, "no deadline is left");
    MUST(server->buffers.used_count == 0, "no buffer is held");
    MUST(server->arenas.used_count == 0, "no arena is held");
    yk_http_server_done(&wire->server);
    yk_memory_done(&wire->memory);
}

#endif
