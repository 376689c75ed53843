/* What the tests of stores share: a store of each kind, with its server if it
 * needs one, and calls that wait for their answer. */
#ifndef YK_TESTS_STORE_FIXTURE_H
#define YK_TESTS_STORE_FIXTURE_H

#include "../unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>
#include <yoke/store.h>

/* How one of several servers is hurt; restart() runs the loop meanwhile, for the
 * others are still used. */
struct hurt {
    void (*kill)(void);
    void (*restart)(void);
    void (*freeze)(void);
    void (*thaw)(void);
};

/* A kind of store. */
struct kind {
    const char *name;
    bool has_own_clock; /* A server's: tests have to wait for it. */
    bool has_channels;
    bool has_scan;
    bool has_negative;   /* Numbers below 0. */
    bool is_lax;         /* "1 " and "007" are numbers. */
    bool is_variant;     /* Of another, whose servers keep time as these do. */
    void (*start)(void); /* Its server; NULL: none. */
    /* The URL's path is the folder that a socket of this name is in; NULL: it is
     * the socket's. */
    const char *(*socket_name)(void);
    int end_signal;     /* Ends it without any further work; 0: SIGKILL. */
    void (*stop)(void); /* Its servers; NULL: fixture_kill_server. */
    /* It has several, behind a proxy that it has started; else NULL. */
    const struct hurt *servers;
};

extern const struct kind kinds[];
extern const struct kind *kind; /* The one that is tested. */

/* Chooses by name, and starts its server, with a folder of its own. Exits
 * with a message when there is none of that name. */
void fixture_start(const char *name);
void fixture_stop(void);

/* The URL, and the folder. The URL is also that of stores without one. */
void fixture_set_url(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));
const char *fixture_url(void);
const char *fixture_folder(void);

/* What fits of a file, with a NUL; false when it cannot be opened. */
bool read_text(const char *path, char *text, size_t size);

/* A port that nobody has, and none of those that the kernel gives to others
 * meanwhile; by chance, for other tests choose as well. */
int free_port(void);

/* The server's process, or 0; starts it again; ends it and waits. */
pid_t fixture_server(void);

/* Stops the server by a signal, and waits until it stands still; has it go
 * on. */
void fixture_freeze(void);
void fixture_thaw(void);
void fixture_restart_server(void);
void fixture_kill_server(void);

/* A URL that cannot be opened (EINVAL), and what the reason has to say. */
struct wrong_url {
    const char *url, *word;
};

/* Nor does the reason tell a password, which is "secret" in these. */
void assert_urls_are_refused(const struct wrong_url *cases, size_t count);

/* A store of the kind with a prefix of its own, on the tests' clock. */
yoke_store *open_store(void);
yoke_store *open_store_with(struct yoke_store_options options);
/* Closes and waits for it. */
void close_store(yoke_store *which);

/* The store of the test that runs: a fresh one for each; a test may close it,
 * and then sets it to NULL. */
extern yoke_store *store;
int setup_store(void **state);
int teardown_store(void **state);
#define WITH_STORE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, setup_store, teardown_store)

/* The tests' clock, for stores without their own. */
extern uint64_t clock_ms;

/* What a call was answered; copied. */
struct answer {
    int count; /* How often. */
    int err;
    char text[YOKE_STORE_TEXT_MAX];
    char *value; /* With a NUL; freed by the next use. */
    size_t len;
    uint64_t version;
    int64_t number;
    size_t item_count;
    struct {
        char key[YOKE_STORE_KEY_MAX + 1];
        int err;
        char value[32];
        uint64_t version;
    } items[64];
    char cursor[YOKE_STORE_KEY_MAX + 1]; /* "": the end. */
};

/* A callback whose data is a struct answer. */
void on_answer(const struct yoke_store_result *result, void *data);

/* Runs the loop until it has been answered. */
void wait_for(const struct answer *answer);

/* Runs the loop until `*flag` is at least `n`. Fails after a minute. */
void wait_count(const int *flag, int n);

/* Runs the loop for about so long. */
void run_for(unsigned ms);

/* Calls that wait. The answer is valid until the next. */
const struct answer *get(yoke_store *which, const char *key);
const struct answer *set(yoke_store *which, const char *key, const char *value,
                         uint32_t ttl_s);
const struct answer *add(yoke_store *which, const char *key, const char *value,
                         uint32_t ttl_s);
const struct answer *replace(yoke_store *which, const char *key,
                             uint64_t version, const char *value);
const struct answer *erase(yoke_store *which, const char *key);
const struct answer *touch(yoke_store *which, const char *key, uint32_t ttl_s);
const struct answer *incr(yoke_store *which, const char *key, int64_t by,
                          uint32_t ttl_s);
const struct answer *lock(yoke_store *which, const char *name, uint32_t lease_s,
                          uint32_t wait_ms);
const struct answer *renew(yoke_store *which, const char *name, int64_t fence,
                           uint32_t lease_s);
const struct answer *unlock(yoke_store *which, const char *name, int64_t fence);
const struct answer *publish(yoke_store *which, const char *channel,
                             const char *text);

/* Both close the store. It stores a value and has it afterwards; or it is not
 * connected to, and the reason has that word. */
void assert_works(yoke_store *own);
void assert_refused(yoke_store *own, const char *word);

#endif
