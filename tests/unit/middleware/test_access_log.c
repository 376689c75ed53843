#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <uv.h>
#include <yoke/yoke.h>

static char lines[65536]; /* All that was written. */
static yoke_res *held_res;
static char folder[64];

static void keep(const char *line, size_t len, void *data)
{
    (void)data;
    assert_true(strlen(lines) + len < sizeof(lines));
    assert_int_equal(line[len - 1], '\n');
    strncat(lines, line, len);
}

static bool is_health_check(yoke_req *req, yoke_res *res, void *data)
{
    (void)res, (void)data;
    return strcmp(yoke_req_path(req), "/health") == 0;
}

static void show(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Answer", "\"42\"");
    yoke_res_text(res, "hello");
}

static void hold(yoke_req *req, yoke_res *res)
{
    held_res = res;
    yoke_hold(req);
}

static yoke_app *app_with(struct yoke_handler log)
{
    yoke_app *app = yoke_app_new();
    lines[0] = '\0';
    yoke_app_use(app, log);
    yoke_app_use(app, yoke_request_id(.accepts_theirs = true));
    yoke_app_use_at(app, "/admin",
                    yoke_basic_auth(.users = (const struct yoke_basic_user[]){
                                        {"ad\"a", "x"}, {NULL, NULL}}));
    yoke_app_get(app, "/", show);
    yoke_app_get(app, "/health", show);
    yoke_app_get(app, "/users/:id", show);
    yoke_app_get(app, "/admin", show);
    yoke_app_get(app, "/hold", hold);
    return app;
}

static yoke_test *client_with(struct yoke_handler log)
{
    return yoke_test_new(app_with(log));
}

#define KEPT(text) yoke_access_log(.format = (text), .write = keep)
#define THE_TIME   "[06/Nov/1994:08:49:37 +0000]"

static void expect_lines(const char *text)
{
    assert_string_equal(lines, text);
    lines[0] = '\0';
}

/* ---- Formats ---- */

