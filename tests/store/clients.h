/* Clients that talk to `store`, all at a time: each stores a number under its own
 * key, reads it, and goes on with the next one. They notice answers that come
 * twice, that belong to another, or that say what cannot be. */
#ifndef YK_TESTS_STORE_CLIENTS_H
#define YK_TESTS_STORE_CLIENTS_H

#include "fixture.h"

#define CLIENTS 64

extern struct talk {
    int good, unavailable, timed_out; /* Answers, and others: */
    int wrong;
    int back;            /* Clients with a good one since clients_expect. */
    uint64_t longest_ms; /* That a call has taken. */
    bool is_slow; /* They rest after each answer: where it takes seconds. */
    bool is_over;
} talk;

void clients_start(void);

/* Waits for the last answers. Fails if one was missing or wrong. */
void clients_stop(void);

/* Begins to count who has been served. */
void clients_expect(void);

uint64_t loop_ms(void);

/* Stores values, and finds all of them later. */
void clients_keep(void);
void clients_find_kept(void);

#endif
