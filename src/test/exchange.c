#include "test/exchange.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/number.h"
#include "test/client.h"
#include "test/failure.h"
#include "test/question.h"

#include "core/banned.h"

/* ---- Life ---- */

yoke_tr *yk_tr_new(yoke_test *t)
{
    yoke_tr *r = yk_alloc(sizeof(*r));
    r->test = t;
    r->abort_after = r->reset_after = r->answer_max = SIZE_MAX;
    r->pace = SIZE_MAX;
    yk_peer_parse(&r->peer, "127.0.0.1");
    yk_list_add(&t->root->exchanges, &r->node);
    return r;
}

void yk_tr_check_unsent(const yoke_tr *r)
{
    struct yk_bytes text = {0};
    if (!r->link)
        return;
    yk_bytes_add(&text, "a request is changed that has been sent:\n");
    yk_failure_add_link(&text, r->link);
    yk_failure_report(&text, r->test->root->file, r->test->root->line);
}

void yk_tr_free(yoke_tr *r)
{
    yk_answer_done(&r->answer);
    yk_draft_done(&r->draft);
    yk_bytes_done(&r->cookies_sent);
    yk_bytes_done(&r->event);
    yk_bytes_done(&r->event_id);
    free(r);
}

/* ---- Cookies ---- */

static struct yk_jar_url url_of(const yoke_tr *r)
{
    const yoke_test *t = r->test;
    return (struct yk_jar_url){
        .host = yk_draft_host(&r->draft, yk_bytes_slice(&t->fields)),
        .path = yk_draft_path(&r->draft),
        .is_https = t->is_https,
        .now_s = yk_test_wall_s(t),
    };
}

/* Once the head is there: it is what the next request depends on. */
static void note(yoke_tr *r)
{
    const struct yk_answer *answer = &r->answer;
    struct yk_jar_url url = url_of(r);
    yoke_test *root = r->test->root;
    const char *field;

    r->blocks_after =
        root->server.buffers.used_count + root->server.arenas.used_count;
    if (answer->status == 0 || r->is_noted)
        return;
    r->is_noted = true;
    if (!r->test->has_jar || !r->draft.method)
        return;
    for (size_t n = 0;
         (field = yk_answer_nth(answer, &answer->head, "Set-Cookie", n)); n++)
        yk_jar_store(&r->test->jar, yk_slice_of(field), &url);
}

/* Answers that have come to others of this client, and that nobody has looked
 * at: they may have set cookies. */
static void read_others(const yoke_tr *r)
{
    YK_LIST_EACH(node, &r->test->root->exchanges)
    {
        yoke_tr *other = YK_CONTAINER_OF(node, yoke_tr, node);
        if (other != r && other->test == r->test && other->link)
            yk_tr_read(other);
    }
}

static void add_cookies(const yoke_tr *r, struct yk_bytes *out)
{
    struct yk_jar_url url = url_of(r);
    yk_bytes_add_slice(out, yk_bytes_slice(&r->draft.cookies));
    if (r->test->has_jar && r->draft.method) {
        read_others(r);
        yk_jar_add(&r->test->jar, &url, out);
    }
}

/* ---- Sending ---- */

void yk_tr_write(yoke_tr *r, struct yk_bytes *out)
{
    r->cookies_sent.len = 0;
    add_cookies(r, &r->cookies_sent);
    struct yk_draft_extras extras = {yk_bytes_slice(&r->test->fields),
                                     yk_bytes_slice(&r->cookies_sent)};
    yk_draft_write(&r->draft, &extras, out);
}

/* Puts the request on its connection: its own, or that of the one before. */
static void put(yoke_tr *r)
{
    struct yk_bytes request = {0};
    yk_tr_write(r, &request);
    if (r->before)
        r->link = r->before->link;
    else
        r->link = yk_test_connect(r->test->root, &r->peer);

    struct yk_memory *memory = &r->link->memory;
    size_t end =
        r->abort_after < r->reset_after ? r->abort_after : r->reset_after;
    memory->split = r->split;
    memory->split_at = r->split_at ? memory->in.len + r->split_at : 0;
    memory->out_max = r->answer_max;
    yk_memory_set_pace(memory, r->pace);
    r->request_len = end < request.len ? end : request.len;
    yk_memory_send(memory, request.ptr, r->request_len);
    if (r->abort_after != SIZE_MAX)
        yk_memory_hang_up(memory);
    yk_bytes_done(&request);
}

