/* Fuzzes a whole connection: parser, body, answers, deadlines, closing.
 *
 * The text is what a client sends; the choices say how it is cut up, and what
 * else happens meanwhile: a slow reader, time that passes, a client that hangs
 * up or breaks off, a server that drains or aborts. The application is in
 * app.h. Then everything settles, and it is checked that
 *
 *   - what the server has sent is a sequence of well-formed answers, one for
 *     each request, with the status and body that the application gave, and at
 *     most one more, which refuses and is the last;
 *   - what the application has answered has arrived, unless the connection was
 *     cut;
 *   - the connection ends when client and application have, and leaves nothing
 *     behind;
 *   - the requests are those of a connection on which the text came in one
 *     piece and nothing else happened, as far as both go. How the input is
 *     split must never decide where a request begins. */
#include "app.h"
#include "fuzz.h"
#include "test/answer.h"
#include "wire.h"

/* Within reach of short inputs. */
static const struct yoke_limits narrow_limits = {
    .max_target_len = 64,
    .max_head_len = 256,
    .max_fields = 6,
    .max_line_len = 80,
    .max_drain_len = 16,
    .max_pipeline = 2,
    .high_water = 128,
};

static const struct yoke_limits usual_limits;

enum ending {
    ENDING_HANG_UP,
    ENDING_SILENCE,
    ENDING_ABORT,
    ENDING_DRAIN,
};

struct session {
    struct wire wire;
    struct app app;
    bool is_draining;
    bool has_waited; /* Time has passed while the client was sending. */
    int empty_count;
};

static void on_empty(struct yk_http_server *server, void *data)
{
    struct session *s = YK_CONTAINER_OF(data, struct session, app);
    MUST(s->is_draining && server->conn_count == 0, "on_empty in its place");
    s->empty_count++;
}

static void open_session(struct session *s, const struct yoke_limits *limits)
{
    s->is_draining = s->has_waited = false;
    s->empty_count = 0;
    app_init(&s->app, &s->wire);
    wire_open(&s->wire, limits, app_on_request, &s->app);
    s->wire.server.on_empty = on_empty;
}

static void close_session(struct session *s)
{
    MUST(s->empty_count == s->is_draining, "a server is empty once");
    wire_close(&s->wire);
    app_done(&s->app);
}

/* ---- What happens ---- */

static void send_text(struct session *s, struct yk_slice *text, size_t len)
{
    if (len > text->len)
        len = text->len;
    yk_memory_send(&s->wire.memory, text->ptr, len);
    text->ptr += len;
    text->len -= len;
}

static void drain(struct session *s)
{
    if (s->is_draining)
        return;
    s->is_draining = true;
    yk_http_server_drain(&s->wire.server, UINT32_MAX);
}

static void do_rare(struct session *s, unsigned arg)
{
    switch (arg) {
    case 0:
        yk_memory_hang_up(&s->wire.memory);
        break;
    case 1:
        yk_memory_break(&s->wire.memory);
        break;
    case 2:
        drain(s);
        break;
    case 3:
        yk_http_server_abort(&s->wire.server);
        break;
    case 4:
        app_give_up(&s->app);
        break;
    }
}

/* One choice: the upper bits say what, the lower how much. */
static void do_choice(struct session *s, struct yk_slice *text, uint8_t choice)
{
    static const uint32_t waits[] = {1, 251, 1000, 4999, 10000, 61000, 301000};
    static const size_t paces[] = {SIZE_MAX, 0, 1, 7, 100, 1000, 5000, 20000};
    unsigned arg = choice & 31;

    switch (choice >> 5) {
    case 0:
        send_text(s, text, arg);
        break;
    case 1:
        send_text(s, text, (arg + 1) * 32);
        break;
    case 2:
        s->wire.memory.split = arg;
        break;
    case 3:
        for (unsigned i = 0; i < arg; i++)
            wire_turn(&s->wire);
        break;
    case 4:
        s->has_waited = true;
        wire_wait(&s->wire, waits[arg % 7]);
        break;
    case 5:
        yk_memory_set_pace(&s->wire.memory, paces[arg & 7]);
        break;
    case 6:
        app_turn(&s->app);
        break;
    default:
        do_rare(s, arg);
    }
    wire_turn(&s->wire);
}

/* A connection that waits for an event has done all it can: looking at it once
 * more changes nothing. Otherwise it would wait for what has come already. */
