/* How an answer leaves:
 *
 *     text, html, send, json, redirect --> yk_res_answer --> deliver
 *     write ..., end ------------------------------------> the exchange
 *
 * Before the head goes, callbacks may look at it, and have the answer wait: it is
 * then kept, and goes the same way later (app/delay.h).
 *
 * The exchange ends with the answer, and its memory is then used again. So it
 * must not end while a handler is left that believes it can still answer: one
 * that took too long and was answered for, or one that goes on to stream after
 * its answer has become a 500; or while a thread works for it. Then the answer
 * is sent, and the connection closed behind it, but the exchange is only ended
 * when all have come back (`late` and `jobs` in app/req.h). */
#include "app/res.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <yoke/error.h>

#include "app/app.h"
#include "app/attach.h"
#include "app/delay.h"
#include "app/etag.h"
#include "app/filter.h"
#include "app/fresh.h"
#include "app/json_body.h"
#include "app/problem.h"
#include "app/query.h"
#include "app/req.h"
#include "app/send_file.h"
#include "app/view.h"
#include "core/arena.h"
#include "core/number.h"
#include "http/exchange.h"
#include "http/status.h"

#include "core/banned.h"

struct yk_finish {
    struct yk_finish *next;
    void (*fn)(yoke_res *res, void *data);
    void *data;
};

/* ---- What has gone wrong ---- */

int yk_res_break(yoke_res *res, int err, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    yk_req_log(res->req, YOKE_LOG_ERROR, "%s; answered 500", text);
    res->broken = err;
    return err;
}

bool yk_res_is_fixed(const yoke_res *res)
{
    return yk_req_is_answered(res->req) || res->req->x->is_head_sent ||
           res->delay;
}

/* While the head alone has been sent, whoever streams would write or end. */
__attribute__((noinline)) int yk_res_refuse(yoke_res *res)
{
    struct yoke_req *req = res->req;
    if (req->late && !req->is_running)
        yk_res_come_back(res);
    else
        yk_req_log(req, YOKE_LOG_WARN,
                   "answered twice; the first answer stands");
    return -YOKE_EANSWERED;
}

bool yk_res_is_kept(const yoke_res *res)
{
    return res->req->late > 0 || res->req->jobs || res->is_filtering ||
           res->delay;
}

void yk_res_settle(yoke_res *res)
{
    const struct yoke_req *req = res->req;
    if (req->is_answered && !yk_res_is_kept(res) && !req->x->is_ended)
        yk_exchange_end(req->x);
}

void yk_res_abandon(yoke_res *res)
{
    if (yk_req_is_answered(res->req))
        return;
    res->req->is_answered = true;
    yk_res_settle(res);
}

void yk_res_come_back(yoke_res *res)
{
    struct yoke_req *req = res->req;
    req->late--;
    yk_req_log(req, YOKE_LOG_DEBUG, "a handler came back after its time");
    yk_res_settle(res);
}

void yk_res_cut(yoke_res *res)
{
    struct yoke_req *req = res->req;
    req->is_answered = true;
    yk_exchange_cut(req->x);
    yk_res_settle(res);
}

/* ---- A whole answer ---- */

static int deliver_kept(yoke_res *res, const void *ptr, size_t len)
{
    struct yoke_req *req = res->req;
    struct yk_exchange *x = req->x;
    req->is_answered = true;
    /* HEAD is told the length that GET would have. */
    if (len > 0 || !x->request->is_head || x->content_length < 0)
        x->content_length = (int64_t)len;
    /* Whoever goes on to stream will come back by himself, and soon. */
    x->closes = !res->is_swallowing;
    ssize_t waiting = yk_exchange_write(x, ptr, len);
    if (x->closes)
        yk_exchange_leave(x);
    return waiting < 0 ? (int)waiting : 0;
}

static int put_whole(yoke_res *res, const void *ptr, size_t len)
{
    res->req->has_turn = false;
    if (yk_res_is_kept(res))
        return deliver_kept(res, ptr, len);
    return yk_exchange_send(res->req->x, ptr, len);
}

static int put_filtered(yoke_res *res, int err, const void *ptr, size_t len)
{
    if (err < 0)
        yk_res_break(res, err, "a filter of the answer failed: %s",
                     yoke_strerror(err));
    return res->broken ? yk_res_answer_broken(res) : put_whole(res, ptr, len);
}

int yk_res_deliver_begun(yoke_res *res, const void *ptr, size_t len)
{
    int err =
        res->filtering && !res->broken ? yk_filter_whole(res, &ptr, &len) : 0;
    if (err <= 0)
        return put_filtered(res, err, ptr, len);
    res->req->is_answered = res->is_filtering = true;
    res->req->has_turn = false;
    return 0;
}

