/* A connected socket, TCP or UNIX, as a transport (transport.h) on the loop. */
#ifndef YK_NET_STREAM_H
#define YK_NET_STREAM_H

#include <stdbool.h>

#include <uv.h>

#include "net/handoff.h"
#include "net/transport.h"

/* Embedded in, or allocated beside, the connection that it carries. */
struct yk_stream {
    struct yk_transport transport; /* First: the two are one address. */
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } uv;
    uv_write_t write_req;       /* The one write under way. */
    uv_shutdown_t shutdown_req; /* The FIN under way. */
    struct yk_handoff handoff;  /* What is owed to the primary. */
    bool is_begun;              /* It is not owed any more. */
    bool is_closing;
};

/* Takes over `fd`, which is connected, non-blocking and close-on-exec.
 * `handoff` may be NULL. The user is set afterwards, by whoever speaks the
 * protocol. Should the loop refuse the descriptor, it is closed, and the
 * transport closes when reading is started. */
void yk_stream_open(struct yk_stream *stream, uv_loop_t *loop, int fd,
                    bool is_tcp, const struct yk_handoff *handoff);

#endif
