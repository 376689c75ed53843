/* A connected socket, TCP or UNIX, as a transport (transport.h) on the loop. */
#ifndef YK_NET_STREAM_H
#define YK_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    int fd;                     /* Its descriptor; -1 once it is closing. */
    uv_write_t write_req;       /* The one write under way. */
    size_t writing_len;         /* Its bytes. */
    uv_shutdown_t shutdown_req; /* The FIN under way. */
    struct yk_handoff handoff;  /* What is owed to the primary. */
    _Atomic uint32_t *claim;    /* Its word (claims.h), or NULL. */
    bool is_begun;              /* It is not owed any more. */
    bool is_closing;
    bool is_waiting; /* For its helper. */
    bool rests;      /* Another process may take it; */
    bool is_taken;   /* one has. */
};

/* This process's streams that are open and not closing already. Written by the
 * functions of this module. */
extern uint32_t yk_stream_count;

/* Somebody who may help when this turn of the loop has become long: other
 * processes. Asked before something is read from a stream, which is the last
 * moment at which its connection can be let go of. */
struct yk_stream_helper {
    /* True: it is not read yet, and `release` follows. */
    bool (*should_wait)(void);
    /* Lets go of what can be. What is left is read in the next turn. */
    void (*release)(void);
};

/* NULL: nobody. Written once, by the cluster. */
extern const struct yk_stream_helper *yk_stream_helper;

/* Takes over `fd`, which is connected, non-blocking and close-on-exec.
 * `handoff` may be NULL. The user is set afterwards, by whoever speaks the
 * protocol. Should the loop refuse the descriptor, it is closed, and the
 * transport closes when reading is started. */
void yk_stream_open(struct yk_stream *stream, uv_loop_t *loop, int fd,
                    bool is_tcp, const struct yk_handoff *handoff);

/* Closes those that other processes have taken. To be called after a turn in
 * which one may have. */
void yk_streams_drop_taken(void);

/* Reads what has come already, once reading has been started: at once, rather
 * than in the loop's next turn. The stream's memory stays until on_closed. */
void yk_stream_read_now(struct yk_stream *stream);

#endif
