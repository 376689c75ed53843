/* A folder of files, made for the test and removed after it. */
#ifndef YK_TESTS_FIXTURES_H
#define YK_TESTS_FIXTURES_H

#include "express.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder; without a slash at its end. */
static char folder[64];

static const struct fixture {
    const char *name, *text; /* text NULL: a folder. */
} fixtures[] = {
    {"public", NULL},
    {"public/name.txt", "tobi"},
    {"public/nums.txt", "123456789"},
    {"public/user.html", "<p>{{user.name}}</p>"},
    {"public/% of dogs.txt", "20%"},
    {"public/.name", "tobi"},
    {"public/empty.txt", ""},
    {"public/plain", "no extension"},
    {"public/blog", NULL},
    {"public/blog/index.html", "<b>index</b>"},
    {"public/.hidden", NULL},
    {"public/.hidden/file.txt", "hidden"},
    {"secret.txt", "secret"},
};

/* "folder/name", in a place that the next call uses again. */
static inline const char *fixture_path(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static inline void fixture_write(const struct fixture *f)
{
    if (!f->text) {
        assert_int_equal(mkdir(fixture_path(f->name), 0700), 0);
        return;
    }
    int fd = open(fixture_path(f->name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, f->text, strlen(f->text)),
                     (ssize_t)strlen(f->text));
    close(fd);
}

static inline int fixtures_make(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < COUNT_OF(fixtures); i++)
        fixture_write(&fixtures[i]);
    return 0;
}

static inline int fixtures_remove(void **state)
{
    (void)state;
    for (size_t i = COUNT_OF(fixtures); i-- > 0;)
        remove(fixture_path(fixtures[i].name));
    return rmdir(folder);
}

/* Below public/, in the request's memory. */
static inline const char *public_path(yoke_req *req, const char *name)
{
    return yoke_req_printf(req, "%s/public/%s", folder, name);
}

static inline const char *public_root(yoke_req *req)
{
    return yoke_req_printf(req, "%s/public", folder);
}

#endif
