#include "net/flights.h"

_Static_assert(sizeof(struct yk_flight) == 96, "no holes");

/* Where a process notes its requests that shares them with nobody. */
static struct yk_flights own;
struct yk_flight_pool yk_flight_pool = {
    .table = &own,
    .free_count = YK_FLIGHTS_MAX,
    .free = {63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48,
             47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
             31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16,
             15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0},
};

/* Written by yk_flights_set_last_words. */
static const struct yk_last_words *last_words;

void yk_flights_place(struct yk_flights *place)
{
    struct yk_flight_pool *pool = &yk_flight_pool;

    pool->table = place ? place : &own;
    pool->free_count = YK_FLIGHTS_MAX;
    for (unsigned i = 0; i < YK_FLIGHTS_MAX; i++)
        pool->free[i] = (uint8_t)(YK_FLIGHTS_MAX - 1 - i);
}

/* ---- In this process ---- */

__attribute__((noinline)) struct yk_flight *yk_flight_stays(void)
{
    struct yk_flight_pool *pool = &yk_flight_pool;
    struct yk_flights *table = pool->table;
    struct yk_flight *flight = &pool->nowhere;

    if (pool->free_count > 0)
        flight = &table->entries[pool->free[--pool->free_count]];
    else
        atomic_fetch_add_explicit(&table->more, 1, memory_order_relaxed);
    uint32_t state =
        atomic_load_explicit(&table->now.state, memory_order_relaxed);
    flight->fd = table->now.fd;
    flight->begun_ns = table->now.begun_ns;
    memcpy(flight->text, table->now.text, sizeof(flight->text));
    yk_flight_set(flight, state);
    yk_flight_returned();
    return flight;
}

__attribute__((noinline)) void yk_flight_end(struct yk_flight *flight)
{
    struct yk_flight_pool *pool = &yk_flight_pool;

    if (flight == &pool->nowhere) {
        atomic_fetch_sub_explicit(&pool->table->more, 1, memory_order_relaxed);
        return;
    }
    yk_flight_set(flight, 0);
    pool->free[pool->free_count++] = (uint8_t)(flight - pool->table->entries);
}

static void set_clear(struct yk_flight *flight, bool is_clear)
{
    uint32_t state = atomic_load_explicit(&flight->state, memory_order_relaxed);

    if (state & YK_FLIGHT_OPEN)
        yk_flight_set(flight, is_clear ? YK_FLIGHT_OPEN | YK_FLIGHT_CLEAR
                                       : YK_FLIGHT_OPEN);
}

__attribute__((noinline)) void yk_flight_set_clear(struct yk_flight *flight,
                                                   int fd, bool is_clear)
{
    struct yk_flight *now = &yk_flight_pool.table->now;

    if (flight)
        set_clear(flight, is_clear);
    if (now->fd == fd)
        set_clear(now, is_clear);
}

/* ---- Last words ---- */

void yk_flights_set_last_words(const struct yk_last_words *words)
{
    last_words = words;
}

const struct yk_last_words *yk_flights_last_words(void)
{
    return last_words;
}

/* ---- Reading ---- */

bool yk_flight_look(const struct yk_flight *flight,
                    struct yk_flight *ret_flight)
{
    uint32_t state = atomic_load_explicit(&flight->state, memory_order_acquire);
    uint64_t begun_ns = flight->begun_ns;

    if (!(state & YK_FLIGHT_OPEN))
        return false;
    memcpy(ret_flight, flight, sizeof(*ret_flight));
    atomic_thread_fence(memory_order_acquire);
    state = atomic_load_explicit(&flight->state, memory_order_relaxed);
    return (state & YK_FLIGHT_OPEN) && flight->begun_ns == begun_ns;
}

static bool is_open(const struct yk_flight *flight)
{
    return atomic_load_explicit(&flight->state, memory_order_relaxed) &
           YK_FLIGHT_OPEN;
}

unsigned yk_flights_count(const struct yk_flights *flights)
{
    unsigned count = atomic_load_explicit(&flights->more, memory_order_relaxed);

    count += is_open(&flights->now);
    for (int i = 0; i < YK_FLIGHTS_MAX; i++)
        count += is_open(&flights->entries[i]);
    return count;
}

const struct yk_flight *yk_flights_running(const struct yk_flights *flights)
{
    uint32_t current =
        atomic_load_explicit(&flights->current, memory_order_relaxed);

    if (is_open(&flights->now))
        return &flights->now;
    if (current == 0 || current > YK_FLIGHTS_MAX)
        return NULL;
    return &flights->entries[current - 1];
}

/* Method and target end with a NUL each; without it something is missing. */
static size_t length_of(const char *text, bool *ret_is_cut)
{
    size_t len = strnlen(text, YK_FLIGHT_TEXT_MAX);

    if (len < YK_FLIGHT_TEXT_MAX)
        len += 1 + strnlen(text + len + 1, YK_FLIGHT_TEXT_MAX - len - 1);
    *ret_is_cut = len >= YK_FLIGHT_TEXT_MAX;
    return *ret_is_cut ? YK_FLIGHT_TEXT_MAX : len;
}

static char printable(char c)
{
    if (c == '\0')
        return ' ';
    return c > ' ' && c < 0x7f ? c : '?';
}

size_t yk_flight_line(const struct yk_flight *flight,
                      char out[YK_FLIGHT_LINE_MAX])
{
    bool is_cut;
    size_t len = length_of(flight->text, &is_cut);

    for (size_t i = 0; i < len; i++)
        out[i] = printable(flight->text[i]);
    if (is_cut) {
        memcpy(out + len, "...", 3);
        len += 3;
    }
    out[len] = '\0';
    return len;
}

bool yk_flight_is_bodiless(const struct yk_flight *flight)
{
    return memcmp(flight->text, "HEAD", 5) == 0;
}
