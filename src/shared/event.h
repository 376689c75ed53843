/* An event as it travels through the store and is kept there. Pure.
 *
 *     "ye" version flags  number (8)  three lengths (4 each) | type NUL id NUL
 *     text NUL
 *
 * so that its strings can be used as they lie there. */
#ifndef YK_SHARED_EVENT_H
#define YK_SHARED_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/sse.h>

#include "core/slice.h"

/* The bytes that it takes. */
size_t yk_event_len(const struct yoke_sse_event *event);

/* Writes so many. */
void yk_event_write(const struct yoke_sse_event *event, char *out);

/* Gives what was written its number. */
void yk_event_set_number(char *bytes, uint64_t number);

/* Reads one; its strings point into the bytes. False when these are none. */
bool yk_event_read(struct yk_slice bytes, struct yoke_sse_event *ret_event,
                   uint64_t *ret_number);

#endif