static void check_rest(struct session *s)
{
    struct yk_h1_conn *conn = s->wire.conn;
    const struct yk_list *last = s->app.visits.prev;
    size_t len = s->wire.memory.out.len;
    if (!conn)
        return;
    enum yk_h1_phase phase = conn->phase;
    yk_h1_advance(conn);
    MUST(!s->wire.is_gone && conn->phase == phase &&
             s->app.visits.prev == last && s->wire.memory.out.len == len,
         "a connection at rest has nothing to do");
}

/* Turns until neither the connection nor the application has anything to do,
 * for a client that takes what it gets. */
static void settle(struct session *s)
{
    yk_memory_set_pace(&s->wire.memory, SIZE_MAX);
    do
        wire_settle(&s->wire);
    while (app_turn(&s->app));
    check_rest(s);
}

/* The same, and what the application waits for does not come. */
static void finish(struct session *s)
{
    do
        settle(s);
    while (app_give_up(&s->app));
}

static void end(struct session *s, enum ending ending)
{
    switch (ending) {
    case ENDING_HANG_UP:
        yk_memory_hang_up(&s->wire.memory);
        break;
    case ENDING_ABORT:
        yk_http_server_abort(&s->wire.server);
        break;
    case ENDING_DRAIN:
        drain(s);
        break;
    case ENDING_SILENCE:
        break;
    }
    finish(s);
    /* Longer than any limit, and often enough for one to follow another. */
    for (int i = 0; i < 20 && !s->wire.is_gone; i++) {
        MUST(ending == ENDING_SILENCE || ending == ENDING_DRAIN,
             "a connection whose client has gone goes");
        wire_wait(&s->wire, 61000);
        finish(s);
    }
    MUST(s->wire.is_gone, "a connection without a client goes");
}

/* ---- What was sent ---- */

/* Goes over the bytes that the client has got. */
struct reader {
    struct session *s;
    struct yk_slice bytes; /* Those that have not been read. */
    struct yk_answer answer;
    bool is_last; /* The answer said that the connection closes. */
};

/* Reads the answer at the front into r->answer. */
static void read_answer(struct reader *r, bool is_head, bool is_http10)
{
    const struct yk_memory *m = &r->s->wire.memory;
    struct yk_answer_context context = {
        .is_head = is_head,
        .is_http10 = is_http10,
        .has_ended = yk_memory_has_ended(m),
        .is_reset = m->is_reset || m->is_broken,
    };
    yk_answer_read(&r->answer, r->bytes.ptr, r->bytes.len, &context);
    /* A connection may be cut at any byte; then what there is must still be
     * the beginning of an answer. */
    if (r->answer.state == YK_ANSWER_MALFORMED) {
        context.has_ended = false;
        yk_answer_read(&r->answer, r->bytes.ptr, r->bytes.len, &context);
    }
    if (r->answer.state == YK_ANSWER_MALFORMED)
        fprintf(stderr, "%s\n%.*s\n", r->answer.error, (int)r->bytes.len,
                r->bytes.ptr);
    MUST(r->answer.state != YK_ANSWER_MALFORMED, "an answer is well-formed");
}

static bool says(const struct yk_answer *answer, const char *connection)
{
    const char *value = yk_answer_field(answer, "Connection");
    return value && strcmp(value, connection) == 0;
}

static void skip_answer(struct reader *r)
{
    size_t len =
        r->answer.state == YK_ANSWER_COMPLETE ? r->answer.len : r->bytes.len;
    r->bytes.ptr += len;
    r->bytes.len -= len;
    r->is_last = says(&r->answer, "close");
}

/* The server's own answer, to what it does not accept. */
static void check_refusal(struct reader *r)
{
    if (r->answer.status == 0)
        return;
    MUST(r->answer.status >= 400, "only a refusal comes unasked");
    MUST(says(&r->answer, "close"), "a refusal closes");
}

/* The application's answer. */
static void check_answer(const struct reader *r, const struct visit *v)
{
    const struct yk_answer *answer = &r->answer;
    bool is_complete = answer->state == YK_ANSWER_COMPLETE;

    if (answer->status == 0)
        return;
    MUST(answer->status == v->status, "the status is the application's");
    MUST(answer->body.len <= v->answer.len, "there is more than was written");
    MUST(!is_complete || answer->body.len == v->answer.len,
         "there is less than was written");
    MUST(answer->body.len == 0 ||
             memcmp(answer->body.ptr, v->answer.ptr, answer->body.len) == 0,
         "the body is the application's");
    MUST(!v->wants_close || says(answer, "close"), "close is answered");
    MUST(!v->is_http10 || says(answer, "close") || says(answer, "keep-alive"),
         "HTTP/1.0 is told what becomes of the connection");
}

