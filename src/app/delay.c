#include "app/delay.h"

#include <errno.h>
#include <stdarg.h>

#include <yoke/error.h>

#include "app/filter.h"
#include "app/problem.h"
#include "app/req.h"
#include "app/send_file.h"
#include "core/arena.h"

#include "core/banned.h"

/* As much as the exchange would take without the client. */
#define LEN_MAX (16u << 20)

/* A part of the body, in the order in which they came. */
struct piece {
    struct piece *next;
    size_t len;
    char bytes[];
};

struct yk_delay {
    unsigned count;             /* Those who are still waited for. */
    bool is_whole;              /* The one piece is all of the body. */
    bool is_complete;           /* The handler has ended the answer. */
    bool has_begun;             /* It has got as far as the head. */
    struct piece *first, *last; /* The body so far. */
    size_t len;                 /* Of it. */
    struct yk_sending *sending; /* It is a file instead. */
};

/* ---- Taking down ---- */

static int add_piece(yoke_res *res, const void *ptr, size_t len)
{
    struct yk_delay *delay = res->delay;
    struct piece *piece = NULL;
    if (len <= LEN_MAX - delay->len || delay->is_whole)
        piece = yk_arena_try_alloc(res->req->x->arena, sizeof(*piece) + len);
    if (!piece)
        return -YOKE_EFULL;
    piece->next = NULL;
    piece->len = len;
    if (len > 0)
        memcpy(piece->bytes, ptr, len);
    if (delay->last)
        delay->last->next = piece;
    else
        delay->first = piece;
    delay->last = piece;
    delay->len += len;
    return 0;
}

/* ---- Doing it ---- */

static int send_whole(yoke_res *res, const struct yk_delay *delay)
{
    const struct piece *body = delay->first;
    return yk_res_deliver_begun(res, body ? body->bytes : "",
                                body ? body->len : 0);
}

/* Who streams has been told what waits; when that is little again, and nobody
 * else will say so, it is said here. */
static void send_pieces(yoke_res *res, const struct yk_delay *delay)
{
    size_t high_water = res->req->x->limits->high_water;
    ssize_t waiting = 0;
    if (!res->broken || !delay->is_complete)
        for (const struct piece *p = delay->first; p && waiting >= 0;
             p = p->next)
            waiting = yk_res_write_begun(res, p->bytes, p->len);
    if (delay->is_complete)
        yk_res_end_begun(res);
    else if (res->on_drain && delay->len > high_water &&
             (waiting < 0 || (size_t)waiting <= high_water))
        res->on_drain(res, res->on_drain_data);
}

static void send(yoke_res *res, const struct yk_delay *delay)
{
    yoke_req *req = res->req;
    /* Somebody has cut it off meanwhile, or given it up. */
    if (req->is_answered && !delay->is_complete)
        return;
    req->is_answered = false;
    if (delay->is_whole)
        send_whole(res, delay);
    else if (delay->sending)
        yk_send_file_begun(res, delay->sending);
    else
        send_pieces(res, delay);
}

/* Who streams does not know that another answer has been given, and will be
 * back: as if the client had gone. */
static void turn_away(yoke_res *res)
{
    yoke_req *req = res->req;
    if (req->on_close)
        req->on_close(req, req->on_close_data);
    else if (res->on_drain)
        res->on_drain(res, res->on_drain_data);
}

static void send_error(yoke_res *res, const struct yk_delay *delay)
{
    yoke_req *req = res->req;
    bool is_streamed = !delay->is_complete && !delay->sending;
    if (req->is_answered && !delay->is_complete)
        return;
    yk_filter_drop(res);
    yk_headers_remove(&req->x->headers, YK_LIT("Location"));
    yk_headers_remove(&req->x->headers, YK_LIT("Set-Cookie"));
    res->broken = 0;
    if (is_streamed) {
        res->is_swallowing = true;
        req->late++;
    }
    req->err = res->delay_err;
    yk_problem_answer(req, req->err->status, NULL);
    if (is_streamed)
        turn_away(res);
    if (delay->sending)
        yk_send_file_cancel(req, -ECANCELED);
}

/* ---- Those who delay ---- */

int yoke_res_delay(yoke_res *res)
{
    if (!res->is_beginning)
        return -YOKE_EANSWERED;
    if (!res->delay) {
        res->delay = yk_arena_alloc(res->req->x->arena, sizeof(*res->delay));
        *res->delay = (struct yk_delay){.count = 0};
    }
    res->delay->count++;
    return 0;
}

/* The last one is back. The delay is no more when the answer goes. */
static void finish(yoke_res *res)
{
    const struct yk_delay *delay = res->delay;
    res->delay = NULL;
    if (res->delay_err)
        send_error(res, delay);
    else
        send(res, delay);
    yk_res_settle(res);
}

/* He may be back before the answer has got here: then it need not wait, but if
 * it is to be an error. */
void yoke_res_proceed(yoke_res *res)
{
    const struct yk_delay *delay = res->delay;
    if (!delay || --res->delay->count > 0)
        return;
    if (delay->has_begun)
        finish(res);
    else if (!res->delay_err)
        res->delay = NULL;
}

void yoke_res_proceed_err(yoke_res *res, int status, const char *type,
                          const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *message = yk_req_vprintf(res->req, fmt, args);
    va_end(args);
    struct yoke_err *err = yk_arena_alloc(res->req->x->arena, sizeof(*err));
    if (status < 400 || status > 599)
        status = 500;
    *err = (struct yoke_err){status, message, NULL, type};
    yk_req_log(res->req, status >= 500 ? YOKE_LOG_ERROR : YOKE_LOG_DEBUG,
               "%d: %s", status, message);
    res->delay_err = err;
    yoke_res_proceed(res);
}

/* ---- In place of sending ---- */

static void begin(yoke_res *res)
{
    res->delay->has_begun = true;
    if (res->delay->count == 0)
        finish(res);
}

/* For the handler the answer has been given. */
static void complete(yoke_res *res)
{
    res->delay->is_complete = true;
    res->req->is_answered = true;
    begin(res);
}

int yk_delay_whole(yoke_res *res, const void *ptr, size_t len)
{
    res->delay->is_whole = true;
    if (add_piece(res, ptr, len) < 0)
        yk_res_break(res, -ENOMEM, "no memory for an answer that waits");
    complete(res);
    return 0;
}

ssize_t yk_delay_write(yoke_res *res, const void *ptr, size_t len)
{
    int err = add_piece(res, ptr, len);
    begin(res);
    if (!res->delay)
        return -YOKE_EANSWERED;
    return err < 0 ? err : (ssize_t)res->delay->len;
}

int yk_delay_end(yoke_res *res)
{
    complete(res);
    return 0;
}

int yk_delay_file(yoke_res *res, struct yk_sending *sending)
{
    res->delay->sending = sending;
    begin(res);
    return 0;
}
