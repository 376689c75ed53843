#include "test/exchange.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "test/client.h"
#include "test/failure.h"
#include "test/question.h"

#include "core/banned.h"

/* ---- Building the request ---- */

static yoke_tr *exchange_new(yoke_test *t)
{
    yoke_tr *r = yk_alloc(sizeof(*r));
    r->test = t;
    r->abort_after = SIZE_MAX;
    r->pace = SIZE_MAX;
    yk_peer_parse(&r->peer, "127.0.0.1");
    yk_list_add(&t->exchanges, &r->node);
    return r;
}

yoke_tr *yoke_test_request(yoke_test *t, const char *method, const char *path)
{
    yoke_tr *r = exchange_new(t);
    r->method = yk_strdup(method);
    r->path = yk_strdup(path);
    return r;
}

yoke_tr *yoke_test_get(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "GET", path);
}

yoke_tr *yoke_test_head(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "HEAD", path);
}

yoke_tr *yoke_test_post(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "POST", path);
}

yoke_tr *yoke_test_put(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "PUT", path);
}

yoke_tr *yoke_test_patch(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "PATCH", path);
}

yoke_tr *yoke_test_delete(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "DELETE", path);
}

yoke_tr *yoke_test_options(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "OPTIONS", path);
}

yoke_tr *yoke_test_raw(yoke_test *t, const void *ptr, size_t len)
{
    yoke_tr *r = exchange_new(t);
    r->may_be_followed = true;
    yk_bytes_append(&r->body, ptr, len);
    return r;
}

/* A change to a request that has left is a mistake in the test. */
static void check_unsent(const yoke_tr *r)
{
    struct yk_bytes text = {0};
    if (!r->link)
        return;
    yk_bytes_printf(&text, "a request is changed that has been sent:\n");
    yk_failure_add_link(&text, r->link);
    yk_failure_report(&text, r->test->file, r->test->line);
}

void yoke_tr_set(yoke_tr *r, const char *name, const char *value)
{
    check_unsent(r);
    r->has_host |= strcasecmp(name, "Host") == 0;
    r->has_length |= strcasecmp(name, "Content-Length") == 0;
    yk_bytes_printf(&r->fields, "%s: %s\r\n", name, value);
}

void yoke_tr_body_bytes(yoke_tr *r, const void *ptr, size_t len)
{
    check_unsent(r);
    r->body.len = 0;
    r->has_body = true;
    yk_bytes_append(&r->body, ptr, len);
}

void yoke_tr_body(yoke_tr *r, const char *text)
{
    yoke_tr_body_bytes(r, text, strlen(text));
}

void yoke_tr_chunked(yoke_tr *r, size_t chunk_len)
{
    check_unsent(r);
    r->chunk_len = chunk_len > 0 ? chunk_len : 1;
}

void yoke_tr_remote_addr(yoke_tr *r, const char *ip)
{
    struct yk_bytes text = {0};
    check_unsent(r);
    if (yk_peer_parse(&r->peer, ip) == 0)
        return;
    yk_bytes_printf(&text, "not an IP address: \"%s\"\n", ip);
    yk_failure_report(&text, r->test->file, r->test->line);
}

void yoke_tr_abort_after(yoke_tr *r, size_t n)
{
    check_unsent(r);
    r->abort_after = n;
}

void yoke_tr_split(yoke_tr *r, size_t n)
{
    r->split = n;
    if (r->link)
        r->link->memory.split = n;
}

void yoke_tr_read_slowly(yoke_tr *r, size_t n)
{
    r->pace = n;
    if (r->link)
        yk_memory_set_pace(&r->link->memory, n);
}

/* ---- Sending it ---- */

/* Methods whose requests have a body by nature say so when it is empty
 * (RFC 9110 section 8.6). */
static bool wants_length(const yoke_tr *r)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH"};
    if (r->has_length || r->chunk_len > 0)
        return false;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (strcmp(r->method, methods[i]) == 0)
            return true;
    return r->has_body;
}

static void add_head(const yoke_tr *r, struct yk_bytes *out)
{
    yk_bytes_printf(out, "%s %s HTTP/1.1\r\n", r->method, r->path);
    if (!r->has_host)
        yk_bytes_printf(out, "Host: test\r\n");
    yk_bytes_append(out, r->fields.ptr, r->fields.len);
    if (wants_length(r))
        yk_bytes_printf(out, "Content-Length: %zu\r\n", r->body.len);
    if (r->chunk_len > 0)
        yk_bytes_printf(out, "Transfer-Encoding: chunked\r\n");
    yk_bytes_printf(out, "\r\n");
}

static void add_chunks(const yoke_tr *r, struct yk_bytes *out)
{
    for (size_t at = 0, len; at < r->body.len; at += len) {
        len = r->body.len - at;
        len = len < r->chunk_len ? len : r->chunk_len;
        yk_bytes_printf(out, "%zx\r\n", len);
        yk_bytes_append(out, r->body.ptr + at, len);
        yk_bytes_printf(out, "\r\n");
    }
    yk_bytes_printf(out, "0\r\n\r\n");
}

static void add_request(const yoke_tr *r, struct yk_bytes *out)
{
    if (r->method)
        add_head(r, out);
    if (r->chunk_len > 0)
        add_chunks(r, out);
    else
        yk_bytes_append(out, r->body.ptr, r->body.len);
}