void yoke_tr_send(yoke_tr *r)
{
    if (r->link || r->is_unreachable)
        return;
    /* Those before it on the connection first; then those after it, so that
     * they arrive in one read. */
    if (r->before && !r->before->link) {
        yoke_tr_send(r->before);
        return;
    }
    for (yoke_tr *each = r; each; each = each->next)
        put(each);
    yk_test_settle(r->test);
    if (r->reset_after != SIZE_MAX)
        yoke_tr_reset(r);
    if (r->is_every_split)
        yk_tr_split_everywhere(r);
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

void yoke_tr_after(yoke_tr *r, yoke_tr *before)
{
    yk_tr_check_unsent(r);
    while (before->next)
        before = before->next;
    before->next = r;
    before->may_be_followed = r->may_be_followed = true;
    r->before = before;
    r->index = before->index + 1;
    r->read_len = SIZE_MAX;
}

/* ---- Reading ---- */

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

/* Where the answer begins: behind that of the one before. False: that is not
 * whole. */
static bool find_start(yoke_tr *r)
{
    if (!r->before)
        return true;
    yk_tr_read(r->before);
    if (r->before->answer.state != YK_ANSWER_COMPLETE)
        return false;
    r->start = r->before->start + r->before->answer.len;
    return true;
}

void yk_tr_read(yoke_tr *r)
{
    const struct yk_memory *memory = &r->link->memory;
    bool has_ended = yk_memory_has_ended(memory);
    if (r->read_len == memory->out.len && r->read_end == has_ended)
        return;
    if (!find_start(r))
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
    note(r);
}

/* So far there is a head that promises more than has come: then it is not worth
 * to read a long body once more for each piece of it. */
static bool is_short(const yoke_tr *r)
{
    const struct yk_memory *memory = &r->link->memory;
    const char *length = yk_answer_field(&r->answer, "Content-Length");
    uint64_t len;
    return r->answer.state == YK_ANSWER_PARTIAL && r->answer.status > 0 &&
           !r->is_stream && length && !yk_memory_has_ended(memory) &&
           yk_parse_u64(yk_slice_of(length), INT64_MAX, &len) == 0 &&
           memory->out.len < r->start + r->answer.body_at + len;
}

static bool is_read(void *data)
{
    yoke_tr *r = data;
    if (is_short(r))
        return !r->link->is_open;
    yk_tr_read(r);
    if (r->answer.state != YK_ANSWER_PARTIAL || !r->link->is_open)
        return true;
    return r->is_stream && r->answer.status > 0;
}

bool yk_tr_wait(yoke_tr *r, bool (*is_done)(void *r))
{
    yk_test_settle(r->test);
    if (is_done(r))
        return true;
    if (!r->has_waited)
        r->has_waited = yk_test_wait(r->test, is_done, r) == -ETIMEDOUT;
    return is_done(r);
}

/* An answer to a request that could not be sent. */
static void set_error(yoke_tr *r, const char *error)
{
    r->answer.state = YK_ANSWER_MALFORMED;
    snprintf(r->answer.error, sizeof(r->answer.error), "%s", error);
}

yoke_tr *yk_tr_end(yoke_tr *r)
{
    for (;;) {
        yoke_tr_send(r);
        if (r->is_unreachable)
            return r;
        yk_tr_wait(r, is_read);
        yk_tr_read(r);
        if (r->link->error[0])
            set_error(r, r->link->error);
        yoke_tr *hop = yk_tr_follow(r);
        if (!hop)
            return r;
        r = hop;
    }
}

const struct yk_answer *yk_tr_answer(yoke_tr *r)
{
    return &yk_tr_end(r)->answer;
}

/* ---- What comes next on the connection ---- */

/* The exchange whose answer comes after that of `r`, which is whole; it was
 * sent with it. */
static yoke_tr *next_new(yoke_tr *r)
{
    yoke_tr *next = yk_tr_new(r->test);
    yoke_tr_after(next, r);
    next->link = r->link;
    return next;
}

/* One that is never sent and never answered. */
static yoke_tr *unreachable_new(yoke_test *t)
{
    yoke_tr *r = yk_tr_new(t);
    r->is_unreachable = true;
    set_error(r, "there is no whole answer before it");
    return r;
}

yoke_tr *yoke_tr_next(yoke_tr *r)
{
    r->may_be_followed = true;
    if (yk_tr_answer(r)->state != YK_ANSWER_COMPLETE)
        return unreachable_new(r->test);
    return r->next ? r->next : next_new(r);
}

/* ---- What can be asked ---- */

int yoke_tr_status(yoke_tr *r)
{
    return yk_tr_answer(r)->status;
}

const char *yoke_tr_header(yoke_tr *r, const char *name)
{
    return yk_answer_field(yk_tr_answer(r), name);
}

const char *yoke_tr_header_nth(yoke_tr *r, const char *name, size_t n)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    return yk_answer_nth(answer, &answer->head, name, n);
}

const char *yoke_tr_trailer(yoke_tr *r, const char *name)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    return yk_answer_nth(answer, &answer->trailers, name, 0);
}

size_t yoke_tr_interim_count(yoke_tr *r)
{
    return yk_tr_answer(r)->interim_count;
}

int yoke_tr_interim_status(yoke_tr *r, size_t n)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    return n < answer->interim_count ? answer->interims[n].status : 0;
}

const char *yoke_tr_interim_header(yoke_tr *r, size_t n, const char *name)
{
    const struct yk_answer *answer = yk_tr_answer(r);
    return n < answer->interim_count
               ? yk_answer_nth(answer, &answer->interims[n], name, 0)
               : NULL;
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
    r = yk_tr_end(r);
    return r->link && yk_memory_has_ended(&r->link->memory);
}

const char *yoke_tr_raw(yoke_tr *r, size_t *ret_len)
{
    r = yk_tr_end(r);
    *ret_len = r->link ? r->link->memory.out.len : 0;
    return r->link ? yk_bytes_text(&r->link->memory.out) : "";
}
