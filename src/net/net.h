/* A stream server and its connections, as the files here know them; the public
 * header is yoke/net.h. */
#ifndef YK_NET_NET_H
#define YK_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <yoke/net.h>

#include "core/list.h"
#include "net/handoff.h"
#include "net/later.h"
#include "net/listener.h"
#include "net/peer.h"
#include "net/service.h"

struct yoke_net {
    struct yk_listener listener;
    struct yk_service service;
    struct yk_list conns;            /* Those that are not closing. */
    struct yk_later drainer;         /* Calls the on_drain that are owed. */
    uv_timer_t deadline;             /* Of a stop of this server alone. */
    struct yoke_net_options options; /* Without the strings. */
    struct yoke_address address;
    size_t conn_count; /* Until on_close. */
    bool is_listening; /* `address` is known. */
    uint32_t room;     /* As the listener knows it. */
    bool is_stopping;
    bool has_listener; /* It has not been closed. */
};

/* ---- The server (net.c) ---- */

/* To be called when there is one connection more, or less: then the server may
 * be freed. */
void yk_net_conns_changed(yoke_net *server);

/* ---- Its connections (conn.c) ---- */

void yk_conns_init(yoke_net *server);

/* Takes over a descriptor, and tells the server's user of the connection. */
void yk_conn_open(yoke_net *server, int fd, const struct yk_peer *peer,
                  const struct yk_handoff *handoff);

/* Closes a descriptor that is no connection yet. */
void yk_conn_refuse(const struct yk_handoff *handoff, int fd);

/* The server stops: what becomes of each. */
void yk_conns_drain(yoke_net *server);

/* Closes all. */
void yk_conns_close(yoke_net *server);

#endif
