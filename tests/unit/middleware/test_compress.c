#include "unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <uv.h>

#define LONG_LEN 20000

static char long_text[LONG_LEN + 1];
static char path[64];
static yoke_res *held_res;
static yoke_sse *stream;

/* ---- Handlers ---- */

/* The query says what is answered. */
static void answer(yoke_req *req, yoke_res *res)
{
    static const char *const fields[] = {"Content-Type", "ETag",
                                         "Cache-Control", "Content-Encoding",
                                         "Content-Range"};
    const char *status = yoke_req_query(req, "status");
    const char *len = yoke_req_query(req, "len");
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (yoke_req_query(req, fields[i]))
            yoke_res_set(res, fields[i], yoke_req_query(req, fields[i]));
    if (status)
        yoke_res_status(res, atoi(status));
    yoke_res_text(res, yoke_req_printf(req, "%.*s", len ? atoi(len) : LONG_LEN,
                                       long_text));
}

static void in_pieces(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Type", "text/plain");
    yoke_res_set(res, "Content-Length", "20000");
    for (size_t at = 0; at < LONG_LEN; at += 1000)
        assert_true(yoke_res_write(res, long_text + at, 1000) >= 0);
    yoke_res_end(res);
}

static void hold(yoke_req *req, yoke_res *res)
{
    (void)req;
    held_res = res;
    yoke_res_type(res, "txt");
    assert_true(yoke_res_write(res, "first ", 6) >= 0);
}

static void send_events(yoke_req *req, yoke_res *res)
{
    (void)req;
    stream = yoke_res_sse(res);
}

static void send_file(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send_file(res, path);
}

static void send_zeros(yoke_req *req, yoke_res *res)
{
    static char zeros[3 << 20];
    (void)req;
    yoke_res_type(res, "txt");
    yoke_res_send(res, zeros, sizeof(zeros));
}

static bool only_asked(yoke_req *req, yoke_res *res, void *data)
{
    assert_string_equal(data, "data");
    return yoke_req_query(req, "please") && yoke_is_compressible(res);
}

static yoke_test *client_with(struct yoke_handler compress)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, compress);
    yoke_app_get(app, "/", answer);
    yoke_app_get(app, "/pieces", in_pieces);
    yoke_app_get(app, "/hold", hold);
    yoke_app_get(app, "/events", send_events);
    yoke_app_get(app, "/file.txt", send_file);
    yoke_app_get(app, "/zeros", send_zeros);
    return yoke_test_new(app);
}

static yoke_tr *get(yoke_test *t, const char *url, const char *accepted)
{
    yoke_tr *r = yoke_test_get(t, url);
    if (accepted)
        yoke_tr_set(r, "Accept-Encoding", accepted);
    return r;
}

static void expect_unpacked(yoke_tr *r, const char *text, size_t len)
{
    size_t n;
    bool is_whole;
    char *unpacked = unpack(r, &n, &is_whole);
    assert_true(is_whole);
    assert_int_equal(n, len);
    assert_memory_equal(unpacked, text, len);
    free(unpacked);
}

/* ---- What is compressed ---- */

static void which_answers_are_compressed(void **state)
{
    static const struct {
        const char *query, *accepted, *encoding, *vary;
    } cases[] = {
        {"", "gzip", "gzip", "Accept-Encoding"},
        {"", "br", "br", "Accept-Encoding"},
        {"", "gzip, deflate, br", "br", "Accept-Encoding"},
        {"", "gzip;q=1, br;q=0.9", "gzip", "Accept-Encoding"},
        {"", "gzip;q=0, br;q=0", NULL, "Accept-Encoding"},
        {"", "GZIP", "gzip", "Accept-Encoding"},
        {"", "*", "br", "Accept-Encoding"},
        {"", "*;q=0", NULL, "Accept-Encoding"},
        {"", "identity, gzip;q=0.5", NULL, "Accept-Encoding"},
        {"", "deflate", NULL, "Accept-Encoding"},
        {"", "x-gzip, bro", NULL, "Accept-Encoding"},
        {"", "gzip;q=oops", NULL, "Accept-Encoding"},
        {"", NULL, NULL, "Accept-Encoding"},
        {"?Content-Type=application/json", "gzip", "gzip", "Accept-Encoding"},
        {"?Content-Type=application/ld%2Bjson", "gzip", "gzip",
         "Accept-Encoding"},
        {"?Content-Type=image/svg%2Bxml;%20charset=utf-8", "gzip", "gzip",
         "Accept-Encoding"},
        {"?Content-Type=image/png", "gzip", NULL, NULL},
        {"?Content-Type=application/octet-stream", "gzip", NULL, NULL},
        {"?len=1023", "gzip", NULL, "Accept-Encoding"},
        {"?len=1024", "gzip", "gzip", "Accept-Encoding"},
        {"?Content-Encoding=zstd", "gzip", "zstd", NULL},
        {"?Content-Encoding=identity", "gzip", "gzip", "Accept-Encoding"},
        {"?Cache-Control=public,%20no-transform", "gzip", NULL, NULL},
        {"?Cache-Control=no-transformations", "gzip", "gzip",
         "Accept-Encoding"},
        {"?status=206&Content-Range=bytes%200-19999/30000", "gzip", NULL, NULL},
        {"?status=204", "gzip", NULL, NULL},
        {"?status=404", "gzip", "gzip", "Accept-Encoding"},
        {"nowhere", "gzip", NULL, "Accept, Accept-Encoding"},
    };
    yoke_test *t = client_with(yoke_compress());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char url[128];
        snprintf(url, sizeof(url), "/%s", cases[i].query);
        yoke_tr *r = get(t, url, cases[i].accepted);
        if (cases[i].encoding)
            yoke_expect_header(r, "Content-Encoding", cases[i].encoding);
        else
            yoke_expect_no_header(r, "Content-Encoding");
        if (cases[i].vary)
            yoke_expect_header(r, "Vary", cases[i].vary);
        else
            yoke_expect_no_header(r, "Vary");
    }
    yoke_test_free(t);
}

