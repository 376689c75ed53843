/* Asking running clusters (yoke/control.h), for the commands that look. */
#ifndef YK_CLI_ASK_H
#define YK_CLI_ASK_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* The names of the clusters that are running. */
struct yk_ask_names {
    char **items; /* yk_ask_forget frees them. */
    size_t count;
};

/* To be called first: signals end the command again, as is usual. */
void yk_ask_begin(void);

/* Returns 0, or -1 after having said what is wrong. */
int yk_ask_names(struct yk_ask_names *ret_names);
void yk_ask_forget(struct yk_ask_names *names);

/* The one cluster that is meant: `name`, or without one the only one that is
 * running; one of `names`. NULL after having said what is wrong. */
const char *yk_ask_choose(const struct yk_ask_names *names, const char *name);

/* Sends a request, an object, which is taken over, to the cluster of that name,
 * and returns the answer's result, the caller's; NULL after having said what is
 * wrong. */
json_t *yk_ask(const char *name, json_t *request);

/* The same, for what takes its time: waits for ever. */
json_t *yk_ask_patiently(const char *name, json_t *request);

/* A whole number at a path of names in an object, "latency_us", "p50"; 0 when
 * it is not there. `inner` may be NULL. */
uint64_t yk_ask_number(const json_t *object, const char *outer,
                       const char *inner);

/* A string; "" when it is none. */
const char *yk_ask_text(const json_t *object, const char *name);

#endif
