/* A connection in memory: a transport with a test at its other end.
 *
 * It behaves as a socket does, including what sockets do rarely: it hands the
 * request over in small reads, takes only part of a write, and breaks. And it
 * promises no more than a socket does: nothing calls back from inside a call.
 * What a call sets off is done by `yk_memory_turn`, which takes the place of
 * the event loop:
 *
 *      the test's end                        the server's end
 *      yk_memory_send ------> [ in ] ------> on_room, on_read
 *      yk_memory_hang_up                     on_read(-YOKE_ECLOSED)
 *      yk_memory_break                       on_read(-ECONNRESET)
 *      out, is_shut   <------ [ out ] <----- try_write, write, shutdown
 *
 * The client takes what the server writes at once, unless a pace is set: then
 * only so many bytes in each turn, as from a slow client whose window is
 * always full.
 *
 * What the transport's contract forbids (a second write, a write after the
 * shutdown, any call after the close) is an assertion here. */
#ifndef YK_TEST_MEMORY_H
#define YK_TEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/transport.h"
#include "test/bytes.h"

struct yk_memory {
    struct yk_transport transport; /* The server's end. */

    /* Towards the server. */
    struct yk_bytes in; /* All the client has sent. */
    size_t in_taken;    /* Bytes of it that the server has read. */
    size_t split;       /* Most bytes of one read; 0: what there is room for. */
    size_t split_at;    /* A read ends here, too; 0: none does. */
    bool is_hung_up;    /* No more will follow `in`. */
    bool is_broken;     /* Reset by the client. */
    bool is_reading;    /* Between read_start and read_stop. */
    bool has_seen_end;  /* The server was told of either end. */

    /* Towards the client. */
    struct yk_bytes out; /* All the client has taken. */
    size_t pace;         /* Bytes the client takes in a turn; SIZE_MAX: all. */
    size_t window;       /* Bytes it still takes in this turn. */
    size_t out_max;      /* Bytes after which it resets; SIZE_MAX: never. */
    struct iovec *queue; /* The write under way, without what was taken. */
    int queue_len;       /* Pieces of it. */
    int queue_capacity;
    bool is_writing; /* on_written is due. */

    /* The server's end of it. */
    bool is_shut;   /* shutdown was called: the client sees the end. */
    bool is_reset;  /* reset was called. */
    bool is_closed; /* close or reset was called: on_closed is due. */
    bool is_gone;   /* on_closed has been called. */
};

/* An open connection; nobody reads it yet. The server's `user` and `owner` are
 * its own business. */
void yk_memory_init(struct yk_memory *m);

/* Frees the bytes. */
void yk_memory_done(struct yk_memory *m);

/* The client sends bytes. What it sends after hanging up is lost. */
void yk_memory_send(struct yk_memory *m, const void *ptr, size_t len);

/* The client says that it will send no more, but goes on reading. */
void yk_memory_hang_up(struct yk_memory *m);

/* The client resets: what it has sent and was not read is lost, writes fail. */
void yk_memory_break(struct yk_memory *m);

/* The client takes at most `n` bytes in each turn from now on. */
void yk_memory_set_pace(struct yk_memory *m, size_t n);

/* The client takes `n` bytes more, and then none until this is called again. */
void yk_memory_take_more(struct yk_memory *m, size_t n);

/* Does what is due: at most one read, one step of the write under way, and
 * the end. Returns whether there was anything. */
bool yk_memory_turn(struct yk_memory *m);

/* True when the client has seen the end of what the server sends. */
bool yk_memory_has_ended(const struct yk_memory *m);

#endif
