/* Requests in flight: a small table beside the vitals (vitals.h) of what this
 * process is answering now.
 *
 * It is for whoever comes when it is too late to ask: the primary after the
 * worker's death, whatever killed it, and the handler of a crash in the process
 * itself. A request is in `now` while its handler runs for the first time;
 * most have been answered then. One that has not moves to an entry of the
 * table, until it has. When the table is full, further ones are only counted.
 *
 * The writer is the loop's thread alone. A reader in another process may see an
 * entry that is just being changed; what the writer says is never trusted to be
 * more than bytes. */
#ifndef YK_NET_FLIGHTS_H
#define YK_NET_FLIGHTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/vitals.h"

#define YK_FLIGHTS_MAX     64
/* Bytes of a request line that are kept. */
#define YK_FLIGHT_TEXT_MAX 80
/* Room for one in print, with its NUL. */
#define YK_FLIGHT_LINE_MAX (YK_FLIGHT_TEXT_MAX + 4)

enum {
    YK_FLIGHT_OPEN = 1, /* The entry is in use. */
    /* Nothing has been written of this answer, nor waits to be written of an
     * earlier one: whoever writes to `fd` now writes an answer. */
    YK_FLIGHT_CLEAR = 2,
};

struct yk_flight {
    _Atomic uint32_t state; /* Of the values above; 0: free. */
    int32_t fd;             /* The connection; -1: none that is ours alone. */
    uint64_t begun_ns;
    /* "GET\0/path?query\0", or as much of it as has room, and then anything;
     * unsafe to print. */
    char text[YK_FLIGHT_TEXT_MAX];
};

/* All zero at first. */
struct yk_flights {
    _Atomic uint32_t current; /* 1 + the entry whose callback runs; or 0. */
    _Atomic uint32_t more;    /* Open requests that found no entry. */
    uint32_t unused[14];      /* The rest of the cache line. */
    struct yk_flight now;     /* The request whose handler has been called. */
    struct yk_flight entries[YK_FLIGHTS_MAX];
};

/* The writer's side: its table, and the entries that are free in it, the one
 * used last on top. Written by the functions of this module. */
struct yk_flight_pool {
    struct yk_flights *table;
    uint32_t free_count;
    uint8_t free[YK_FLIGHTS_MAX];
    struct yk_flight nowhere; /* For requests that are only counted. */
};
extern struct yk_flight_pool yk_flight_pool;

/* As yk_vitals_place. */
void yk_flights_place(struct yk_flights *place);

/* ---- In this process ---- */

static inline void yk_flight_set(struct yk_flight *flight, uint32_t state)
{
    atomic_store_explicit(&flight->state, state, memory_order_release);
}

/* A handler is about to be called, for the request on `fd` that began then.
 * `line` is its beginning as the parser leaves it; so many bytes can be read
 * there that nobody need look. */
static inline void yk_flight_begin(int fd, uint64_t begun_ns, const char *line,
                                   bool is_clear)
{
    struct yk_flight *flight = &yk_flight_pool.table->now;
    flight->fd = fd;
    flight->begun_ns = begun_ns;
    /* In pieces that the compiler makes moves of, not a call. */
    memcpy(flight->text, line, 32);
    memcpy(flight->text + 32, line + 32, 32);
    memcpy(flight->text + 64, line + 64, YK_FLIGHT_TEXT_MAX - 64);
    yk_flight_set(flight,
                  is_clear ? YK_FLIGHT_OPEN | YK_FLIGHT_CLEAR : YK_FLIGHT_OPEN);
}

/* It has come back. */
static inline void yk_flight_returned(void)
{
    yk_flight_set(&yk_flight_pool.table->now, 0);
}

/* The same, and the request is still open: an entry for it, or one that nobody
 * sees when the table is full. */
struct yk_flight *yk_flight_stays(void);

/* An entry's request has been answered. */
void yk_flight_end(struct yk_flight *flight);

/* A callback of the entry's request is about to be called, and has come back.
 * NULL is allowed. */
static inline void yk_flight_enter(const struct yk_flight *flight)
{
    struct yk_flights *table = yk_flight_pool.table;
    if (__builtin_expect(flight != NULL, 0))
        atomic_store_explicit(&table->current,
                              1 + (uint32_t)(flight - table->entries),
                              memory_order_relaxed);
}
static inline void yk_flight_leave(void)
{
    atomic_store_explicit(&yk_flight_pool.table->current, 0,
                          memory_order_relaxed);
}

/* Something of the answer is, or may be, on its way (false), or nothing is
 * (true); of the entry, and of the request whose handler runs if it is on that
 * connection. */
void yk_flight_set_clear(struct yk_flight *flight, int fd, bool is_clear);

/* ---- Last words ---- */

/* What is sent where a request is open and nothing of its answer has been
 * written, by a process that cannot go on. Given by the protocol; static. */
struct yk_last_words {
    const char *ptr;
    size_t len, head_len; /* The whole, and what a bodiless answer has. */
};

void yk_flights_set_last_words(const struct yk_last_words *words);

/* NULL: nothing is known to say. */
const struct yk_last_words *yk_flights_last_words(void);

/* ---- Reading, in any process ---- */

/* Copies an open entry. False: it is free, or was changing. */
bool yk_flight_look(const struct yk_flight *flight,
                    struct yk_flight *ret_flight);

/* How many requests are open, in the table or not. */
unsigned yk_flights_count(const struct yk_flights *flights);

/* The entry (or `now`) whose handler or callback runs, or NULL. */
const struct yk_flight *yk_flights_running(const struct yk_flights *flights);

/* The request line, fit to be printed: "GET /path?query", with "..." behind it
 * when it was longer. Async-signal-safe. Returns its length. */
size_t yk_flight_line(const struct yk_flight *flight,
                      char out[YK_FLIGHT_LINE_MAX]);

/* Whether it is a request whose answer has no body (HEAD). */
bool yk_flight_is_bodiless(const struct yk_flight *flight);

#endif
