/* Tests of the application, without a port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <unistd.h>

#include <yoke/yoke.h>

#include "app.h"

static char folder[] = "/tmp/yoke-upload-XXXXXX";

/* Removes what is in the folder; returns how many files there were. */
static int empty_folder(void)
{
    int count = 0;
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        unlinkat(dirfd(dir), entry->d_name, 0);
        count++;
    }
    closedir(dir);
    return count;
}

static void must(bool claim, const char *what)
{
    if (claim)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

static void a_file_can_be_fetched_again(void)
{
    char path[64];
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_post(t, "/files");
    yoke_tr_field(r, "title", "Holiday");
    yoke_tr_file(r, "file", "beach.txt", "text/plain", "sand", 4);
    yoke_expect_status(r, 201);
    yoke_expect_json_path(r, "$.title", "Holiday");
    yoke_expect_json_path(r, "$.files[0].filename", "beach.txt");
    yoke_expect_json_path(r, "$.files[0].bytes", 4);

    const char *link = strstr(yoke_tr_text(r), "/files/");
    snprintf(path, sizeof(path), "%.*s", (int)strlen("/files/") + 16, link);
    r = yoke_test_get(t, path);
    yoke_expect_text(r, 200, "sand");
    yoke_expect_header(r, "Content-Type", "application/octet-stream");
    yoke_test_free(t);
    must(empty_folder() == 1, "there is one file");
}

static void what_is_not_wanted_is_refused(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_post(t, "/files");
    yoke_tr_file(r, "other", "x", NULL, "1", 1);
    yoke_expect_status(r, 400);

    r = yoke_test_post(t, "/files");
    for (int i = 0; i < 11; i++)
        yoke_tr_file(r, "file", "x", NULL, "1", 1);
    yoke_expect_status(r, 413);

    r = yoke_test_post(t, "/files");
    yoke_tr_file(r, "file", "x", NULL, "1", 1);
    yoke_tr_set(r, "Sec-Fetch-Site", "cross-site");
    yoke_expect_status(r, 403);
    yoke_test_free(t);
    must(empty_folder() == 0, "there is no file");
}

static void an_upload_that_is_broken_off_leaves_nothing(void)
{
    static char bytes[300000];
    yoke_test *t = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_post(t, "/files");
    yoke_tr_file(r, "file", "x", NULL, bytes, sizeof(bytes));
    yoke_tr_reset_after(r, 200000);
    yoke_expect_status(r, 0);
    yoke_test_free(t);
    must(empty_folder() == 0, "there is no file");
}

static void the_page_is_there(void)
{
    yoke_test *t = yoke_test_new(make_app());
    yoke_expect_body_has(yoke_test_get(t, "/"), "<form>");
    yoke_expect_status(yoke_test_get(t, "/files/../../etc/passwd"), 404);
    yoke_test_free(t);
}

int main(void)
{
    must(mkdtemp(folder), "a folder can be made");
    setenv("UPLOAD_DIR", folder, 1);
    a_file_can_be_fetched_again();
    what_is_not_wanted_is_refused();
    an_upload_that_is_broken_off_leaves_nothing();
    the_page_is_there();
    rmdir(folder);
    puts("4 tests passed");
    return 0;
}
