#include "app/handler_data.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/alloc.h"

#include "core/banned.h"

#define BUCKETS 256 /* A power of 2. */

struct held {
    struct held *next;
    void *data;
    uint32_t places; /* That the handler is registered at. */
};

/* Of all applications, for two may share a handler. Nothing that serves a
 * request comes here. */
static struct held *buckets[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Where the entry is pointed to, or where one would be. The low bits of what
 * comes from the allocator are all alike. */
static struct held **place_of(const void *data)
{
    uintptr_t bits = (uintptr_t)data >> 4;
    struct held **at = &buckets[(bits ^ bits >> 8) % BUCKETS];

    while (*at && (*at)->data != data)
        at = &(*at)->next;
    return at;
}

void yk_handler_data_hold(const struct yoke_handler *handler)
{
    if (!handler->free)
        return;
    pthread_mutex_lock(&lock);
    struct held **at = place_of(handler->data);
    if (!*at) {
        *at = yk_alloc(sizeof(**at));
        (*at)->data = handler->data;
    }
    (*at)->places++;
    pthread_mutex_unlock(&lock);
}

static bool is_last(void *data)
{
    struct held **at = place_of(data), *held = *at;

    if (--held->places > 0)
        return false;
    *at = held->next;
    free(held);
    return true;
}

void yk_handler_data_release(const struct yoke_handler *handler)
{
    if (!handler->free)
        return;
    pthread_mutex_lock(&lock);
    bool is_over = is_last(handler->data);
    pthread_mutex_unlock(&lock);
    if (is_over)
        handler->free(handler->data);
}