void yk_res_filtered(yoke_res *res, int err, const void *ptr, size_t len)
{
    res->is_filtering = false;
    if (res->req->x->is_aborted) {
        yk_res_settle(res);
        return;
    }
    res->req->is_answered = false;
    put_filtered(res, err, ptr, len);
}

static int __attribute__((noinline))
deliver_watched(yoke_res *res, const void *ptr, size_t len)
{
    yk_res_begin(res, (int64_t)len);
    return res->delay ? yk_delay_whole(res, ptr, len)
                      : yk_res_deliver_begun(res, ptr, len);
}

int yk_res_deliver(yoke_res *res, const void *ptr, size_t len)
{
    return yk_res_is_watched(res) ? deliver_watched(res, ptr, len)
                                  : put_whole(res, ptr, len);
}

__attribute__((noinline)) int yk_res_answer_broken(yoke_res *res)
{
    int err = res->broken;
    res->broken = 0;
    yk_filter_drop(res);
    res->req->x->headers.count = 0;
    yk_problem_answer(res->req, 500, NULL);
    return err;
}

/* Whether a client may have a copy of the answer that is still good. */
static bool has_validator(const struct yk_headers *headers)
{
    for (uint32_t i = 0; i < headers->count; i++) {
        struct yk_slice name = headers->items[i].name;
        if ((name.len == 4 && yk_slice_eq_nocase(name, YK_LIT("ETag"))) ||
            (name.len == 13 &&
             yk_slice_eq_nocase(name, YK_LIT("Last-Modified"))))
            return true;
    }
    return false;
}

/* Most applications have not set it, and have no parent: that much is
 * found out without a call. */
static bool may_have_etag(const yoke_app *app)
{
    return app->settings.parent ||
           app->settings.known[YK_SETTING_ETAG].kind != YK_SETTING_UNSET;
}

/* The answer's type; one that has no body has none. */
static void set_type(struct yk_exchange *x, struct yk_slice type)
{
    struct yk_slice name = YK_LIT("Content-Type");
    if (!yk_status_has_length(x->status))
        yk_headers_remove(&x->headers, name);
    else if (yk_status_has_body(x->status) &&
             (x->headers.count == 0 || !yk_headers_find(&x->headers, name)))
        yk_headers_set_static(&x->headers, x->arena, name, type);
}

int yk_res_answer(yoke_res *res, struct yk_slice type, const void *ptr,
                  size_t len)
{
    struct yk_exchange *x = res->req->x;
    if (yk_res_is_fixed(res))
        return yk_res_refuse(res);
    if (!res->broken && may_have_etag(res->req->app))
        yk_etag_set(res->req, (struct yk_slice){ptr, len});
    if (res->broken)
        return yk_res_answer_broken(res);
    if (has_validator(&x->headers) && yk_fresh(res->req))
        x->status = 304;
    set_type(x, type);
    return yk_res_deliver(res, ptr, len);
}

/* Whether the fields say that the answer is to be kept by nobody: that holds
 * for an error as well. */
static bool is_kept_by_nobody(const struct yk_header *cache_control)
{
    return strcasestr(cache_control->value.ptr, "no-store") ||
           strcasestr(cache_control->value.ptr, "no-cache");
}

static bool is_one_of(struct yk_slice name, const struct yk_slice *names,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (yk_slice_eq_nocase(name, names[i]))
            return true;
    return false;
}

/* Whether a field was about what should have been sent, not about what comes
 * instead. A cache that kept an error by such a field would go on showing it. */
static bool is_of_thing(const struct yk_header *header, int status)
{
    static const struct yk_slice always[] = {
        YK_LIT("Content-Encoding"),
        YK_LIT("Content-Language"),
        YK_LIT("Content-Range"),
    };
    static const struct yk_slice of_errors[] = {
        YK_LIT("Accept-Ranges"), YK_LIT("Content-Disposition"), YK_LIT("ETag"),
        YK_LIT("Expires"),       YK_LIT("Last-Modified"),
    };
    /* There Content-Range says how long the thing is (RFC 9110 section
     * 15.5.17). */
    if (is_one_of(header->name, always, status == 416 ? 2 : 3))
        return true;
    if (status < 400)
        return false;
    if (yk_slice_eq_nocase(header->name, YK_LIT("Cache-Control")))
        return !is_kept_by_nobody(header);
    return is_one_of(header->name, of_errors, 5);
}

static void forget_thing(struct yk_headers *headers, int status)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < headers->count; i++)
        if (!is_of_thing(&headers->items[i], status))
            headers->items[kept++] = headers->items[i];
    headers->count = kept;
}

int yk_res_answer_own(yoke_res *res, int status, struct yk_slice type,
                      struct yk_slice body)
{
    struct yk_exchange *x = res->req->x;
    forget_thing(&x->headers, status);
    yk_headers_set_static(&x->headers, x->arena, YK_LIT("Content-Type"), type);
    yk_headers_set_static(&x->headers, x->arena,
                          YK_LIT("X-Content-Type-Options"), YK_LIT("nosniff"));
    res->broken = 0;
    x->status = status;
    x->date = NULL;
    x->content_length = -1;
    return yk_res_deliver(res, body.ptr, body.len);
}

