/* What a station's clients are about to be sent: events in the form in which
 * they leave, written once for all.
 *
 *     dropped   | event | event | event |
 *     ..........^ base        ^         ^ end
 *                      a client's place: what is behind it is still to come
 *
 * A place is counted in bytes since the station's first event, so it stays what
 * it is when events that all have got are dropped. */
#ifndef YK_SHARED_FEED_H
#define YK_SHARED_FEED_H

#include <stddef.h>
#include <stdint.h>

#include <yoke/sse.h>

#include "core/slice.h"

/* An event in it. */
struct yk_feed_entry {
    uint64_t number; /* Its id; 0: none. */
    uint64_t end;    /* The place behind it. */
};

/* Zero is empty. */
struct yk_feed {
    char *bytes;
    size_t len, room;
    uint64_t base; /* The place of the first byte. */
    struct yk_feed_entry *entries;
    size_t count, entry_room;
};

/* Adds an event, with its number as its id if it has one. Returns 0, or
 * -ENOMEM. */
int yk_feed_add(struct yk_feed *feed, const struct yoke_sse_event *event,
                uint64_t number);

/* The place behind all. */
uint64_t yk_feed_end(const struct yk_feed *feed);

/* What is behind a place, without events whose number is `last` or less, but for
 * those that have none; `*ret_count` is how many events that is. Borrowed until
 * something is added or dropped. */
struct yk_slice yk_feed_behind(const struct yk_feed *feed, uint64_t place,
                               uint64_t last, size_t *ret_count);

/* Drops what is before a place. */
void yk_feed_drop(struct yk_feed *feed, uint64_t place);

void yk_feed_free(struct yk_feed *feed);

#endif