static void options_say_otherwise(void **state)
{
    const struct {
        struct yoke_handler compress;
        const char *url, *encoding;
    } cases[] = {
        {yoke_compress(.threshold = 1), "/?len=1", "br"},
        {yoke_compress(.threshold = 30000), "/", NULL},
        {yoke_compress(.threshold = 30000), "/hold", "br"},
        {yoke_compress(.no_br = true), "/", "gzip"},
        {yoke_compress(.no_br = true, .no_gzip = true), "/", NULL},
        {yoke_compress(.filter = only_asked,
                       .data = (void *)(uintptr_t) "data"),
         "/", NULL},
        {yoke_compress(.filter = only_asked,
                       .data = (void *)(uintptr_t) "data"),
         "/?please", "br"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = client_with(cases[i].compress);
        yoke_tr *r = get(t, cases[i].url, "gzip, br");
        held_res = NULL;
        yoke_tr_send(r);
        if (held_res)
            yoke_res_end(held_res);
        if (cases[i].encoding)
            yoke_expect_header(r, "Content-Encoding", cases[i].encoding);
        else
            yoke_expect_no_header(r, "Content-Encoding");
        yoke_test_free(t);
    }
}

static void a_level_makes_it_smaller(void **state)
{
    size_t lens[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        yoke_test *t =
            client_with(yoke_compress(.level = i ? 9 : 1, .no_br = true));
        lens[i] = yoke_tr_len(get(t, "/", "gzip"));
        yoke_test_free(t);
    }
    assert_true(lens[1] < lens[0]);
}

/* ---- How ---- */

static const char *const encodings[] = {"gzip", "br"};

static void a_whole_answer_keeps_a_length(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        yoke_tr *r = get(t, "/", encodings[i]);
        yoke_tr *head = yoke_test_head(t, "/");
        char len[24];
        expect_unpacked(r, long_text, LONG_LEN);
        assert_true(yoke_tr_len(r) < LONG_LEN);
        snprintf(len, sizeof(len), "%zu", yoke_tr_len(r));
        yoke_expect_header(r, "Content-Length", len);
        yoke_tr_set(head, "Accept-Encoding", encodings[i]);
        yoke_expect_header(head, "Content-Length", len);
        yoke_expect_header(head, "Content-Encoding", encodings[i]);
    }
    yoke_test_free(t);
}

static void many_answers_in_a_row(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    (void)state;
    for (int i = 0; i < 40; i++)
        expect_unpacked(get(t, "/", encodings[i % 2]), long_text, LONG_LEN);
    yoke_test_free(t);
}

static void pieces_and_files_have_no_length(void **state)
{
    static const char *const urls[] = {"/pieces", "/file.txt"};
    yoke_test *t = client_with(yoke_compress());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(encodings) * COUNT_OF(urls); i++) {
        yoke_tr *r = get(t, urls[i / 2], encodings[i % 2]);
        expect_unpacked(r, long_text, LONG_LEN);
        yoke_expect_no_header(r, "Content-Length");
        yoke_expect_no_header(r, "Accept-Ranges");
        yoke_tr *head = yoke_test_head(t, urls[i / 2]);
        yoke_tr_set(head, "Accept-Encoding", encodings[i % 2]);
        yoke_expect_text(head, 200, "");
        yoke_expect_header(head, "Content-Encoding", encodings[i % 2]);
        yoke_expect_no_header(head, "Content-Length");
    }
    yoke_test_free(t);
}

static void a_range_of_a_file_stays_as_it_is(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    yoke_tr *r = get(t, "/file.txt", "gzip");
    (void)state;
    yoke_tr_set(r, "Range", "bytes=0-1999");
    yoke_expect_status(r, 206);
    yoke_expect_no_header(r, "Content-Encoding");
    yoke_expect_body_bytes(r, long_text, 2000);
    yoke_test_free(t);
}

static void large_answers_arrive_whole(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    char *zeros = calloc(1, 3 << 20);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(encodings); i++)
        expect_unpacked(get(t, "/zeros", encodings[i]), zeros, 3 << 20);
    free(zeros);
    yoke_test_free(t);
}

