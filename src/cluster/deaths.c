#include "cluster/deaths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cluster/board.h"
#include "cluster/causes.h"
#include "cluster/worker.h"
#include "core/alloc.h"

#include "core/banned.h"

/* The ring; the death of number n is at n modulo its size. Written by the
 * functions of this file, in the primary. */
static struct yk_death ring[YK_DEATHS_MAX];
static uint64_t count;
static uint64_t accidents; /* Of them. */
static struct yk_causes causes;

/* ---- What was in flight ---- */

static void keep_request(struct yk_death *death, const struct yk_flight *flight,
                         bool was_running, uint64_t now_ns)
{
    struct yk_death_request *request;

    death->open_count++;
    if (!death->requests || death->kept_count == YK_DEATH_REQUESTS_MAX)
        return;
    request = &death->requests[death->kept_count++];
    yk_flight_line(flight, request->line);
    request->was_running = was_running;
    request->open_ms =
        now_ns > flight->begun_ns ? (now_ns - flight->begun_ns) / 1000000 : 0;
}

static void read_requests(struct yk_death *death,
                          const struct yk_flights *flights)
{
    const struct yk_flight *running = yk_flights_running(flights);
    uint64_t now_ns = yk_now_ns();
    struct yk_flight copy;

    if (yk_flights_count(flights) == 0)
        return;
    death->requests =
        yk_try_alloc(YK_DEATH_REQUESTS_MAX * sizeof(*death->requests));
    if (running && yk_flight_look(running, &copy))
        keep_request(death, &copy, true, now_ns);
    for (int i = 0; i < YK_FLIGHTS_MAX; i++)
        if (&flights->entries[i] != running &&
            yk_flight_look(&flights->entries[i], &copy))
            keep_request(death, &copy, false, now_ns);
    death->open_count +=
        atomic_load_explicit(&flights->more, memory_order_relaxed);
}

/* ---- The ring ---- */

static void forget(struct yk_death *death)
{
    free(death->requests);
    free(death->last_said);
    *death = (struct yk_death){.number = 0};
}

static int64_t wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void yk_deaths_add(const struct yoke_worker *worker,
                   const struct yoke_exit *why)
{
    struct yk_death *death = &ring[++count % YK_DEATHS_MAX];
    uint64_t now_ms = yk_now_ns() / 1000000;

    forget(death);
    *death = (struct yk_death){
        .number = count,
        .wall_ms = wall_ms(),
        .id = worker->id,
        .slot = worker->slot,
        .pid = worker->pid,
        .generation = worker->generation,
        .lived_ms = now_ms > worker->forked_ms ? now_ms - worker->forked_ms : 0,
        .cause = why->cause,
        .code = why->code,
        .signal = why->signal,
        .core_dumped = why->core_dumped,
        .was_meant = worker->is_leaving,
    };
    snprintf(death->text, sizeof(death->text), "%s", yoke_exit_text(why));
    accidents += !death->was_meant;
    yk_causes_count(&causes, why->cause);
    if (worker->board)
        read_requests(death, &worker->board->flights);
}

static struct yk_death *find_id(int id)
{
    for (uint64_t number = count; number > 0; number--) {
        struct yk_death *death = &ring[number % YK_DEATHS_MAX];
        if (death->number != number)
            return NULL;
        if (death->id == id)
            return death;
    }
    return NULL;
}

int yk_deaths_set_stderr(int id, const char *ptr, size_t len)
{
    struct yk_death *death = find_id(id);
    char *text;

    if (!death)
        return -ENOENT;
    if (len > YK_DEATH_STDERR_MAX) {
        const char *from = ptr + len - YK_DEATH_STDERR_MAX;
        const char *newline = memchr(from, '\n', YK_DEATH_STDERR_MAX - 1);
        from = newline ? newline + 1 : from;
        len -= (size_t)(from - ptr);
        ptr = from;
    }
    text = yk_try_alloc(len + 1);
    if (!text)
        return -ENOMEM;
    memcpy(text, ptr, len);
    text[len] = '\0';
    free(death->last_said);
    death->last_said = text;
    return 0;
}

uint64_t yk_deaths_count(void)
{
    return count;
}

const struct yk_death *yk_deaths_get(uint64_t number)
{
    const struct yk_death *death = &ring[number % YK_DEATHS_MAX];

    return number > 0 && death->number == number ? death : NULL;
}

uint64_t yk_deaths_accidents(void)
{
    return accidents;
}

const struct yk_causes *yk_deaths_causes(void)
{
    return &causes;
}

const struct yk_death *yk_deaths_last_of(int slot)
{
    for (uint64_t number = count; number > 0; number--) {
        const struct yk_death *death = yk_deaths_get(number);
        if (!death || (death->slot == slot && !death->was_meant))
            return death;
    }
    return NULL;
}

static struct yk_death_request *copy_requests(const struct yk_death *death)
{
    size_t size = death->kept_count * sizeof(*death->requests);
    struct yk_death_request *copy = size ? yk_try_alloc(size) : NULL;

    if (copy)
        memcpy(copy, death->requests, size);
    return copy;
}

void yk_deaths_resume(const struct yk_death *death, const char *said)
{
    struct yk_death *entry = &ring[death->number % YK_DEATHS_MAX];

    forget(entry);
    *entry = *death;
    entry->requests = copy_requests(death);
    if (!entry->requests)
        entry->kept_count = 0;
    entry->last_said = NULL;
    count = death->number;
    if (said)
        yk_deaths_set_stderr(death->id, said, strlen(said));
}

void yk_deaths_set_accidents(uint64_t number)
{
    accidents = number;
}

void yk_deaths_set_causes(const struct yk_causes *counted)
{
    causes = *counted;
}

void yk_deaths_clear(void)
{
    for (int i = 0; i < YK_DEATHS_MAX; i++)
        forget(&ring[i]);
    count = accidents = 0;
    causes = (struct yk_causes){.count = {0}};
}
