/* What lmdb: promises about those who read: they hold up no writer, and who dies
 * while he reads leaves nothing behind. `lmdb_readers reader URL` is one. */
#include "fixture.h"
#include "roles.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/lmdb_file.h"
#include "store/lmdb_library.h"

/* Begins to read, says so, and does nothing more. */
static void role_reader(const char *url)
{
    const struct yk_lmdb_options options = {YK_LMDB_NONE, 8 << 20};
    struct yk_lmdb_file *file;
    char why[YOKE_STORE_TEXT_MAX];

    if (yk_lmdb_load(why) < 0 ||
        yk_lmdb_open(strchr(url, ':') + 1, &options, &file, why) < 0 ||
        yk_lmdb_begin_read(file) != 0 || write(STDOUT_FILENO, "x", 1) != 1)
        _exit(1);
    pause();
}

/* What it sees is kept, until there is no more room for what is new. When it
 * has been killed, that is noticed, and its place in the table is free. */
static void a_reader_holds_up_no_writer(void **state)
{
    static char value[60000];
    struct answer answer = {.count = 0};
    char byte;
    int fd, count = 0;
    yoke_store *own = open_store_with((struct yoke_store_options){
        .url = url_of("read", "?sync=none&max_size=8M")});
    (void)state;
    set(own, "k", "v", 0);
    pid_t pid = start_role("reader", url_of("read", ""), NULL, &fd);
    assert_int_equal(read(fd, &byte, 1), 1);
    for (; answer.err == 0 && count < 1000; count++) {
        answer.count = 0;
        yoke_store_set(own, "large", value, sizeof(value), 0, on_answer,
                       &answer);
        wait_for(&answer);
    }
    assert_in_range(count, 20, 200);
    assert_int_equal(answer.err, -YOKE_EUNAVAILABLE);
    assert_string_equal(get(own, "k")->value, "v");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
    for (int i = 0; i < 3000 && answer.err != 0; i++) {
        run_for(20);
        answer.count = 0;
        yoke_store_set(own, "large", value, sizeof(value), 0, on_answer,
                       &answer);
        wait_for(&answer);
    }
    assert_int_equal(answer.err, 0);
    free(answer.value);
    close_store(own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_holds_up_no_writer),
    };

    if (argc > 2) {
        role_reader(argv[2]);
        return 0;
    }
    fixture_start("lmdb");
    int failed = cmocka_run_group_tests_name("lmdb_readers", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