/* Waits until that much text can be unpacked of what has come. */
static void expect_so_far(yoke_tr *r, const char *text)
{
    size_t n, seen = 0;
    bool is_whole;
    for (;;) {
        size_t len = yoke_tr_wait_len(r, seen + 1);
        char *unpacked = unpack(r, &n, &is_whole);
        bool is_there = strcmp(unpacked, text) == 0;
        free(unpacked);
        if (is_there)
            return;
        assert_true(len > seen);
        seen = len;
    }
}

static void a_stream_flows(void **state)
{
    static const char *const words[] = {"first ", "second ", "third "};
    yoke_test *t = client_with(yoke_compress());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        yoke_tr *r = get(t, "/hold", encodings[i]);
        char so_far[64] = "first ";
        yoke_tr_stream(r);
        expect_so_far(r, so_far);
        for (size_t word = 1; word < COUNT_OF(words); word++) {
            yoke_res_write(held_res, words[word], strlen(words[word]));
            strncat(so_far, words[word], 10);
            expect_so_far(r, so_far);
        }
        yoke_res_end(held_res);
        expect_unpacked(r, so_far, strlen(so_far));
    }
    yoke_test_free(t);
}

static void events_leave_at_once_and_by_gzip(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    yoke_tr *r = get(t, "/events", "gzip, br");
    char so_far[128] = "";
    (void)state;
    yoke_tr_stream(r);
    yoke_expect_header(r, "Content-Encoding", "gzip");
    for (int i = 0; i < 3; i++) {
        yoke_sse_send(stream, "tick", "1");
        strncat(so_far, "event: tick\ndata: 1\n\n", 30);
        expect_so_far(r, so_far);
    }
    yoke_sse_end(stream);
    yoke_test_free(t);
}

static void a_client_that_goes_leaves_nothing_behind(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    yoke_tr *r = get(t, "/hold", "br");
    (void)state;
    yoke_tr_send(r);
    yoke_tr_reset(r);
    assert_int_equal(yoke_res_write(held_res, "more", 4), -YOKE_ECLOSED);
    yoke_res_end(held_res);
    yoke_test_free(t);
}

/* ---- Validators ---- */

static void a_tag_becomes_a_weak_one(void **state)
{
    yoke_test *t = client_with(yoke_compress());
    yoke_tr *plain = get(t, "/?ETag=%22a%22", NULL);
    yoke_tr *packed = get(t, "/?ETag=%22a%22", "gzip");
    yoke_tr *weak = get(t, "/?ETag=W/%22a%22", "gzip");
    (void)state;
    yoke_expect_header(plain, "ETag", "\"a\"");
    yoke_expect_header(packed, "ETag", "W/\"a\"");
    yoke_expect_header(weak, "ETag", "W/\"a\"");
    yoke_test_free(t);
}

static void a_good_copy_keeps_the_tag_that_it_has(void **state)
{
    static const char *const tags[] = {"W/\"a\"", "\"a\""};
    yoke_test *t = client_with(yoke_compress());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        yoke_tr *r = get(t, "/?ETag=%22a%22", "gzip");
        yoke_tr_set(r, "If-None-Match", tags[i]);
        yoke_expect_text(r, 304, "");
        yoke_expect_header(r, "ETag", tags[i]);
        yoke_expect_header(r, "Vary", "Accept-Encoding");
        yoke_expect_no_header(r, "Content-Encoding");
    }
    yoke_test_free(t);
}

/* Text that is neither random nor all the same. */
static void fill_long_text(void)
{
    unsigned seed = 1;
    for (size_t i = 0; i < LONG_LEN; i++) {
        seed = seed * 1103515245 + 12345;
        long_text[i] = "etaoin shrdlu\n"[(seed >> 16) % 14];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_answers_are_compressed),
        cmocka_unit_test(options_say_otherwise),
        cmocka_unit_test(a_level_makes_it_smaller),
        cmocka_unit_test(a_whole_answer_keeps_a_length),
        cmocka_unit_test(many_answers_in_a_row),
        cmocka_unit_test(pieces_and_files_have_no_length),
        cmocka_unit_test(a_range_of_a_file_stays_as_it_is),
        cmocka_unit_test(large_answers_arrive_whole),
        cmocka_unit_test(a_stream_flows),
        cmocka_unit_test(events_leave_at_once_and_by_gzip),
        cmocka_unit_test(a_client_that_goes_leaves_nothing_behind),
        cmocka_unit_test(a_tag_becomes_a_weak_one),
        cmocka_unit_test(a_good_copy_keeps_the_tag_that_it_has),
    };
    fill_long_text();
    snprintf(path, sizeof(path), "/tmp/yoke-test-XXXXXX.txt");
    int fd = mkstemps(path, 4);
    if (fd < 0 || write(fd, long_text, LONG_LEN) != LONG_LEN)
        return 1;
    close(fd);
    yoke_log_set_level(YOKE_LOG_OFF);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
