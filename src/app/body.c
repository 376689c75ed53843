#include "app/body.h"

#include <errno.h>
#include <inttypes.h>

#include <yoke/app.h>
#include <yoke/error.h>
#include <yoke/listen.h>

#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

/* First room for a body whose length is not known; small enough to come from
 * the arena's block, for most such bodies are. */
#define FIRST_CAPACITY 1000

/* ---- In pieces ---- */

static struct yk_body *body_of(struct yoke_req *req)
{
    if (!req->body) {
        req->body = yk_arena_alloc(req->x->arena, sizeof(*req->body));
        *req->body = (struct yk_body){.len = 0};
    }
    return req->body;
}

int yoke_req_on_data(yoke_req *req,
                     void (*on_data)(yoke_req *req, const char *ptr, size_t len,
                                     void *data),
                     void (*on_end)(yoke_req *req, int err, void *data),
                     void *data)
{
    if (req->x->body_state != YK_READ_NOT_STARTED)
        return -EALREADY;
    struct yk_body *body = body_of(req);
    body->on_data = on_data;
    body->on_end = on_end;
    body->data = data;
    body->reader = req->frame->handler;
    yoke_hold(req);
    return yk_exchange_read(req->x);
}

/* It has answered while a thread works for the request, and expects nothing any
 * more. */
static bool has_finished(const struct yoke_req *req)
{
    return yk_req_is_answered(req) && req->late == 0;
}

void yk_body_on_data(struct yoke_req *req, const char *ptr, size_t len)
{
    if (req->body->on_data && !has_finished(req))
        req->body->on_data(req, ptr, len, req->body->data);
}

static bool is_with_reader(const struct yoke_req *req)
{
    return req->is_held && req->frame->handler == req->body->reader &&
           !yk_req_is_answered(req);
}

/* The reader is the one that takes too long. */
void yk_body_on_timeout(struct yoke_req *req)
{
    if (req->body && req->x->body_state == YK_READ_STARTED)
        req->body->is_late = req->frame->handler == req->body->reader;
}

/* A reader that was answered for has been told the end: it has come back,
 * unless it has done so by itself. */
static void end_late(struct yoke_req *req, int err)
{
    struct yk_body *body = req->body;
    uint8_t holds = req->holds, late = req->late;
    body->is_late = false;
    if (body->on_end)
        body->on_end(req, err, body->data);
    if (req->late == late && req->holds == holds)
        yk_res_come_back(&req->res);
}

/* After an error nobody calls the reader any more. Unless it has something else
 * under way, which it says by a new yoke_hold, the request is over when on_end
 * returns: a reader that forgets to answer a client that has gone would keep
 * the exchange for ever. */
void yk_body_on_end(struct yoke_req *req, int err)
{
    const struct yk_body *body = req->body;
    if (has_finished(req))
        return;
    if (err < 0 && body->is_late) {
        end_late(req, err);
        return;
    }
    bool is_deserted = err < 0 && is_with_reader(req);
    uint8_t holds = req->holds;
    if (body->on_end)
        body->on_end(req, err, body->data);
    if (is_deserted && is_with_reader(req) && req->holds == holds)
        yk_res_abandon(&req->res);
}

void yoke_req_pause(yoke_req *req)
{
    yk_exchange_pause(req->x);
}

void yoke_req_resume(yoke_req *req)
{
    yk_exchange_resume(req->x);
}

/* ---- Collected: a reader like any other ---- */

struct collector {
    char *ptr;
    size_t len, capacity; /* A NUL fits behind `capacity`. */
    uint64_t limit;
    bool is_refused; /* An error is on its way; what still comes is ignored. */
};

static void refuse(struct yoke_req *req, uint64_t limit)
{
    const char *length = yoke_req_get(req, "Content-Length");
    yoke_next_err(req, 413,
                  "the body has %s%s bytes; the limit of this route is %" PRIu64
                  " (yoke_body_limit, or max_body_len of the listener)",
                  length ? "" : "more than ",
                  length ? length : yoke_req_printf(req, "%" PRIu64, limit),
                  limit);
}

static bool grow(struct yoke_req *req, struct collector *collector, size_t need)
{
    size_t capacity = collector->capacity * 2;
    if (capacity < need)
        capacity = need;
    char *ptr = yk_arena_try_alloc(req->x->arena, capacity + 1);
    if (!ptr)
        return false;
    memcpy(ptr, collector->ptr, collector->len);
    collector->ptr = ptr;
    collector->capacity = capacity;
    return true;
}

static void collect(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct collector *collector = data;
    if (collector->is_refused)
        return;
    if (len > collector->limit - collector->len) {
        collector->is_refused = true;
        refuse(req, collector->limit);
        return;
    }
    if (len > collector->capacity - collector->len &&
        !grow(req, collector, collector->len + len)) {
        collector->is_refused = true;
        yoke_next_err(req, 503, "no memory for the body");
        return;
    }
    memcpy(collector->ptr + collector->len, ptr, len);
    collector->len += len;
}

static void collected(yoke_req *req, int err, void *data)
{
    struct collector *collector = data;
    if (err < 0 || collector->is_refused)
        return;
    collector->ptr[collector->len] = '\0';
    req->body->ptr = collector->ptr;
    req->body->len = collector->len;
    yoke_next(req);
}

static struct collector *collector_new(struct yoke_req *req, uint64_t limit)
{
    const struct yk_request *head = req->x->request;
    uint64_t capacity =
        head->body == YK_BODY_LENGTH ? head->content_length : FIRST_CAPACITY;
    struct collector *collector =
        yk_arena_alloc(req->x->arena, sizeof(*collector));
    char *ptr = NULL;
    if (capacity < SIZE_MAX)
        ptr = yk_arena_try_alloc(req->x->arena, (size_t)capacity + 1);
    *collector = (struct collector){
        .ptr = ptr, .capacity = (size_t)capacity, .limit = limit};
    return ptr ? collector : NULL;
}

static void collect_up_to(yoke_req *req, uint64_t limit)
{
    const struct yk_request *head = req->x->request;
    /* Without a body, or when somebody has read it, nothing is left to do. */
    if (head->body == YK_BODY_NONE ||
        req->x->body_state != YK_READ_NOT_STARTED) {
        yoke_next(req);
        return;
    }
    if (head->body == YK_BODY_LENGTH && head->content_length > limit) {
        refuse(req, limit);
        return;
    }
    struct collector *collector = collector_new(req, limit);
    if (collector)
        yoke_req_on_data(req, collect, collected, collector);
    else
        yoke_next_err(req, 503, "no memory for the body");
}

void yoke_body(yoke_req *req, yoke_res *res)
{
    (void)res;
    collect_up_to(req, req->x->limits->max_body_len);
}

static void body_up_to_data(yoke_req *req, yoke_res *res)
{
    (void)res;
    collect_up_to(req, (uintptr_t)yoke_data(req));
}

struct yoke_handler yoke_body_limit(size_t max_body_len)
{
    return yoke_with(body_up_to_data, (void *)(uintptr_t)max_body_len, NULL);
}

void yoke_req_set_body(yoke_req *req, const char *ptr, size_t len)
{
    struct yk_body *body = body_of(req);
    body->ptr = ptr;
    body->len = len;
}

const char *yoke_req_body(const yoke_req *req, size_t *ret_len)
{
    const char *ptr = req->body ? req->body->ptr : NULL;
    if (ret_len)
        *ret_len = ptr ? req->body->len : 0;
    if (!ptr && req->x->request->body == YK_BODY_NONE)
        return "";
    return ptr;
}
