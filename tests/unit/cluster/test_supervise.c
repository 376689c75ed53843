/* The supervised form's beginning, where it cannot begin. */
#include "../unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/cluster.h>
#include <yoke/log.h>

#include "cluster/supervise.h"

static char log_text[2048];

static void keep(enum yoke_log_level level, const char *line, void *data)
{
    size_t len = strlen(log_text);

    (void)level;
    (void)data;
    snprintf(log_text + len, sizeof(log_text) - len, "%s\n", line);
}

static int start(void *data)
{
    (void)data;
    fail_msg("this is no worker");
    return 0;
}

static int supervise(const char *name)
{
    struct yoke_cluster_options options = {
        .workers = 1, .quiet = true, .name = name};

    log_text[0] = '\0';
    yoke_log_set_sink(keep, NULL);
    int status = yk_cluster_supervise(
        &options, &(const struct yk_duty){.serve = start}, NULL);
    yoke_log_set_sink(NULL, NULL);
    return status;
}

/* Without it a worker would not know that it is one. The first test: it cannot
 * be undone. */
static void without_the_init_it_says_what_is_missing(void **state)
{
    (void)state;
    assert_int_equal(supervise(NULL), 1);
    assert_non_null(strstr(log_text, "call yoke_cluster_init first"));
}

static int count_entries(const char *path)
{
    DIR *dir = opendir(path);
    int count = 0;

    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static void a_start_that_fails_leaves_no_folder_behind(void **state)
{
    char place[] = "/tmp/yoke-test-XXXXXX", name[] = "test";
    char *argv[] = {name, NULL};

    (void)state;
    assert_non_null(mkdtemp(place));
    setenv("YOKE_RUN_DIR", place, 1);
    yoke_cluster_init(1, argv);
    assert_int_equal(yoke_cluster_setup(&(struct yoke_cluster_settings){
                         .exec = "/none/at/all"}),
                     0);
    assert_int_equal(supervise("shop"), 1);
    assert_non_null(
        strstr(log_text, "cannot open what workers run: /none/at/all"));
    assert_int_equal(count_entries(place), 0);
    rmdir(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_init_it_says_what_is_missing),
        cmocka_unit_test(a_start_that_fails_leaves_no_folder_behind),
    };

    unsetenv("YOKE_CONTROL");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
