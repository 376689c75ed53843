/* The control socket seen from outside, with a primary that is this test. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/control.h>
#include <yoke/error.h>

#include "cluster/runtime_dir.h"

static char base[64], text[YOKE_CONTROL_TEXT_MAX];
static struct yk_runtime shop;
static yoke_control *control;
static int listener, peer;

/* Nobody has to accept a connection for it to be there. */
static int setup(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(base));
    setenv("YOKE_RUN_DIR", base, 1);
    assert_int_equal(yk_runtime_claim(&shop, "shop", text), 0);
    listener = yk_runtime_listen(shop.dir_fd, "control", SOCK_STREAM, 8);
    assert_true(listener >= 0);
    assert_int_equal(yoke_control_open("shop", &control, text), 0);
    peer = accept(listener, NULL, NULL);
    assert_true(peer >= 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yoke_control_close(control);
    close(peer);
    close(listener);
    yk_runtime_release(&shop);
    return rmdir(base);
}

static void answer(const char *line)
{
    assert_int_equal(send(peer, line, strlen(line), 0), (int)strlen(line));
}

static void a_request_is_a_line_and_so_are_the_answers(void **state)
{
    const char *line = NULL;
    char request[64] = "";

    (void)state;
    assert_int_equal(yoke_control_send(control, "{\"command\": \"ps\"}"), 0);
    recv(peer, request, 18, MSG_WAITALL);
    assert_string_equal(request, "{\"command\": \"ps\"}\n");

    answer("{\"progress\": 1}\n{\"ok\"");
    assert_int_equal(yoke_control_read(control, -1, &line), 0);
    assert_string_equal(line, "{\"progress\": 1}");
    assert_int_equal(yoke_control_read(control, 0, &line), -ETIMEDOUT);
    answer(": true}\n\n");
    assert_int_equal(yoke_control_read(control, -1, &line), 0);
    assert_string_equal(line, "{\"ok\": true}");
    assert_int_equal(yoke_control_read(control, -1, &line), 0);
    assert_string_equal(line, "");
}

static void a_primary_that_has_closed_is_told(void **state)
{
    const char *line = "kept";

    (void)state;
    answer("half a line");
    shutdown(peer, SHUT_RDWR);
    assert_int_equal(yoke_control_read(control, -1, &line), -YOKE_ECLOSED);
    assert_string_equal(line, "kept");
    assert_int_equal(yoke_control_send(control, "{}"), -EPIPE);
}

static void closing_ends_the_connection(void **state)
{
    char byte;

    (void)state;
    yoke_control_close(NULL);
    yoke_control_close(control);
    control = NULL;
    assert_int_equal(recv(peer, &byte, 1, 0), 0);
}

static void a_cluster_that_does_not_run_is_named(void **state)
{
    yoke_control *other = control;

    (void)state;
    assert_int_equal(yoke_control_open("bakery", &other, text), -ENOENT);
    assert_non_null(strstr(text, "bakery"));
    assert_ptr_equal(other, control);
    assert_true(yoke_control_open("../shop", &other, text) < 0);
    close(listener);
    listener = -1;
    assert_int_equal(yoke_control_open("shop", &other, text), -ECONNREFUSED);
    assert_non_null(strstr(text, "cannot talk to 'shop'"));
    assert_ptr_equal(other, control);
}

static void a_name_has_a_form(void **state)
{
    (void)state;
    assert_true(yoke_control_is_name("shop-2.b_C"));
    assert_false(yoke_control_is_name(""));
    assert_false(yoke_control_is_name("4711"));
    assert_false(yoke_control_is_name(".shop"));
    assert_false(yoke_control_is_name("-n"));
    assert_false(yoke_control_is_name("a/b"));
}

static void note(const char *name, void *data)
{
    strcat(data, name);
    strcat(data, " ");
}

static void running_clusters_are_listed(void **state)
{
    char names[256] = "";

    (void)state;
    assert_int_equal(yoke_control_list(note, names, text), 1);
    assert_string_equal(names, "shop ");
    yk_runtime_release(&shop);
    assert_int_equal(yoke_control_list(note, names, text), 0);
}

#define WITH_PRIMARY(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PRIMARY(a_request_is_a_line_and_so_are_the_answers),
        WITH_PRIMARY(a_primary_that_has_closed_is_told),
        WITH_PRIMARY(closing_ends_the_connection),
        WITH_PRIMARY(a_cluster_that_does_not_run_is_named),
        cmocka_unit_test(a_name_has_a_form),
        WITH_PRIMARY(running_clusters_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
