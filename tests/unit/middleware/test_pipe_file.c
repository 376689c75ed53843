/* Bodies that go to files: what is there afterwards, what is refused, and that
 * nothing is left behind. */
#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/yoke.h>

#define LEN ((size_t)700000) /* Of a large body: a dozen writes. */

static char base[] = "/tmp/yoke-pipe-XXXXXX";
static char folder[64]; /* Below it; beside it stands "outside". */
static struct yoke_pipe_file options;
static char last_error[64]; /* Its type. */

/* ---- The application ---- */

static void stored(yoke_req *req, yoke_res *res, uint64_t len, void *data)
{
    (void)req;
    yoke_res_textf(res, "%s%llu", (const char *)data, (unsigned long long)len);
}

static void put_file(yoke_req *req, yoke_res *res)
{
    yoke_req_pipe_file_with(req, res, yoke_req_param(req, "name"), &options);
}

static void next_one(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "next");
}

static void show_error(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    snprintf(last_error, sizeof(last_error), "%s", err->type);
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->type);
}

static yoke_test *start(void)
{
    static char text[] = "stored ";
    yoke_app *app = yoke_app_new();
    options = (struct yoke_pipe_file){
        .root = folder, .max_len = LEN, .done = stored, .data = text};
    last_error[0] = '\0';
    yoke_app_put(app, "/{*name}", put_file, next_one);
    yoke_app_catch(app, show_error);
    return yoke_test_new(app);
}

static yoke_tr *put(yoke_test *t, const char *path, const char *text)
{
    yoke_tr *r = yoke_test_request(t, "PUT", path);
    yoke_tr_body(r, text);
    return r;
}

/* ---- What is there ---- */

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void expect_file(const char *name, const char *text, size_t len)
{
    char *got = malloc(len + 1);
    int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, got, len + 1), (ssize_t)len);
    assert_memory_equal(got, text, len);
    close(fd);
    free(got);
}

static size_t entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t n = 0;
    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static size_t files(void)
{
    return entries(folder) - 3; /* ".", "..", "sub" */
}

static void remove_file(const char *name)
{
    assert_int_equal(unlink(path_of(name)), 0);
}

static int make_folders(void **state)
{
    char path[80];
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_non_null(mkdtemp(base));
    snprintf(folder, sizeof(folder), "%s/in", base);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(mkdir(path_of("sub"), 0700), 0);
    snprintf(path, sizeof(path), "%s/outside", base);
    return mkdir(path, 0700);
}

static int remove_folders(void **state)
{
    char path[80];
    (void)state;
    snprintf(path, sizeof(path), "%s/outside", base);
    return rmdir(path) || rmdir(path_of("sub")) || rmdir(folder) || rmdir(base);
}

/* ---- What is stored ---- */

static void a_body_becomes_a_file(void **state)
{
    struct stat stat_;
    (void)state;
    yoke_test *t = start();
    yoke_tr *r = put(t, "/a.txt", "hello");
    yoke_tr_type(r, "application/x-www-form-urlencoded");
    yoke_expect_text(r, 200, "stored 5");
    expect_file("a.txt", "hello", 5);
    assert_int_equal(stat(path_of("a.txt"), &stat_), 0);
    assert_int_equal(stat_.st_mode & 07777, 0600);
    remove_file("a.txt");
    options.mode = 0644;
    yoke_expect_text(put(t, "/sub/b", "x"), 200, "stored 1");
    assert_int_equal(stat(path_of("sub/b"), &stat_), 0);
    assert_int_equal(stat_.st_mode & 07777, 0644);
    remove_file("sub/b");
    yoke_expect_text(yoke_test_request(t, "PUT", "/none"), 200, "stored 0");
    expect_file("none", "", 0);
    remove_file("none");
    options.done = NULL;
    yoke_expect_text(put(t, "/c", "x"), 200, "next");
    remove_file("c");
    assert_int_equal(files(), 0);
    yoke_test_free(t);
}

static char *large_text(void)
{
    char *text = malloc(LEN + 1);
    assert_non_null(text);
    for (size_t i = 0; i < LEN + 1; i++)
        text[i] = (char)('a' + i % 23);
    return text;
}

static void a_large_body_is_the_same_however_it_comes(void **state)
{
    (void)state;
    yoke_test *t = start();
    char *text = large_text();
    size_t before = entries("/proc/self/fd");
    for (int how = 0; how < 4; how++) {
        yoke_tr *r = yoke_test_request(t, "PUT", "/large");
        yoke_tr_body_bytes(r, text, LEN);
        if (how & 1)
            yoke_tr_chunked(r, 9001);
        if (how & 2)
            yoke_tr_split(r, 5003);
        yoke_expect_text(r, 200, "stored 700000");
        expect_file("large", text, LEN);
        remove_file("large");
    }
    assert_int_equal(entries("/proc/self/fd"), before);
    yoke_test_free(t);
    free(text);
}

static void a_file_is_replaced_only_if_that_is_wanted(void **state)
{
    (void)state;
    yoke_test *t = start();
    yoke_expect_text(put(t, "/a", "first"), 200, "stored 5");
    yoke_expect_text(put(t, "/a", "second"), 409, "file.exists");
    expect_file("a", "first", 5);
    options.replaces = true;
    yoke_expect_text(put(t, "/a", "second"), 200, "stored 6");
    expect_file("a", "second", 6);
    /* A link is replaced, not what it leads to. */
    assert_int_equal(symlink("a", path_of("link")), 0);
    yoke_expect_text(put(t, "/link", "third"), 200, "stored 5");
    expect_file("a", "second", 6);
    expect_file("link", "third", 5);
    /* A folder is not. */
    yoke_expect_text(put(t, "/sub", "x"), 409, "file.exists");
    remove_file("a");
    remove_file("link");
    assert_int_equal(files(), 0);
    yoke_test_free(t);
}

