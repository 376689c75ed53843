#include "test/watch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/later.h"
#include "test/bytes.h"

struct yk_watched {
    const uv_handle_t *handle;
    char *request; /* Which has opened it; NULL: none of ours. */
    bool is_there; /* In the walk that is going on. */
};

static struct yk_watched *find(struct yk_watch *watch,
                               const uv_handle_t *handle)
{
    for (size_t i = 0; i < watch->count; i++)
        if (watch->items[i].handle == handle)
            return &watch->items[i];
    return NULL;
}

static void see(uv_handle_t *handle, void *data)
{
    struct yk_watch *watch = data;
    struct yk_watched *item = find(watch, handle);
    if (item) {
        item->is_there = true;
        return;
    }
    if (watch->count == watch->capacity) {
        watch->capacity = watch->capacity ? watch->capacity * 2 : 16;
        watch->items =
            yk_realloc(watch->items, watch->capacity, sizeof(*watch->items));
    }
    watch->items[watch->count++] =
        (struct yk_watched){handle, yk_strdup(watch->request), true};
}

/* One that has gone is forgotten: the next may have its address. */
static void forget_gone(struct yk_watch *watch)
{
    size_t kept = 0;
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->items[i].is_there)
            watch->items[kept++] = watch->items[i];
        else
            free(watch->items[i].request);
    }
    watch->count = kept;
}

void yk_watch_look(struct yk_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        watch->items[i].is_there = false;
    uv_walk(yoke_loop(), see, watch);
    forget_gone(watch);
}

static void do_nothing(struct yk_later *later)
{
    (void)later;
}

/* The loop's handle of `later` is made at its first use, and stays. */
static void make_lasting_handles(void)
{
    struct yk_later later;
    yk_later_init(&later, do_nothing);
    yk_later_start(&later);
    yk_later_stop(&later);
}

void yk_watch_init(struct yk_watch *watch)
{
    yk_watch_done(watch);
    make_lasting_handles();
    yk_watch_look(watch);
}

void yk_watch_done(struct yk_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++)
        free(watch->items[i].request);
    free(watch->items);
    free(watch->request);
    *watch = (struct yk_watch){0};
}

void yk_watch_request(struct yk_watch *watch, const char *request)
{
    free(watch->request);
    watch->request = yk_strdup(request);
}

void yk_watch_add_leaks(struct yk_watch *watch, struct yk_bytes *text)
{
    yk_watch_look(watch);
    for (size_t i = 0; i < watch->count; i++) {
        const struct yk_watched *item = &watch->items[i];
        const char *type = uv_handle_type_name(item->handle->type);
        if (!item->request || uv_is_closing(item->handle) ||
            !uv_has_ref(item->handle))
            continue;
        yk_bytes_printf(text, "a %s was left open in the loop by %s\n",
                        type ? type : "handle", item->request);
    }
}