void yoke_tr_send(yoke_tr *r)
{
    struct yk_bytes request = {0};
    if (r->link || r->is_unreachable)
        return;

    add_request(r, &request);
    r->link = yk_test_connect(r->test, &r->peer);
    r->link->memory.split = r->split;
    yk_memory_set_pace(&r->link->memory, r->pace);
    if (r->abort_after < request.len)
        request.len = r->abort_after;
    yk_memory_send(&r->link->memory, request.ptr, request.len);
    if (r->abort_after != SIZE_MAX)
        yk_memory_hang_up(&r->link->memory);
    yk_bytes_done(&request);
    yk_test_settle(r->test);
}

void yoke_tr_send_more(yoke_tr *r, const void *ptr, size_t len)
{
    yoke_tr_send(r);
    if (!r->link)
        return;
    r->may_be_followed = true;
    r->has_waited = false;
    yk_memory_send(&r->link->memory, ptr, len);
    yk_test_settle(r->test);
}

void yoke_tr_close(yoke_tr *r)
{
    yoke_tr_send(r);
    if (r->link)
        yk_memory_hang_up(&r->link->memory);
    yk_test_settle(r->test);
}

void yoke_tr_reset(yoke_tr *r)
{
    yoke_tr_send(r);
    if (r->link)
        yk_memory_break(&r->link->memory);
    yk_test_settle(r->test);
}

/* ---- Reading the answer ---- */

/* One request, one answer: what follows it was never asked for. */
static void check_rest(yoke_tr *r, size_t len)
{
    struct yk_answer *answer = &r->answer;
    if (r->may_be_followed || answer->state != YK_ANSWER_COMPLETE ||
        answer->len == len)
        return;
    answer->state = YK_ANSWER_MALFORMED;
    snprintf(answer->error, sizeof(answer->error), "%zu bytes follow it",
             len - answer->len);
}

static void read_answer(yoke_tr *r)
{
    const struct yk_memory *memory = &r->link->memory;
    bool has_ended = yk_memory_has_ended(memory);
    if (r->read_len == memory->out.len && r->read_end == has_ended)
        return;

    struct yk_question question =
        yk_question_at(memory->in.ptr, memory->in.len, r->index);
    struct yk_answer_context context = {
        .is_head = question.is_head,
        .is_http10 = question.is_http10,
        .has_ended = has_ended,
        .is_reset = memory->is_reset,
    };
    size_t len = memory->out.len - r->start;
    yk_answer_read(&r->answer, yk_bytes_text(&memory->out) + r->start, len,
                   &context);
    check_rest(r, len);
    r->read_len = memory->out.len;
    r->read_end = has_ended;
}

static bool is_read(void *data)
{
    yoke_tr *r = data;
    read_answer(r);
    return r->answer.state != YK_ANSWER_PARTIAL || !r->link->conn;
}

const struct yk_answer *yk_tr_answer(yoke_tr *r)
{
    yoke_tr_send(r);
    if (r->is_unreachable)
        return &r->answer;
    yk_test_settle(r->test);
    if (!is_read(r) && !r->has_waited)
        r->has_waited = yk_test_wait(r->test, is_read, r) == -ETIMEDOUT;
    return &r->answer;
}

/* The exchange whose answer comes after that of `r`, which is whole. */
static yoke_tr *next_new(yoke_tr *r)
{
    yoke_tr *next = exchange_new(r->test);
    next->may_be_followed = true;
    next->link = r->link;
    next->index = r->index + 1;
    next->start = r->start + r->answer.len;
    next->read_len = SIZE_MAX;
    return next;
}

/* One that is never sent and never answered. */
static yoke_tr *unreachable_new(yoke_test *t)
{
    yoke_tr *r = exchange_new(t);
    r->is_unreachable = true;
    snprintf(r->answer.error, sizeof(r->answer.error),
             "there is no whole answer before it");
    return r;
}

yoke_tr *yoke_tr_next(yoke_tr *r)
{
    r->may_be_followed = true;
    if (yk_tr_answer(r)->state != YK_ANSWER_COMPLETE)
        return unreachable_new(r->test);
    if (!r->next)
        r->next = next_new(r);
    return r->next;
}

int yoke_tr_status(yoke_tr *r)
{
    return yk_tr_answer(r)->status;
}

const char *yoke_tr_header(yoke_tr *r, const char *name)
{
    return yk_answer_field(yk_tr_answer(r), name);
}

const char *yoke_tr_text(yoke_tr *r)
{
    return yk_bytes_text(&yk_tr_answer(r)->body);
}

size_t yoke_tr_len(yoke_tr *r)
{
    return yk_tr_answer(r)->body.len;
}

const char *yoke_tr_error(yoke_tr *r)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    if (answer->state == YK_ANSWER_COMPLETE)
        return NULL;
    return answer->error[0] ? answer->error : "it has not come, or not whole";
}

bool yoke_tr_is_closed(yoke_tr *r)
{
    yk_tr_answer(r);
    return r->link && yk_memory_has_ended(&r->link->memory);
}

const char *yoke_tr_raw(yoke_tr *r, size_t *ret_len)
{
    yk_tr_answer(r);
    *ret_len = r->link ? r->link->memory.out.len : 0;
    return r->link ? yk_bytes_text(&r->link->memory.out) : "";
}

void yk_tr_free(yoke_tr *r)
{
    yk_answer_done(&r->answer);
    yk_bytes_done(&r->fields);
    yk_bytes_done(&r->body);
    free(r->method);
    free(r->path);
    free(r);
}
