/* What a primary hands over: the document and its descriptors. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "cluster/handover.h"

static bool is_inherited(int fd)
{
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0;
}

static int new_file(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd > STDERR_FILENO);
    return fd;
}

static void what_is_written_is_read_again(void **state)
{
    char text[YK_HANDOVER_TEXT_MAX];
    struct yk_handover handover;
    int kept = new_file(), fd = -1;
    json_t *root = NULL;

    (void)state;
    assert_int_equal(yk_handover_init(&handover), 0);
    json_object_set_new(handover.root, "name", json_string("shop"));
    json_object_set_new(handover.root, "kept",
                        yk_handover_keep(&handover, kept));
    json_object_set_new(handover.root, "none", yk_handover_keep(&handover, -1));
    assert_int_equal(yk_handover_seal(&handover, &fd), 0);
    assert_int_equal(yk_handover_load(fd, &root, text), 0);
    assert_string_equal(yk_handover_text(root, "name"), "shop");
    assert_string_equal(yk_handover_text(root, "nothing"), "");
    assert_int_equal(yk_handover_int(root, "kept"), kept);
    assert_int_equal(yk_handover_take_fd(root, "kept"), kept);
    assert_int_equal(yk_handover_take_fd(root, "none"), -1);
    assert_int_equal(yk_handover_take_fd(root, "nothing"), -1);
    json_decref(root);
    yk_handover_done(&handover);
    close(kept);
    close(fd);
}

static void
descriptors_stay_open_over_exec_only_while_they_are_passed(void **state)
{
    struct yk_handover handover;
    int kept = new_file(), fd = -1;

    (void)state;
    assert_int_equal(yk_handover_init(&handover), 0);
    json_decref(yk_handover_keep(&handover, kept));
    assert_int_equal(yk_handover_seal(&handover, &fd), 0);
    yk_handover_pass(&handover, true);
    assert_true(is_inherited(kept) && is_inherited(fd));
    yk_handover_pass(&handover, false);
    assert_false(is_inherited(kept) || is_inherited(fd));
    yk_handover_done(&handover);
    close(kept);
    close(fd);
}

static void many_descriptors_are_kept(void **state)
{
    struct yk_handover handover;

    (void)state;
    assert_int_equal(yk_handover_init(&handover), 0);
    for (int i = 0; i < 1000; i++)
        json_decref(yk_handover_keep(&handover, 100000 + i));
    assert_int_equal(handover.count, 1000);
    assert_int_equal(handover.fds[999], 100999);
    assert_false(handover.is_short);
    yk_handover_done(&handover);
}

/* `change` is made to a document that is as it should be. */
static int load_changed(const char *name, json_t *value,
                        char text[YK_HANDOVER_TEXT_MAX])
{
    struct yk_handover handover;
    json_t *root = NULL;
    int fd = -1;

    assert_int_equal(yk_handover_init(&handover), 0);
    json_object_set_new(handover.root, name, value);
    assert_int_equal(yk_handover_seal(&handover, &fd), 0);
    int err = yk_handover_load(fd, &root, text);
    yk_handover_done(&handover);
    json_decref(root);
    close(fd);
    return err;
}

static void another_layout_is_refused_and_both_versions_are_named(void **state)
{
    static const char *const names[] = {"layout", "message", "board", "loads"};
    char text[YK_HANDOVER_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(load_changed(names[i], json_integer(9999), text),
                         -EPROTO);
        assert_non_null(
            strstr(text, "cannot take over the workers of version"));
        assert_non_null(strstr(text, "stop it and start it anew"));
    }
    assert_int_equal(load_changed("version", json_string("9.9"), text), 0);
}

static void what_is_no_document_is_refused(void **state)
{
    static const char *const bad[] = {"", "rubbish", "[1, 2", "[]", "{}", "7"};
    char text[YK_HANDOVER_TEXT_MAX];
    json_t *root = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int fd = new_file();
        assert_int_equal(write(fd, bad[i], strlen(bad[i])), strlen(bad[i]));
        assert_int_equal(yk_handover_load(fd, &root, text), -EPROTO);
        assert_null(root);
        assert_true(strlen(text) > 0);
        close(fd);
    }
}

/* Standard ones are never taken for what was handed over. */
static void a_number_that_is_no_open_descriptor_is_none(void **state)
{
    json_t *object = json_pack("{s:i, s:i, s:i, s:s}", "output", 1, "closed",
                               100000, "negative", -7, "text", "5");

    (void)state;
    assert_int_equal(yk_handover_take_fd(object, "output"), -1);
    assert_int_equal(yk_handover_take_fd(object, "closed"), -1);
    assert_int_equal(yk_handover_take_fd(object, "negative"), -1);
    assert_int_equal(yk_handover_take_fd(object, "text"), -1);
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(
            descriptors_stay_open_over_exec_only_while_they_are_passed),
        cmocka_unit_test(many_descriptors_are_kept),
        cmocka_unit_test(another_layout_is_refused_and_both_versions_are_named),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(a_number_that_is_no_open_descriptor_is_none),
    };

    return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