static void check_visit(struct reader *r, const struct visit *v)
{
    bool is_heard = v->is_heard && !r->s->app.has_broken_promise &&
                    !r->s->wire.memory.is_reset && !r->s->wire.memory.is_broken;
    if (r->bytes.len == 0) {
        MUST(!is_heard, "an answer is missing");
        return;
    }
    MUST(!r->is_last, "an answer behind the last one");
    read_answer(r, v->is_head, v->is_http10);
    MUST(r->answer.interim_count <= v->expects_continue,
         "100 Continue to whom it was not for");
    MUST(!is_heard || r->answer.state == YK_ANSWER_COMPLETE,
         "an answer is not whole");
    if (v->has_head)
        check_answer(r, v);
    else
        check_refusal(r);
    skip_answer(r);
}

static void check_unasked(struct reader *r)
{
    if (r->bytes.len == 0)
        return;
    MUST(!r->is_last, "an answer behind the last one");
    read_answer(r, false, false);
    /* The reader does not know that what was refused was a HEAD. */
    if (r->answer.state == YK_ANSWER_PARTIAL && r->answer.body.len == 0)
        read_answer(r, true, false);
    MUST(r->answer.interim_count == 0, "100 Continue unasked");
    check_refusal(r);
    skip_answer(r);
    MUST(r->bytes.len == 0, "bytes behind a refusal");
}

static void check_output(struct session *s)
{
    const struct yk_bytes *out = &s->wire.memory.out;
    struct reader r = {.s = s, .bytes = {out->ptr, out->len}};

    YK_LIST_EACH(node, &s->app.visits)
    check_visit(&r, YK_CONTAINER_OF(node, struct visit, node));
    check_unasked(&r);
    yk_answer_done(&r.answer);
}

/* ---- What came in ---- */

/* A request that came whole is not said to be cut off: not when the client has
 * closed its side behind it, nor when the application has not read it yet. */
static void check_abort(const struct visit *plain, const struct visit *v)
{
    const struct session *s = YK_CONTAINER_OF(v->app, struct session, app);
    const struct yk_memory *m = &s->wire.memory;
    if (s->has_waited || m->is_broken || m->is_reset)
        return;
    MUST(!v->is_aborted || !plain->is_body_complete || m->in.len < plain->end,
         "a request that came whole is answered");
}

static void compare_visits(const struct visit *plain, const struct visit *v)
{
    size_t len = plain->body.len < v->body.len ? plain->body.len : v->body.len;
    MUST(plain->digest == v->digest, "splitting changes a request");
    MUST(len == 0 || memcmp(plain->body.ptr, v->body.ptr, len) == 0,
         "splitting changes a body");
    if (plain->is_body_complete && v->is_body_complete)
        MUST(plain->end == v->end, "splitting changes a body's end");
    check_abort(plain, v);
}

static void compare(struct session *plain, struct session *eventful)
{
    struct yk_list *a = plain->app.visits.next, *b = eventful->app.visits.next;
    while (a != &plain->app.visits && b != &eventful->app.visits) {
        compare_visits(YK_CONTAINER_OF(a, struct visit, node),
                       YK_CONTAINER_OF(b, struct visit, node));
        a = a->next;
        b = b->next;
    }
}

/* ---- The whole ---- */

static void run(struct session *s, const struct yoke_limits *limits,
                struct fuzz_input *in, enum ending ending)
{
    struct yk_slice text = in->text;
    open_session(s, limits);
    while (fuzz_has_choice(in))
        do_choice(s, &text, fuzz_choose(in));
    send_text(s, &text, text.len);
    settle(s);
    check_output(s);
    end(s, ending);
    check_output(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct session eventful, plain;
    struct fuzz_input in = fuzz_input_of(data, size);
    struct fuzz_input text = {.text = in.text};
    bool has_events = fuzz_has_choice(&in);
    uint8_t kind = fuzz_choose(&in);
    const struct yoke_limits *limits =
        kind & 1 ? &narrow_limits : &usual_limits;

    run(&plain, limits, &text, ENDING_HANG_UP);
    if (has_events) {
        run(&eventful, limits, &in, (enum ending)(kind >> 1 & 3));
        compare(&plain, &eventful);
        close_session(&eventful);
    }
    close_session(&plain);
    return 0;
}
