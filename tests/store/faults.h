/* What every store with a server promises when the server is stopped, killed or
 * frozen, or cuts connections: each call is answered once, soon, and the store
 * is back when the server is. The tests, the same for all, and what other tests
 * of faults are made of. */
#ifndef YK_TESTS_STORE_FAULTS_H
#define YK_TESTS_STORE_FAULTS_H

#include "fixture.h"

/* How a server is hurt. */
struct faults {
    const char *nowhere;        /* A URL but for the path of its socket, which
                                   follows it, and where nobody is. */
    void (*cut)(void);          /* Has the server cut the connections that calls
                                   go over. NULL: it cannot. */
    void (*cut_channels)(void); /* Those of subscriptions. NULL: it has none. */
};

/* Runs them at the server that fixture_start has started. Returns how many
 * failed. */
int run_fault_tests(const struct faults *faults);

/* ---- What they are made of ---- */

/* How calls ended. */
struct tally {
    int count, good, unavailable, timed_out;
};

/* A callback whose data is a struct tally. */
void on_tally(const struct yoke_store_result *result, void *data);

bool is_up(yoke_store *which);

/* Runs the loop while it is up. Fails after a while. */
void wait_until_down(yoke_store *which);

/* Runs the loop until it works again. Fails after a minute. */
void wait_until_back(yoke_store *which);

/* Increments of the key "load" of `store`, a hundred under way at a time. */
struct load {
    struct tally tally;
    int started;
    bool is_over;
};

extern struct load load;

void start_load(void);

/* Waits for the last answer. */
void stop_load(void);

/* What a subscriber has heard. */
struct ear {
    int ready, missed, messages;
};

/* A callback whose data is a struct ear. */
void on_heard(const struct yoke_store_message *message, void *data);

#endif
