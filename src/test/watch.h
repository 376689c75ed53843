/* Handles that handlers open in the process's loop, and do not close.
 *
 * The loop's handles are compared with those that were there before. A new one
 * belongs to the request that was handled last when it is first seen. At the
 * end a handle that keeps the loop alive, or would when it is started, and is
 * not being closed, is a leak. Who opens one on purpose, for the life of the
 * process, calls uv_unref(). */
#ifndef YK_TEST_WATCH_H
#define YK_TEST_WATCH_H

#include <stddef.h>

struct yk_bytes;
struct yk_watched;

struct yk_watch {
    struct yk_watched *items; /* Every handle in the loop. */
    size_t count, capacity;
    char *request; /* The request that was handled last; NULL: none. */
};

/* Notes every handle that there is; a watch that was used before forgets. To be
 * given zeroed memory. */
void yk_watch_init(struct yk_watch *watch);

void yk_watch_done(struct yk_watch *watch);

/* Notes the handles that are new. */
void yk_watch_look(struct yk_watch *watch);

/* From now on new handles are those of this request; copied. */
void yk_watch_request(struct yk_watch *watch, const char *request);

/* Adds a line for each handle that was left open; none if there is none. */
void yk_watch_add_leaks(struct yk_watch *watch, struct yk_bytes *text);

#endif
