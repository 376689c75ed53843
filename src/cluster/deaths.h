/* The last deaths: a ring of what is known about each, for `yoke why`. */
#ifndef YK_CLUSTER_DEATHS_H
#define YK_CLUSTER_DEATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <yoke/cluster.h>

#include "net/flights.h"

struct yk_board;
struct yk_causes;
struct yoke_worker;

/* Deaths that are remembered. */
#define YK_DEATHS_MAX         64
/* Requests in flight that are, of one death. */
#define YK_DEATH_REQUESTS_MAX 16
/* Bytes of its last lines on standard error. */
#define YK_DEATH_STDERR_MAX   4096

/* A request that was open when its worker died. */
struct yk_death_request {
    char line[YK_FLIGHT_LINE_MAX];
    uint64_t open_ms;
    bool was_running; /* Its handler was. */
};

struct yk_death {
    uint64_t number; /* From 1; never used again. */
    int64_t wall_ms; /* When, since 1970. */
    int id, slot;    /* The slot is 0 outside the supervised form. */
    pid_t pid;
    unsigned generation;
    uint64_t lived_ms;
    enum yoke_cause cause;
    int code, signal; /* As in struct yoke_exit. */
    bool core_dumped;
    bool was_meant;      /* It was told to end. */
    char text[512];      /* yoke_exit_text of it. */
    char *last_said;     /* On standard error; owned; NULL: not known. */
    unsigned open_count; /* Requests in flight, */
    unsigned kept_count; /* and how many of them are in `requests`, */
    struct yk_death_request
        *requests; /* owned; the one that ran comes first. */
};

/* A worker has died. Reads its board, if it is still there. */
void yk_deaths_add(const struct yoke_worker *worker,
                   const struct yoke_exit *why);

/* What the worker with that id wrote last, once its death is entered: the end
 * of it is kept, from the beginning of a line. A later call replaces it.
 * Returns 0; -ENOENT when that death is not remembered; -ENOMEM. */
int yk_deaths_set_stderr(int id, const char *ptr, size_t len);

/* How many have been entered, ever. */
uint64_t yk_deaths_count(void);

/* The one of that number, or NULL when there is none (any more). */
const struct yk_death *yk_deaths_get(uint64_t number);

/* How many of them nobody meant to happen. */
uint64_t yk_deaths_accidents(void);

/* Why they ended, all of them. */
const struct yk_causes *yk_deaths_causes(void);

/* The last one of those in the slot, or NULL. */
const struct yk_death *yk_deaths_last_of(int slot);

/* One that another primary has told: the highest number last. `said` may be
 * NULL. All is copied. */
void yk_deaths_resume(const struct yk_death *death, const char *said);
void yk_deaths_set_accidents(uint64_t number);
void yk_deaths_set_causes(const struct yk_causes *counted);

/* Forgets all: for tests. */
void yk_deaths_clear(void);

#endif
