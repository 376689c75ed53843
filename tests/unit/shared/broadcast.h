/* Two broadcasts of one store, which are two workers, at /a and /b, and clients
 * of theirs. */
#ifndef YK_TESTS_BROADCAST_H
#define YK_TESTS_BROADCAST_H

#include "shared.h"

static yoke_broadcast *first, *second;
static yoke_test *t;
static int left;

/* ---- The application ---- */

static inline void on_leave(yoke_sse *sse, void *data)
{
    assert_non_null(sse);
    assert_ptr_equal(data, &left);
    left++;
}

static inline void join(yoke_req *req, yoke_res *res)
{
    yoke_broadcast **which = yoke_data(req);
    yoke_broadcast_join(*which, "news", res, .on_leave = on_leave,
                        .data = &left);
}

static inline void start(struct yoke_broadcast_options options,
                         const struct yoke_limits *limits)
{
    yoke_app *app = yoke_app_new();

    options.store = options.store ? options.store : store;
    first = yoke_broadcast_open_with(&options);
    second = yoke_broadcast_open_with(&options);
    assert_non_null(first);
    assert_non_null(second);
    left = 0;
    yoke_app_get(app, "/a", yoke_with(join, &first, NULL));
    yoke_app_get(app, "/b", yoke_with(join, &second, NULL));
    t = yoke_test_new_with(app, limits);
}

static inline void with_history(uint32_t history)
{
    start((struct yoke_broadcast_options){.history = history, .late_ms = 60},
          NULL);
}

static inline struct yoke_broadcast_stats stats_of(const yoke_broadcast *which)
{
    struct yoke_broadcast_stats stats;
    yoke_broadcast_stats(which, &stats);
    return stats;
}

/* Everything that they had is gone. */
static inline void stop(void)
{
    yoke_broadcast_close(first);
    yoke_broadcast_close(second);
    run_turns();
    yoke_test_free(t);
}

/* ---- Clients ---- */

/* One that listens, from that id on; NULL: from now on. */
static inline yoke_tr *listen_at(const char *path, const char *last_id)
{
    yoke_tr *r = yoke_test_get(t, path);

    yoke_tr_stream(r);
    if (last_id)
        yoke_tr_set(r, "Last-Event-ID", last_id);
    yoke_expect_status(r, 200);
    yoke_expect_header(r, "Content-Type", "text/event-stream");
    if (!last_id)
        yoke_expect_body_like(r, "id: [0-9]|: ready");
    return r;
}

static struct {
    int count, err;
    uint64_t id;
} sent;

static inline void on_sent(int err, uint64_t id, void *data)
{
    assert_ptr_equal(data, &sent);
    sent.count++;
    sent.err = err;
    sent.id = id;
}

static inline uint64_t say(yoke_broadcast *which, const char *text)
{
    int before = sent.count;

    yoke_broadcast_send(which, "news", "said", text, on_sent, &sent);
    assert_int_equal(sent.count, before); /* Never from inside the call. */
    wait_count(&sent.count, before + 1);
    assert_int_equal(sent.err, 0);
    return sent.id;
}

static inline const char *id_text(uint64_t id)
{
    static char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
    return text;
}

/* The next event, whose id is that, unless it is 0. */
static inline void expect_id(yoke_tr *r, uint64_t id, const char *data)
{
    struct yoke_tr_event event;

    assert_true(yoke_tr_sse_next(r, &event));
    assert_string_equal(event.event, "said");
    assert_string_equal(event.data, data);
    if (id)
        assert_string_equal(event.id, id_text(id));
}

static inline void expect_missed(yoke_tr *r)
{
    yoke_expect_sse(r, "missed", "");
}

#endif
