#include "middleware/rate_shared.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "app/hash.h"
#include "middleware/texts.h"

#include "core/banned.h"

/* Of a name that is too long so much is kept, and half of a hash of all of it:
 * two that are the same by 128 bits of SHA-256 nobody can make. */
#define HASH_LEN   16
#define KEPT_LEN   (YK_RATE_KEY_MAX - 1 - 2 * HASH_LEN)
#define PREFIX_MAX 80

/* ---- Time ---- */

/* All machines' clock. */
uint64_t yk_rate_now_ms(const struct yk_rate_shared *shared)
{
    struct timespec now;
    if (shared->options.now_ms)
        return shared->options.now_ms(shared->options.now_data);
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t yk_rate_ttl_s(uint64_t ms)
{
    /* Stores' clocks tick in seconds. */
    uint64_t s = ms / 1000 + 2;
    return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

/* ---- Keys ---- */

/* Blanks and control characters, which a store refuses, as %XX. False: there is
 * more than `max`. */
static bool encode(const char *text, char *out, size_t max)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = c > ' ' && c < 0x7f && c != '%';
        if (len + (is_plain ? 1 : 3) > max)
            break;
        if (!is_plain) {
            out[len++] = '%';
            out[len++] = digits[c >> 4];
            c = (unsigned char)digits[c & 15];
        }
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return !*text;
}

/* "~" and HASH_LEN bytes in hex. */
static void write_hash(const char *text, char *out)
{
    uint8_t hash[YK_SHA256_LEN];
    yk_sha256(yk_slice_of(text), hash);
    *out++ = '~';
    for (int i = 0; i < HASH_LEN; i++, out += 2)
        snprintf(out, 3, "%02x", hash[i]);
}

static void write_key(const struct yk_rate_shared *shared, const char *client,
                      char key[YK_RATE_KEY_MAX + 1])
{
    size_t used = strlen(shared->options.prefix);
    memcpy(key, shared->options.prefix, used);
    if (encode(client, key + used, YK_RATE_KEY_MAX - used))
        return;
    encode(client, key + used, KEPT_LEN - used);
    write_hash(client, key + strlen(key));
}

/* ---- Queues ---- */

static struct yk_rate_queue **list_of(struct yk_rate_shared *shared,
                                      const char *key)
{
    return &shared->queues[yk_sip_hash(&shared->list_key, key) % YK_RATE_LISTS];
}

static struct yk_rate_queue *find(struct yk_rate_shared *shared,
                                  const char *key)
{
    struct yk_rate_queue *queue = *list_of(shared, key);
    while (queue && strcmp(queue->key, key) != 0)
        queue = queue->next;
    return queue;
}

static struct yk_rate_queue *queue_new(struct yk_rate_shared *shared,
                                       const char *key,
                                       const struct yoke_rate *rate)
{
    struct yk_rate_queue *queue = calloc(1, sizeof(*queue));
    struct yk_rate_queue **list = list_of(shared, key);
    if (!queue)
        return NULL;
    queue->shared = shared;
    queue->rate = *rate;
    queue->last = &queue->first;
    memcpy(queue->key, key, strlen(key) + 1);
    queue->next = *list;
    *list = queue;
    shared->queue_count++;
    return queue;
}

static void free_if_over(struct yk_rate_shared *shared)
{
    if (!shared->is_freed || shared->queue_count > 0)
        return;
    yk_text_free(shared->options.prefix);
    free(shared);
}

static void queue_free(struct yk_rate_queue *queue)
{
    struct yk_rate_shared *shared = queue->shared;
    struct yk_rate_queue **at = list_of(shared, queue->key);
    while (*at != queue)
        at = &(*at)->next;
    *at = queue->next;
    free(queue);
    shared->queue_count--;
    free_if_over(shared);
}

static void begin_round(struct yk_rate_queue *queue)
{
    queue->batch = 0;
    queue->batch_cost = 0;
    for (const struct yk_rate_waiting *one = queue->first;
         one && queue->batch < YK_RATE_BATCH_MAX; one = one->next) {
        queue->batch++;
        if (one->cost <= queue->rate.limit)
            queue->batch_cost += one->cost;
    }
    queue->shared->round(queue);
}

static struct yk_rate_waiting *shift(struct yk_rate_queue *queue)
{
    struct yk_rate_waiting *one = queue->first;
    queue->first = one->next;
    if (!queue->first)
        queue->last = &queue->first;
    return one;
}

void yk_rate_answer(struct yk_rate_queue *queue, int err)
{
    for (; queue->batch > 0; queue->batch--) {
        struct yk_rate_waiting *one = shift(queue);
        if (one->done)
            one->done(one->data, err, err < 0 ? NULL : &one->state);
        free(one);
    }
    if (queue->first)
        begin_round(queue);
    else
        queue_free(queue);
}

/* ---- The store ---- */

/* Puts it behind those who wait. False: there is no memory. */
static bool wait(struct yk_rate_shared *shared, const char *key,
                 const struct yoke_rate *rate, yoke_rate_done *done, void *data)
{
    struct yk_rate_waiting *one = calloc(1, sizeof(*one));
    struct yk_rate_queue *queue = find(shared, key);
    bool is_first = !queue;
    if (one && is_first)
        queue = queue_new(shared, key, rate);
    if (!one || !queue) {
        free(one);
        return false;
    }
    one->done = done;
    one->data = data;
    one->cost = yk_rate_cost(rate);
    *queue->last = one;
    queue->last = &one->next;
    if (is_first)
        begin_round(queue);
    return true;
}

static void take(struct yoke_rate_store *base, const char *client,
                 const struct yoke_rate *rate, uint64_t now_ms,
                 yoke_rate_done *done, void *data)
{
    struct yk_rate_shared *shared = (struct yk_rate_shared *)base;
    char key[YK_RATE_KEY_MAX + 1];
    (void)now_ms; /* This machine's; all have to use the same. */
    write_key(shared, client, key);
    if (!wait(shared, key, rate, done, data))
        done(data, -ENOMEM, NULL);
}

static void give(struct yoke_rate_store *base, const char *client,
                 const struct yoke_rate *rate,
                 const struct yoke_rate_state *state, uint64_t now_ms)
{
    struct yk_rate_shared *shared = (struct yk_rate_shared *)base;
    char key[YK_RATE_KEY_MAX + 1];
    (void)now_ms;
    if (!shared->store)
        return;
    write_key(shared, client, key);
    if (shared->options.way == YOKE_RATE_WINDOW)
        yk_rate_window_give(shared, key, rate, state->taken_at);
    else
        wait(shared, key, rate, NULL, NULL);
}

void yk_rate_on_forgotten(const struct yoke_store_result *result, void *data)
{
    (void)data;
    if (result->err < 0 && result->err != -ENOENT)
        yoke_log(
            YOKE_LOG_ERROR,
            "yoke_rate_reset: the store fails, the client's requests go on "
            "to count: %s",
            yoke_strerror(result->err));
}

static void reset(struct yoke_rate_store *base, const char *client,
                  const struct yoke_rate *rate, uint64_t now_ms)
{
    struct yk_rate_shared *shared = (struct yk_rate_shared *)base;
    char key[YK_RATE_KEY_MAX + 1];
    (void)now_ms;
    if (!shared->store)
        return;
    write_key(shared, client, key);
    if (shared->options.way == YOKE_RATE_WINDOW)
        yk_rate_window_reset(shared, key, rate);
    else
        yoke_store_delete(shared->store, key, yk_rate_on_forgotten, NULL);
}

static void take_nowhere(struct yoke_rate_store *base, const char *client,
                         const struct yoke_rate *rate, uint64_t now_ms,
                         yoke_rate_done *done, void *data)
{
    (void)base, (void)client, (void)rate, (void)now_ms;
    done(data, -YOKE_EUNAVAILABLE, NULL);
}

static void shared_free(struct yoke_rate_store *base)
{
    struct yk_rate_shared *shared = (struct yk_rate_shared *)base;
    shared->is_freed = true;
    free_if_over(shared);
}

struct yoke_rate_store *
yoke_rate_store_shared_with(yoke_store *store,
                            const struct yoke_rate_shared_options *options)
{
    struct yk_rate_shared *shared = yk_zeroed(sizeof(*shared));
    char prefix[PREFIX_MAX + 1];
    snprintf(prefix, sizeof(prefix), "%s",
             options->prefix ? options->prefix : "rate:");
    shared->options = *options;
    shared->options.prefix = yk_text_copy(prefix);
    shared->store = store;
    shared->round = options->way == YOKE_RATE_BUCKET ? yk_rate_bucket_round
                                                     : yk_rate_window_round;
    shared->base.take = store ? take : take_nowhere;
    shared->base.give = give;
    shared->base.reset = reset;
    shared->base.free = shared_free;
    yk_sip_key_make(&shared->list_key);
    /* Now, so that a missing libcrypto is noticed at the start. */
    char unused[2 + 2 * HASH_LEN];
    write_hash("", unused);
    return &shared->base;
}
