/* Loading into the kernel: what goes wrong is said in words. */
#include "../unit.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "cluster/bpf.h"

/* Skips where this process may not, or the kernel cannot. */
static void require_bpf(void)
{
    char text[YK_BPF_TEXT_MAX];
    int fd;
    int err = yk_bpf_memory_create("yoke_test", 8, 1, &fd);

    if (err < 0) {
        yk_bpf_say_why(err, text);
        print_message("skipped: %s\n", text);
        skip();
    }
    close(fd);
}

static void reasons_are_in_words(void **state)
{
    static const struct {
        int err;
        const char *text;
    } cases[] = {{-EPERM, "it needs CAP_BPF"},
                 {-EACCES, "it needs CAP_BPF"},
                 {-EINVAL, "it needs Linux 5.14"},
                 {-ENOSYS, "it needs Linux 5.14"},
                 {-EOPNOTSUPP, "this yoke was built without BPF"}};
    char text[YK_BPF_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yk_bpf_say_why(cases[i].err, text);
        assert_string_equal(text, cases[i].text);
    }
    yk_bpf_say_why(-ENOMEM, text);
    assert_true(text[0]);
}

static void a_program_that_ends_is_loaded(void **state)
{
    const struct bpf_insn insns[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = SK_PASS},
        {.code = BPF_JMP | BPF_EXIT}};
    char text[YK_BPF_TEXT_MAX] = "";
    int fd = -1;

    (void)state;
    require_bpf();
    int err = yk_bpf_program_load("yoke_test", insns, 2, text, &fd);
    assert_string_equal(text, "");
    assert_int_equal(err, 0);
    assert_true(fd >= 0);
    close(fd);
}

static void the_verifier_is_quoted(void **state)
{
    /* The result is not set. */
    const struct bpf_insn insns[] = {{.code = BPF_JMP | BPF_EXIT}};
    char text[YK_BPF_TEXT_MAX] = "";
    int fd = -1;

    (void)state;
    require_bpf();
    assert_true(yk_bpf_program_load("yoke_test", insns, 1, text, &fd) < 0);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(text, "the kernel refuses the program: "));
    assert_non_null(strstr(text, "R0"));
}

static void a_socket_array_takes_only_sockets(void **state)
{
    int sockets = -1;

    (void)state;
    require_bpf();
    assert_int_equal(yk_bpf_sockets_create("yoke_test", 4, &sockets), 0);
    assert_true(yk_bpf_sockets_set(sockets, 0, STDIN_FILENO) < 0);
    assert_true(yk_bpf_sockets_set(sockets, 0, -1) < 0);
    close(sockets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_are_in_words),
        cmocka_unit_test(a_program_that_ends_is_loaded),
        cmocka_unit_test(the_verifier_is_quoted),
        cmocka_unit_test(a_socket_array_takes_only_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
