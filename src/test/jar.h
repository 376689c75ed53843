/* A jar of cookies, as a browser keeps one (RFC 6265 section 5): who may set
 * one, to whom it is sent, and when it ends.
 *
 * What it does not do: there is no list of public suffixes, so a cookie for a
 * domain of one label is kept by a host of that very name alone; and SameSite
 * does not matter, for a test has no page that links. */
#ifndef YK_TEST_JAR_H
#define YK_TEST_JAR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "core/slice.h"

struct yk_bytes;

struct yk_jar {
    struct yk_list cookies; /* In the order in which they were made. */
};

/* Where a request goes, or an answer comes from. */
struct yk_jar_url {
    struct yk_slice host; /* Without the port. */
    struct yk_slice path; /* Without the query. */
    bool is_https;
    int64_t now_s;
};

void yk_jar_init(struct yk_jar *jar);

/* Forgets all. */
void yk_jar_clear(struct yk_jar *jar);
void yk_jar_done(struct yk_jar *jar);

/* Keeps what a Set-Cookie field says, or forgets what it clears. Returns 0, or
 * -EINVAL when it is no cookie, -EPERM when it is for another domain. */
int yk_jar_store(struct yk_jar *jar, struct yk_slice field,
                 const struct yk_jar_url *url);

/* Adds what is to be sent there, "a=1; b=2", behind what is in `out`; longer
 * paths first. Names that `out` has already are left out. */
void yk_jar_add(struct yk_jar *jar, const struct yk_jar_url *url,
                struct yk_bytes *out);

/* The value of the cookie that would be sent there, or NULL. Borrowed until the
 * jar changes. */
const char *yk_jar_find(struct yk_jar *jar, const struct yk_jar_url *url,
                        const char *name);

#endif
