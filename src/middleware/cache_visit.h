/* A visit: what the cache of answers knows of one request that came by. The
 * files that make it up share this.
 *
 *     http_cache.c      the handler: which requests are looked at
 *     cache_wishes.c    what the request wants of a cache
 *     cache_page.c      what its page is kept under, and who makes that void
 *     cache_lookup.c    what is there, and answering with it
 *     cache_recorder.c  the handlers' answer, watched on its way out
 *     cache_gift.c      what of it is given to the cache
 *     cache_status.c    what the client is told
 *
 * A visit may outlive its request, for what was answered is still to be put into
 * the store. It is freed when nobody refers to it: a call of the cache that has
 * not come back, a job that is not given, the answer that is being watched. */
#ifndef YK_MIDDLEWARE_CACHE_VISIT_H
#define YK_MIDDLEWARE_CACHE_VISIT_H

#include <yoke/middleware/http_cache.h>

#include "middleware/freshness.h"
#include "middleware/kept_answer.h"
#include "middleware/vary.h"

/* The middleware in one place of an application. */
struct yk_cache_layer {
    struct yoke_http_cache_options options; /* Defaults filled in. */
    struct yk_visit *spare;                 /* Free ones. */
    unsigned spare_count;
    unsigned visit_count;
    bool is_over; /* The application is gone; the last visit frees it. */
};

struct yk_visit {
    struct yk_cache_layer *layer;
    struct yk_visit *next; /* Among the spare ones. */
    yoke_req *req;
    yoke_res *res;
    unsigned refs;
    /* The page: */
    const char *key; /* In the request's memory. */
    bool has_list;   /* It has variants; */
    struct yk_variants list;
    uint64_t list_version; /* of what is in the store. */
    /* What is wanted: */
    struct yoke_cache_query query;
    bool
        has_wishes; /* About answers, which lists of variants need not fulfil. */
    bool is_only_if_cached;
    /* What becomes of it: */
    const char *fwd;     /* Why it goes on to the handlers, for Cache-Status. */
    yoke_cache_job *job; /* NULL: not this request's, or given. */
    bool is_computing;   /* It is, or was, this request's. */
    bool is_complete;    /* All of the answer has been seen. */
    /* The handlers' answer: */
    struct yk_fields_before before;
    struct yk_freshness freshness;
    char vary[YK_VARY_NAMES_MAX];
    struct yk_pile pile;
    size_t head_len; /* Of it. */
};

/* Begins one, with one reference. */
struct yk_visit *yk_visit_take(struct yk_cache_layer *layer, yoke_req *req,
                               yoke_res *res);

/* Gives a reference back; with the last one it is over. */
void yk_visit_release(struct yk_visit *visit);

/* The request goes on to the handlers, and their answer is not looked at. `fwd`
 * is why. One that wanted only what is there is answered 504. Gives a reference
 * back. */
void yk_visit_pass(struct yk_visit *visit, const char *fwd);

/* Frees the layer, if its application has gone, and all visits. */
void yk_cache_layer_free_if_idle(struct yk_cache_layer *layer);

#endif
