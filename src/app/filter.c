#include "app/filter.h"

#include <errno.h>
#include <stdlib.h>

#include <yoke/error.h>

#include "app/req.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "http/status.h"
#include "net/later.h"

#include "core/banned.h"

#define FIRST_CAPACITY 4096

/* With so much waiting no further piece is taken. Half of what the exchange
 * takes, so that there always is room for what filters still hold. */
#define FULL (8u << 20)

#define NO_PROMISE UINT64_MAX

/* A body that is sent whole and is longer goes through in slices: by gzip one
 * takes a millisecond. */
#define LARGE     (64u << 10)
#define SLICE_LEN (32u << 10)

struct yoke_filter {
    struct yk_filtering *all;
    yoke_filter *next; /* NULL: the last. */
    yoke_filter_fn *fn;
    void *data;
};

struct yk_filtering {
    yoke_res *res;
    yoke_filter *first;
    uint64_t left;         /* Bytes that are promised and still to come in. */
    char *ptr;             /* What has come out; malloc's. */
    size_t len, capacity;  /* Of it. */
    struct yk_later flush; /* At the end of this turn of the loop. */
    struct yk_later slice; /* In the next turns: */
    char *body;            /* a large body, malloc's; NULL: none; */
    size_t body_len, at;   /* and how far it has come. */
    bool is_broken;        /* The connection is being cut. */
};

/* ---- Registration ---- */

static void on_turn_end(struct yk_later *later);
static void on_slice(struct yk_later *later);

static struct yk_filtering *filtering_of(yoke_res *res)
{
    if (res->filtering)
        return res->filtering;
    struct yk_filtering *all = yk_arena_alloc(res->req->x->arena, sizeof(*all));
    *all = (struct yk_filtering){.res = res, .left = NO_PROMISE};
    yk_later_init(&all->flush, on_turn_end);
    yk_later_init(&all->slice, on_slice);
    res->filtering = all;
    res->req->needs_release = true;
    return all;
}

int yoke_res_filter(yoke_res *res, yoke_filter_fn *fn, void *data)
{
    if (yoke_res_is_sent(res))
        return -YOKE_EANSWERED;
    struct yk_filtering *all = filtering_of(res);
    yoke_filter **last = &all->first;
    while (*last)
        last = &(*last)->next;
    *last = yk_arena_alloc(res->req->x->arena, sizeof(**last));
    **last = (yoke_filter){.all = all, .fn = fn, .data = data};
    return 0;
}

yoke_res *yoke_filter_res(const yoke_filter *filter)
{
    return filter->all->res;
}

/* ---- From filter to filter ---- */

static int collect(struct yk_filtering *all, const void *ptr, size_t len)
{
    if (len > all->capacity - all->len) {
        size_t capacity = all->capacity ? all->capacity * 2 : FIRST_CAPACITY;
        if (capacity < all->len + len)
            capacity = all->len + len;
        char *grown = yk_try_alloc(capacity);
        if (!grown)
            return -ENOMEM;
        if (all->len > 0)
            memcpy(grown, all->ptr, all->len);
        free(all->ptr);
        all->ptr = grown;
        all->capacity = capacity;
    }
    if (len > 0)
        memcpy(all->ptr + all->len, ptr, len);
    all->len += len;
    return 0;
}

int yoke_filter_pass(yoke_filter *filter, const void *ptr, size_t len)
{
    yoke_filter *next = filter->next;
    if (len == 0)
        return 0;
    if (!next)
        return collect(filter->all, ptr, len);
    return next->fn(next, ptr, len, YOKE_FILTER_MORE, next->data);
}

/* Bytes go from filter to filter by themselves; that a turn, or all, is over
 * is told to one after the other, for each may still pass bytes on. */
static int run(struct yk_filtering *all, const void *ptr, size_t len,
               enum yoke_filter_step step)
{
    int err = 0;
    if (step == YOKE_FILTER_MORE)
        return len == 0 ? 0
                        : all->first->fn(all->first, ptr, len, step,
                                         all->first->data);
    for (yoke_filter *f = all->first; f && err == 0; f = f->next)
        err = f->fn(f, "", 0, step, f->data);
    return err;
}

static bool has_body(const struct yk_filtering *all)
{
    const struct yk_exchange *x = all->res->req->x;
    return !x->request->is_head && yk_status_has_body(x->status);
}

/* ---- In pieces ---- */

void yk_filter_start(yoke_res *res)
{
    struct yk_exchange *x = res->req->x;
    if (!yk_status_has_body(x->status))
        return;
    if (x->content_length >= 0)
        res->filtering->left = (uint64_t)x->content_length;
    x->content_length = -1;
}