static void without_a_root_the_path_is_the_programs_own(void **state)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)state;
    yoke_test *t = start();
    assert_int_equal(chdir(folder), 0);
    options.root = NULL;
    yoke_expect_text(put(t, "/.a", "1"), 200, "stored 1");
    expect_file(".a", "1", 1);
    remove_file(".a");
    yoke_expect_text(put(t, "/sub/../b", "12"), 200, "stored 2");
    remove_file("b");
    assert_int_equal(fchdir(here), 0);
    close(here);
    yoke_test_free(t);
}

/* ---- What is refused ---- */

static const struct {
    const char *path;
    int status;
    const char *type;
} refused[] = {
    {"/..%2Foutside/x", 403, "file.outside"},
    {"/sub%2F..%2F..%2Foutside%2Fx", 403, "file.outside"},
    {"/.hidden", 403, "file.outside"},
    {"/sub/.hidden", 403, "file.outside"},
    {"/out/x", 403, "file.outside"}, /* A link. */
    {"/nowhere/x", 404, "file.folder.missing"},
    {"/plain/x", 404, "file.folder.missing"}, /* A file. */
    {"/sub%2F", 400, "file.name.malformed"},
    {"/%2F", 400, "file.name.malformed"},
};

static void clients_have_no_say_beyond_the_root(void **state)
{
    (void)state;
    yoke_test *t = start();
    assert_int_equal(symlink("../outside", path_of("out")), 0);
    yoke_expect_text(put(t, "/plain", "text"), 200, "stored 4");
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        print_message("%s\n", refused[i].path);
        yoke_expect_text(put(t, refused[i].path, "x"), refused[i].status,
                         refused[i].type);
    }
    char name[302] = "/";
    memset(name + 1, 'n', 300);
    yoke_expect_text(put(t, name, "x"), 400, "file.name.malformed");
    remove_file("out");
    remove_file("plain");
    assert_int_equal(files(), 0);
    assert_int_equal(entries(path_of("../outside")), 2);
    yoke_test_free(t);
}

static void a_body_that_is_too_long_leaves_nothing(void **state)
{
    (void)state;
    yoke_test *t = start();
    char *text = large_text();
    for (size_t max = 4; max < LEN + 1; max = max * 8 + 1) {
        for (int is_chunked = 0; is_chunked < 2; is_chunked++) {
            options.max_len = max;
            yoke_tr *r = yoke_test_request(t, "PUT", "/large");
            yoke_tr_body_bytes(r, text, LEN);
            if (is_chunked)
                yoke_tr_chunked(r, 1000);
            yoke_expect_text(r, 413, "entity.too.large");
        }
    }
    options.max_len = LEN;
    yoke_tr *r = yoke_test_request(t, "PUT", "/large");
    yoke_tr_body_bytes(r, text, LEN + 1);
    yoke_tr_chunked(r, 65536);
    yoke_expect_text(r, 413, "entity.too.large");
    assert_int_equal(files(), 0);
    yoke_test_free(t);
    free(text);
}

static void a_full_disk_leaves_nothing(void **state)
{
    struct rlimit none = {100000, RLIM_INFINITY}, before;
    (void)state;
    yoke_test *t = start();
    char *text = large_text();
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    yoke_tr *r = yoke_test_request(t, "PUT", "/large");
    yoke_tr_body_bytes(r, text, LEN);
    int status = yoke_tr_status(r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(status, 507);
    yoke_expect_body(r, "file.disk.full");
    assert_int_equal(files(), 0);
    yoke_test_free(t);
    free(text);
}

static void a_client_that_goes_leaves_nothing(void **state)
{
    (void)state;
    size_t before = entries("/proc/self/fd");
    char *text = large_text();
    for (size_t after = 200; after < LEN; after += LEN / 7) {
        for (int is_reset = 0; is_reset < 2; is_reset++) {
            yoke_test *t = start();
            yoke_tr *r = yoke_test_request(t, "PUT", "/large");
            yoke_tr_body_bytes(r, text, LEN);
            if (is_reset)
                yoke_tr_reset_after(r, after);
            else
                yoke_tr_abort_after(r, after);
            yoke_tr_status(r);
            yoke_test_free(t);
            assert_string_equal(last_error, "request.aborted");
        }
    }
    assert_int_equal(files(), 0);
    assert_int_equal(entries("/proc/self/fd"), before);
    free(text);
}

static void put_a(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_pipe_file(req, res, "a", .root = folder),
                     -EALREADY);
}

static void a_body_that_has_been_read_is_an_error(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_put(app, "/a", yoke_body, put_a);
    yoke_app_catch(app, show_error);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(put(t, "/a", "x"), 500, "file.failed");
    assert_int_equal(files(), 0);
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_becomes_a_file),
        cmocka_unit_test(a_large_body_is_the_same_however_it_comes),
        cmocka_unit_test(a_file_is_replaced_only_if_that_is_wanted),
        cmocka_unit_test(without_a_root_the_path_is_the_programs_own),
        cmocka_unit_test(clients_have_no_say_beyond_the_root),
        cmocka_unit_test(a_body_that_is_too_long_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(a_client_that_goes_leaves_nothing),
        cmocka_unit_test(a_body_that_has_been_read_is_an_error),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, make_folders, remove_folders);
}
