#include "http/h1_socket.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/alloc.h"
#include "http/h1_state.h"
#include "net/handoff.h"
#include "net/stream.h"

struct h1_socket {
    struct yk_stream stream; /* First: its transport is our address. */
    struct yk_h1_conn conn;
};

static void on_gone(struct yk_transport *transport)
{
    free(transport);
}

void yk_h1_socket_start(struct yk_http_server *server, uv_loop_t *loop, int fd,
                        const struct yk_peer *peer,
                        const struct yk_handoff *handoff)
{
    struct h1_socket *socket = yk_try_alloc(sizeof(*socket));
    if (!socket) {
        /* Another worker may have memory. */
        yk_handoff_return(handoff);
        close(fd);
        return;
    }
    yk_stream_open(&socket->stream, loop, fd, peer->family != 0, handoff);
    yk_h1_conn_start(&socket->conn, server, &socket->stream.transport, peer,
                     on_gone);
    yk_stream_read_now(&socket->stream);
}
