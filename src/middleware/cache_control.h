/* Cache-Control, of a request or of an answer (RFC 9111 section 5.2). */
#ifndef YK_MIDDLEWARE_CACHE_CONTROL_H
#define YK_MIDDLEWARE_CACHE_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/* Largest number of seconds: what is larger is this (section 1.2.2). */
#define YK_CACHE_SECONDS_MAX INT32_MAX

/* What the directives said. */
struct yk_cache_control {
    bool no_store;
    bool no_cache;   /* Also with names of fields: it is as if without. */
    bool is_private; /* The same. */
    bool is_public;
    bool must_revalidate;
    bool proxy_revalidate;
    bool must_understand;
    bool only_if_cached;
    /* Seconds; -1: not said. What is no number is 0; of several the smallest
     * counts. */
    int64_t max_age;
    int64_t s_maxage;
    int64_t min_fresh;
    int64_t max_stale; /* Without a number: the largest. */
    int64_t stale_while_revalidate;
    int64_t stale_if_error;
};

/* Nothing said. */
void yk_cache_control_init(struct yk_cache_control *control);

/* Adds what one field says. Unknown directives are passed over. */
void yk_cache_control_add(struct yk_cache_control *control, const char *field);

#endif
