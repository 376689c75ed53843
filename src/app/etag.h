/* Makes entity tags: of bodies, as the setting "etag" says (yoke/etag.h), and
 * of files. */
#ifndef YK_APP_ETAG_H
#define YK_APP_ETAG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/slice.h"

struct yoke_req;

/* The tag of a body, in the arena. */
struct yk_slice yk_etag_of_body(struct yk_slice body, bool is_weak,
                                struct yk_arena *arena);

/* The tag of a file: its size and its time of change in milliseconds, in hex.
 * Always weak, for a file can change twice in a millisecond. */
struct yk_slice yk_etag_of_file(uint64_t size, int64_t changed_ms,
                                struct yk_arena *arena);

/* Gives the answer its `ETag` if the application wants one and it has none. */
void yk_etag_set(struct yoke_req *req, struct yk_slice body);

#endif
