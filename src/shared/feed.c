#include "shared/feed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#include "core/banned.h"

/* What is kept while nothing is to be sent. */
#define KEPT_ROOM 4096

/* ---- Adding ---- */

static int make_room(struct yk_feed *feed, size_t len)
{
    size_t room = feed->room ? feed->room : KEPT_ROOM;

    while (room - feed->len < len)
        room *= 2;
    char *bytes =
        room == feed->room ? feed->bytes : yk_try_realloc(feed->bytes, room);
    if (!bytes)
        return -ENOMEM;
    feed->bytes = bytes;
    feed->room = room;
    return 0;
}

static int make_entry_room(struct yk_feed *feed)
{
    size_t room = feed->entry_room ? 2 * feed->entry_room : 16;

    if (feed->count < feed->entry_room)
        return 0;
    struct yk_feed_entry *entries =
        yk_try_realloc(feed->entries, room * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    feed->entries = entries;
    feed->entry_room = room;
    return 0;
}

int yk_feed_add(struct yk_feed *feed, const struct yoke_sse_event *event,
                uint64_t number)
{
    struct yoke_sse_event own = *event;
    char id[24];

    if (number > 0) {
        snprintf(id, sizeof(id), "%" PRIu64, number);
        own.id = id;
    }
    ssize_t len = yoke_sse_write(&own, NULL, 0);
    if (len < 0)
        return (int)len;
    if (make_room(feed, (size_t)len) < 0 || make_entry_room(feed) < 0)
        return -ENOMEM;
    yoke_sse_write(&own, feed->bytes + feed->len, (size_t)len);
    feed->len += (size_t)len;
    feed->entries[feed->count++] =
        (struct yk_feed_entry){number, yk_feed_end(feed)};
    return 0;
}

uint64_t yk_feed_end(const struct yk_feed *feed)
{
    return feed->base + feed->len;
}

/* ---- Reading ---- */

struct yk_slice yk_feed_behind(const struct yk_feed *feed, uint64_t place,
                               uint64_t last, size_t *ret_count)
{
    size_t i = 0;

    if (place < feed->base)
        place = feed->base;
    while (i < feed->count && feed->entries[i].end <= place)
        i++;
    while (i < feed->count && feed->entries[i].number > 0 &&
           feed->entries[i].number <= last)
        place = feed->entries[i++].end;
    *ret_count = feed->count - i;
    if (*ret_count == 0)
        return YK_LIT("");
    return (struct yk_slice){feed->bytes + (place - feed->base),
                             (size_t)(yk_feed_end(feed) - place)};
}

/* ---- Dropping ---- */

static void drop_entries(struct yk_feed *feed, uint64_t place)
{
    size_t n = 0;

    while (n < feed->count && feed->entries[n].end <= place)
        n++;
    if (n == 0)
        return;
    feed->count -= n;
    memmove(feed->entries, feed->entries + n,
            feed->count * sizeof(feed->entries[0]));
}

void yk_feed_drop(struct yk_feed *feed, uint64_t place)
{
    size_t len = (size_t)(place - feed->base);

    if (len == 0)
        return;
    drop_entries(feed, place);
    feed->len -= len;
    feed->base = place;
    if (feed->len > 0) {
        memmove(feed->bytes, feed->bytes + len, feed->len);
    } else if (feed->room > KEPT_ROOM) {
        free(feed->bytes);
        feed->bytes = NULL;
        feed->room = 0;
    }
}

void yk_feed_free(struct yk_feed *feed)
{
    free(feed->bytes);
    free(feed->entries);
    *feed = (struct yk_feed){.bytes = NULL};
}