static int give_up(struct yk_filtering *all, int err)
{
    all->is_broken = true;
    yk_later_stop(&all->flush);
    if (err != -YOKE_ECLOSED && err != -YOKE_ELENGTH)
        yk_req_log(all->res->req, YOKE_LOG_ERROR,
                   "a filter of the answer failed; the connection is cut: %s",
                   yoke_strerror(err));
    yk_exchange_cut(all->res->req->x);
    return err;
}

/* Runs the filters and sends what comes out. Returns as yk_exchange_write. */
static ssize_t send_through(struct yk_filtering *all, const void *ptr,
                            size_t len, enum yoke_filter_step step)
{
    struct yk_exchange *x = all->res->req->x;
    int err = run(all, ptr, len, step);
    if (err < 0)
        return give_up(all, err);
    ssize_t waiting = yk_exchange_write(x, all->ptr ? all->ptr : "", all->len);
    all->len = 0;
    return waiting < 0 ? give_up(all, (int)waiting) : waiting;
}

static void on_turn_end(struct yk_later *later)
{
    struct yk_filtering *all =
        YK_CONTAINER_OF(later, struct yk_filtering, flush);
    struct yk_exchange *x = all->res->req->x;
    if (!x->is_ended && !x->is_aborted)
        send_through(all, "", 0, YOKE_FILTER_FLUSH);
}

ssize_t yk_filter_write(yoke_res *res, const void *ptr, size_t len)
{
    struct yk_filtering *all = res->filtering;
    if (all->is_broken)
        return -YOKE_ECLOSED;
    if (len > all->left)
        return -YOKE_ELENGTH;
    /* The head, if it has not gone yet. */
    ssize_t waiting = yk_exchange_write(res->req->x, "", 0);
    if (waiting < 0)
        return waiting;
    if (waiting > FULL)
        return -YOKE_EFULL;
    if (all->left != NO_PROMISE)
        all->left -= len;
    if (len == 0 || !has_body(all))
        return waiting;
    yk_later_start(&all->flush);
    return send_through(all, ptr, len, YOKE_FILTER_MORE);
}

ssize_t yk_filter_end(yoke_res *res)
{
    struct yk_filtering *all = res->filtering;
    yk_later_stop(&all->flush);
    if (all->is_broken)
        return -YOKE_ECLOSED;
    if (res->req->x->is_aborted)
        return 0;
    /* To HEAD: the head goes here, for one that is sent whole would say that
     * GET has nothing. */
    if (!has_body(all))
        return yk_status_has_body(res->req->x->status)
                   ? yk_exchange_write(res->req->x, "", 0)
                   : 0;
    if (all->left != NO_PROMISE && all->left > 0)
        return give_up(all, -YOKE_ELENGTH);
    return send_through(all, "", 0, YOKE_FILTER_END);
}

/* ---- Whole ---- */

static void free_body(struct yk_filtering *all)
{
    yk_later_stop(&all->slice);
    free(all->body);
    all->body = NULL;
}

static int run_slice(struct yk_filtering *all)
{
    size_t left = all->body_len - all->at;
    size_t len = left < SLICE_LEN ? left : SLICE_LEN;
    int err = run(all, all->body + all->at, len, YOKE_FILTER_MORE);
    all->at += len;
    if (err == 0 && all->at == all->body_len)
        err = run(all, "", 0, YOKE_FILTER_END);
    return err;
}

static void on_slice(struct yk_later *later)
{
    struct yk_filtering *all =
        YK_CONTAINER_OF(later, struct yk_filtering, slice);
    int err = all->res->req->x->is_aborted ? -YOKE_ECLOSED : run_slice(all);
    if (err == 0 && all->at < all->body_len) {
        yk_later_start(later);
        return;
    }
    free_body(all);
    yk_res_filtered(all->res, err, all->ptr ? all->ptr : "", all->len);
}

static int start_slices(struct yk_filtering *all, const void *ptr, size_t len)
{
    all->body = yk_try_alloc(len);
    if (!all->body)
        return -ENOMEM;
    memcpy(all->body, ptr, len);
    all->body_len = len;
    yk_later_start(&all->slice);
    return 1;
}

int yk_filter_whole(yoke_res *res, const void **ptr, size_t *len)
{
    struct yk_filtering *all = res->filtering;
    if (!yk_status_has_body(res->req->x->status))
        return 0;
    if (*len > LARGE)
        return start_slices(all, *ptr, *len);
    int err = run(all, *ptr, *len, YOKE_FILTER_MORE);
    if (err == 0)
        err = run(all, "", 0, YOKE_FILTER_END);
    if (err < 0)
        return err;
    *ptr = all->ptr ? all->ptr : "";
    *len = all->len;
    return 0;
}

void yk_filter_drop(yoke_res *res)
{
    if (!res->filtering)
        return;
    yk_later_stop(&res->filtering->flush);
    free_body(res->filtering);
    free(res->filtering->ptr);
    res->filtering = NULL;
}