int yk_res_answer_plain(yoke_res *res, int status, struct yk_slice text)
{
    return yk_res_answer_own(res, status, YK_TYPE_TEXT, text);
}

int yk_res_fail(yoke_res *res, int err, const char *why)
{
    if (yk_res_is_fixed(res))
        return yk_res_refuse(res);
    yk_res_break(res, err, "%s", why);
    return yk_res_answer_broken(res);
}

int yoke_res_text(yoke_res *res, const char *text)
{
    if (!text)
        return yk_res_fail(res, -EINVAL, "the text of the answer is NULL");
    return yk_res_answer(res, YK_TYPE_TEXT, text, strlen(text));
}

int yoke_res_textf(yoke_res *res, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *text = yk_req_vprintf(res->req, fmt, args);
    va_end(args);
    return yoke_res_text(res, text);
}

int yoke_res_html(yoke_res *res, const char *html)
{
    if (!html)
        return yk_res_fail(res, -EINVAL, "the text of the answer is NULL");
    return yk_res_answer(res, YK_LIT("text/html; charset=utf-8"), html,
                         strlen(html));
}

int yoke_res_send(yoke_res *res, const void *ptr, size_t len)
{
    if (!ptr && len > 0)
        return yk_res_fail(res, -EINVAL, "the bytes of the answer are NULL");
    return yk_res_answer(res, YK_LIT("application/octet-stream"),
                         ptr ? ptr : "", len);
}

int yoke_res_send_status(yoke_res *res, int status)
{
    struct yk_slice reason = yk_status_reason(status);
    if (!yk_res_is_fixed(res))
        yoke_res_status(res, status);
    if (reason.len == 0)
        reason = yk_slice_of(yoke_req_printf(res->req, "%d", status));
    return yk_res_answer(res, YK_TYPE_TEXT, reason.ptr, reason.len);
}

void yoke_res_on_drain(yoke_res *res, void (*fn)(yoke_res *res, void *data),
                       void *data)
{
    res->on_drain = fn;
    res->on_drain_data = data;
}

static void push(yoke_res *res, struct yk_finish **list,
                 void (*fn)(yoke_res *res, void *data), void *data)
{
    struct yk_finish *finish =
        yk_arena_alloc(res->req->x->arena, sizeof(*finish));
    *finish = (struct yk_finish){*list, fn, data};
    *list = finish;
}

int yoke_res_on_finish(yoke_res *res, void (*fn)(yoke_res *res, void *data),
                       void *data)
{
    if (res->req->x->is_ended)
        return -YOKE_EANSWERED;
    if (res->finish_count == YK_FINISH_MAX)
        return -YOKE_EFULL;
    push(res, &res->finish, fn, data);
    res->finish_count++;
    return 0;
}

/* ---- Before the head ---- */

int yoke_res_on_head(yoke_res *res, void (*fn)(yoke_res *res, void *data),
                     void *data)
{
    size_t count = 0;
    for (const struct yk_finish *one = res->head; one; one = one->next)
        count++;
    if (yk_res_is_fixed(res))
        return -YOKE_EANSWERED;
    if (count == YK_FINISH_MAX)
        return -YOKE_EFULL;
    push(res, &res->head, fn, data);
    return 0;
}

int64_t yoke_res_expected_len(const yoke_res *res)
{
    return res->expected_len;
}

void yk_res_begin(yoke_res *res, int64_t len)
{
    res->expected_len = yk_status_has_body(res->req->x->status) ? len : 0;
    res->is_beginning = true;
    while (res->head) {
        const struct yk_finish *one = res->head;
        res->head = one->next;
        one->fn(res, one->data);
    }
    res->is_beginning = false;
    if (res->filtering)
        yk_filter_start(res);
}

/* What the request has beside memory of its arena. */
static void release(struct yoke_req *req)
{
    yk_json_body_free(req);
    yk_query_json_free(req);
    yk_res_locals_free(req);
    yk_send_file_drop(req);
    yk_filter_drop(&req->res);
    yk_attached_free(req);
}

void yk_res_finish(yoke_res *res)
{
    while (res->finish) {
        const struct yk_finish *finish = res->finish;
        res->finish = finish->next;
        finish->fn(res, finish->data);
    }
    if (res->req->needs_release)
        release(res->req);
}

/* ---- What can be asked ---- */

bool yoke_res_is_sent(const yoke_res *res)
{
    return yk_res_is_fixed(res);
}

size_t yoke_res_body_len(const yoke_res *res)
{
    return res->req->x->body_len;
}

yoke_req *yoke_res_req(const yoke_res *res)
{
    return res->req;
}