static void the_formats_of_apache(void **state)
{
    static const struct {
        const char *format, *line;
    } cases[] = {
        {NULL, "127.0.0.1 - - " THE_TIME " \"GET /?a=b HTTP/1.1\" 200 5 "
               "\"http://r/\" \"curl \\\"7\\\"\"\n"},
        {"combined", "127.0.0.1 - - " THE_TIME " \"GET /?a=b HTTP/1.1\" 200 5 "
                     "\"http://r/\" \"curl \\\"7\\\"\"\n"},
        {"common", "127.0.0.1 - - " THE_TIME " \"GET /?a=b HTTP/1.1\" 200 5\n"},
        {"%m %U %q %H %V", "GET / ?a=b HTTP/1.1 test\n"},
        {"%{%FT%TZ}t %%", "1994-11-06T08:49:37Z %\n"},
        {"%a %s %>s %B %X", "127.0.0.1 200 200 5 +\n"},
        {"%{user-agent}i|%{X-Answer}o|%{X-None}i",
         "curl \\\"7\\\"|\\\"42\\\"|-\n"},
        {"%L %R", "id-1 /\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = client_with(KEPT(cases[i].format));
        yoke_tr *r = yoke_test_get(t, "/?a=b");
        yoke_tr_set(r, "User-Agent", "curl \"7\"");
        yoke_tr_set(r, "Referer", "http://r/");
        yoke_tr_set(r, "X-Request-Id", "id-1");
        yoke_expect_status(r, 200);
        expect_lines(cases[i].line);
        yoke_test_free(t);
    }
}

static void numbers_of_time_and_process(void **state)
{
    yoke_test *t = client_with(KEPT("%D %T %{ms}T %P"));
    char *end;
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    strtoul(lines, &end, 10);
    assert_true(end > lines && *end == ' ');
    assert_int_equal(atoi(strrchr(lines, ' ')), getpid());
    yoke_test_free(t);
}

static void routes_users_and_errors(void **state)
{
    yoke_test *t = client_with(KEPT("%u %s %b %R"));
    yoke_tr *admin = yoke_test_get(t, "/admin");
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/users/7"), 200);
    yoke_expect_status(yoke_test_get(t, "/none"), 404);
    yoke_expect_status(yoke_test_head(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/admin"), 401);
    yoke_tr_basic(admin, "ad\"a", "x");
    yoke_expect_status(admin, 200);
    expect_lines("- 200 5 /users/:id\n- 404 16 -\n- 200 - /\n- 401 12 -\n"
                 "ad\\\"a 200 5 /admin\n");
    yoke_test_free(t);
}

static void formats_that_cannot_be_read(void **state)
{
    static const char *const formats[] = {
        "",     "nginx", "%",     "%y",   "%{a}",  "%{a}y",
        "%{}i", "%i",    "%{a}h", "%{a}", "%{a}%", "no directive",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_use(app, KEPT(formats[i]));
        assert_non_null(yoke_app_error(app));
        yoke_app_free(app);
    }
}

/* ---- What clients send ---- */

static void nobody_forges_a_line(void **state)
{
    yoke_test *t = client_with(KEPT("\"%r\" \"%{User-Agent}i\" %s"));
    yoke_tr *r = yoke_test_get(t, "/%0a%22\"\\");
    (void)state;
    yoke_tr_set(r, "User-Agent", "\"\\\t\x80\xff end");
    yoke_expect_status(r, 404);
    expect_lines("\"GET /%0a%22\\\"\\\\ HTTP/1.1\" "
                 "\"\\\"\\\\\\x09\\x80\\xff end\" 404\n");
    yoke_test_free(t);
}

static void a_long_text_is_cut_and_the_line_whole(void **state)
{
    static char agent[8000];
    yoke_test *t = client_with(KEPT("[%{User-Agent}i] [%s]"));
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    memset(agent, '\x80', sizeof(agent) - 1);
    yoke_tr_set(r, "User-Agent", agent);
    yoke_expect_status(r, 200);
    assert_in_range(strlen(lines), 4000, 32768);
    assert_non_null(strstr(lines, "] [200]\n"));
    yoke_test_free(t);
}

static void json_is_json_whatever_comes(void **state)
{
    yoke_test *t = client_with(KEPT("json"));
    yoke_tr *r = yoke_test_get(t, "/users/7?q=%22\"\\");
    (void)state;
    yoke_tr_set(r, "User-Agent", "\xc3\xa4 \xff\xed\xa0\x80 \"\\\t.");
    yoke_expect_status(r, 200);
    json_t *line = json_loads(lines, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "agent")),
                        "\xc3\xa4 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "\xef\xbf\xbd \"\\\t.");
    assert_string_equal(json_string_value(json_object_get(line, "url")),
                        "/users/7?q=%22\"\\");
    assert_string_equal(json_string_value(json_object_get(line, "route")),
                        "/users/:id");
    assert_string_equal(json_string_value(json_object_get(line, "time")),
                        "1994-11-06T08:49:37Z");
    assert_int_equal(json_integer_value(json_object_get(line, "status")), 200);
    assert_int_equal(json_integer_value(json_object_get(line, "bytes")), 5);
    assert_true(json_is_real(json_object_get(line, "ms")));
    assert_null(json_object_get(line, "referer"));
    assert_null(json_object_get(line, "aborted"));
    json_decref(line);
    yoke_test_free(t);
}

/* ---- Which requests, and when ---- */

static void some_are_skipped(void **state)
{
    yoke_test *t = client_with(yoke_access_log(.format = "%U", .write = keep,
                                               .skip = is_health_check));
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/health"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    expect_lines("/\n");
    yoke_test_free(t);
}

static void a_line_may_come_at_once(void **state)
{
    yoke_test *t =
        client_with(yoke_access_log(.format = "%U %s %b %D %X", .write = keep,
                                    .is_immediate = true));
    yoke_tr *r = yoke_test_get(t, "/hold");
    (void)state;
    yoke_tr_send(r);
    expect_lines("/hold - - - -\n");
    yoke_res_text(held_res, "");
    yoke_expect_status(r, 200);
    expect_lines("");
    yoke_test_free(t);
}

static void a_client_that_is_gone_has_no_status(void **state)
{
    yoke_test *t = client_with(KEPT("%U %s %X"));
    yoke_tr *r = yoke_test_get(t, "/hold");
    (void)state;
    yoke_tr_send(r);
    yoke_tr_reset(r);
    yoke_res_text(held_res, "to nobody");
    yoke_test_free(t);
    expect_lines("/hold - X\n");
}

/* ---- Files ---- */

static const char *file_path(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static const char *content_of(const char *name)
{
    static char text[4096];
    int fd = open(file_path(name), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return "(none)";
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void lines_go_to_the_end_of_a_file(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        yoke_test *t = client_with(
            yoke_access_log(.format = "%U", .path = file_path("log")));
        yoke_expect_status(yoke_test_get(t, "/"), 200);
        yoke_expect_status(yoke_test_get(t, "/health"), 200);
        yoke_test_free(t);
    }
    assert_string_equal(content_of("log"), "/\n/health\n/\n/health\n");
    unlink(file_path("log"));
}

static void a_file_that_cannot_be_opened_is_an_error(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, yoke_access_log(.path = "/nowhere/at/all"));
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

static void a_buffer_is_written_when_full_late_or_at_the_end(void **state)
{
    yoke_test *t =
        client_with(yoke_access_log(.format = "%U", .path = file_path("log"),
                                    .buffer_len = 20, .flush_ms = 50));
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/health"), 200);
    yoke_expect_status(yoke_test_get(t, "/health"), 200);
    assert_string_equal(content_of("log"), "");
    yoke_expect_status(yoke_test_get(t, "/health"), 200);
    assert_string_equal(content_of("log"), "/health\n/health\n");
    yoke_test_clock(t, 100);
    assert_string_equal(content_of("log"), "/health\n/health\n/health\n");
    /* One that does not fit into the buffer. */
    yoke_expect_status(yoke_test_get(t, "/users/12345678901234567890"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_free(t);
    assert_string_equal(content_of("log"), "/health\n/health\n/health\n"
                                           "/users/12345678901234567890\n/\n");
    unlink(file_path("log"));
}

static void a_signal_opens_the_file_anew(void **state)
{
    yoke_test *t =
        client_with(yoke_access_log(.format = "%U", .path = file_path("log"),
                                    .reopen_signal = SIGUSR1));
    char old[128];
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    snprintf(old, sizeof(old), "%s", file_path("old"));
    assert_int_equal(rename(file_path("log"), old), 0);
    raise(SIGUSR1);
    while (access(file_path("log"), F_OK) < 0)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    yoke_expect_status(yoke_test_get(t, "/health"), 200);
    assert_string_equal(content_of("old"), "/\n");
    assert_string_equal(content_of("log"), "/health\n");
    yoke_test_free(t);
    unlink(old);
    unlink(file_path("log"));
}

/* Looked at once a second, by the system's clock. */
static void a_file_that_was_moved_is_opened_anew(void **state)
{
    yoke_test *t =
        client_with(yoke_access_log(.format = "%U", .path = file_path("log")));
    char old[128];
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    snprintf(old, sizeof(old), "%s", file_path("old"));
    assert_int_equal(rename(file_path("log"), old), 0);
    while (access(file_path("log"), F_OK) < 0) {
        yoke_expect_status(yoke_test_get(t, "/health"), 200);
        usleep(50000);
    }
    assert_non_null(strstr(content_of("log"), "/health\n"));
    assert_int_equal(strncmp(content_of("old"), "/\n", 2), 0);
    yoke_test_free(t);
    unlink(old);
    unlink(file_path("log"));
}

static void a_pipe_gets_short_whole_lines(void **state)
{
    static char agent[8000];
    char text[8192];
    int fds[2];
    (void)state;
    memset(agent, 'x', sizeof(agent) - 1);
    assert_int_equal(mkfifo(file_path("pipe"), 0600), 0);
    fds[0] = open(file_path("pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fds[0] >= 0);
    yoke_test *t =
        client_with(yoke_access_log(.format = "%{User-Agent}i|%{User-Agent}i|",
                                    .path = file_path("pipe")));
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "User-Agent", agent);
    yoke_expect_status(r, 200);
    ssize_t n = read(fds[0], text, sizeof(text));
    assert_in_range(n, 2000, 4096);
    assert_memory_equal(text + n - 3, "x|\n", 3);
    yoke_test_free(t);
    close(fds[0]);
    unlink(file_path("pipe"));
}

/* A full disk, /dev/full, loses lines, and nothing else. */
static void a_full_disk_keeps_nobody_waiting(void **state)
{
    yoke_test *t =
        client_with(yoke_access_log(.format = "%U", .path = "/dev/full"));
    (void)state;
    for (int i = 0; i < 3; i++)
        yoke_expect_text(yoke_test_get(t, "/"), 200, "hello");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_formats_of_apache),
        cmocka_unit_test(numbers_of_time_and_process),
        cmocka_unit_test(routes_users_and_errors),
        cmocka_unit_test(formats_that_cannot_be_read),
        cmocka_unit_test(nobody_forges_a_line),
        cmocka_unit_test(a_long_text_is_cut_and_the_line_whole),
        cmocka_unit_test(json_is_json_whatever_comes),
        cmocka_unit_test(some_are_skipped),
        cmocka_unit_test(a_line_may_come_at_once),
        cmocka_unit_test(a_client_that_is_gone_has_no_status),
        cmocka_unit_test(lines_go_to_the_end_of_a_file),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_an_error),
        cmocka_unit_test(a_buffer_is_written_when_full_late_or_at_the_end),
        cmocka_unit_test(a_signal_opens_the_file_anew),
        cmocka_unit_test(a_file_that_was_moved_is_opened_anew),
        cmocka_unit_test(a_pipe_gets_short_whole_lines),
        cmocka_unit_test(a_full_disk_keeps_nobody_waiting),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    snprintf(folder, sizeof(folder), "/tmp/yoke-test-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
