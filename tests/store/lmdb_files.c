/* What lmdb: does when its files are not as it needs them: where nobody may
 * write, with records of others in them, removed or replaced while they are open,
 * too small for all who write into them at once. This program is its own other
 * processes (roles.h). */
#include "faults.h"
#include "roles.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/lmdb_library.h"

/* ---- Where it cannot be ---- */

static void refuses(const char *url, int wanted, const char *word)
{
    char text[YOKE_STORE_TEXT_MAX] = "";
    errno = 0;
    assert_null(yoke_store_open(.url = url, .text = text));
    if (!strstr(text, word))
        fail_msg("'%s' does not say '%s'", text, word);
    assert_int_equal(errno, wanted);
}

/* Ends with 77 when that is not permitted. */
static void role_guest(const char *folder)
{
    char url[300], state[200];

    if (unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount(folder, folder, NULL, MS_BIND, NULL) < 0 ||
        mount("none", folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0)
        _exit(77);
    snprintf(url, sizeof(url), "lmdb:%s/there", folder);
    refuses(url, EROFS, "there: Read-only file system");
    snprintf(url, sizeof(url), "lmdb:%s/new", folder);
    refuses(url, EROFS, "new: Read-only file system");
    snprintf(state, sizeof(state), "%s/state", folder);
    setenv("YOKE_STATE_DIR", state, 1);
    refuses("lmdb:", EROFS, "the state directory");
    umount(folder);
    setenv("YOKE_STATE_DIR", "/dev/null/state", 1);
    refuses("lmdb:", ENOTDIR, "the state directory /dev/null/state");
    if (setuid(65534) < 0)
        _exit(77);
    refuses(url, EACCES, "Permission denied");
    setenv("YOKE_STATE_DIR", "/root/state", 1);
    refuses("lmdb:", EACCES, "the state directory /root/state");
}

static void where_nobody_may_write_is_named(void **state)
{
    int fd, status;
    (void)state;
    assert_int_equal(mkdir(path_of("closed"), 0700), 0);
    close_store(open_store_with(
        (struct yoke_store_options){.url = url_of("closed/there", "")}));
    pid_t pid = start_role("guest", path_of("closed"), NULL, &fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(fd);
    if (status == 77 << 8)
        print_message("skipped: mounting is not permitted\n");
    else
        assert_int_equal(status, 0);
}

/* ---- With what others have put there ---- */

/* Puts a record into a file of LMDB's, as another program would. */
static void put_bytes(const char *name, const void *key, size_t key_len,
                      const void *value, size_t len)
{
    char why[YOKE_STORE_TEXT_MAX];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val k = {key_len, (void *)(uintptr_t)key};
    MDB_val v = {len, (void *)(uintptr_t)value};

    assert_int_equal(yk_lmdb_load(why), 0);
    assert_int_equal(yk_lmdb.mdb_env_create(&env), 0);
    assert_int_equal(
        yk_lmdb.mdb_env_open(env, path_of(name), MDB_NOSUBDIR, 0600), 0);
    assert_int_equal(yk_lmdb.mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(yk_lmdb.mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    assert_int_equal(yk_lmdb.mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(yk_lmdb.mdb_txn_commit(txn), 0);
    yk_lmdb.mdb_env_close(env);
}

static const struct answer *scan_page(yoke_store *own, const char *cursor)
{
    static struct answer answer;
    free(answer.value);
    answer = (struct answer){.count = 0};
    yoke_store_scan(own, "", cursor, 1, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, 0);
    return &answer;
}

/* Keys that are longer than ours, values without a head or without their NUL. */
static void what_others_have_put_into_a_store_is_passed_over(void **state)
{
    char long_key[500], value[40];
    const struct answer *page;
    yoke_store *own;
    (void)state;
    close_store(open_store_with(
        (struct yoke_store_options){.url = url_of("shared", "")}));
    memset(long_key, 'a', sizeof(long_key));
    memset(value, 'x', sizeof(value));
    long_key[0] = 'v';
    for (size_t len = 252; len <= sizeof(long_key); len += 124) {
        memset(value, 0, 16);
        put_bytes("shared", long_key, len, value, sizeof(value));
    }
    put_bytes("shared", "vashort", 7, value, 3);
    put_bytes("shared", "vatorn", 6, value, sizeof(value));
    own = open_store_with((struct yoke_store_options){
        .url = url_of("shared", ""), .prefix = "a"});
    assert_int_equal(get(own, "torn")->err, -ENOENT);
    assert_int_equal(get(own, "short")->err, -ENOENT);
    assert_int_equal(set(own, "b", "b", 0)->err, 0);
    assert_int_equal(set(own, "c", "c", 0)->err, 0);
    page = scan_page(own, NULL);
    assert_int_equal(page->item_count, 1);
    assert_string_equal(page->items[0].key, "b");
    assert_string_equal(page->cursor, "ab");
    page = scan_page(own, "ab");
    assert_string_equal(page->items[0].key, "c");
    close_store(own);
}

/* ---- Removed and replaced ---- */

/* Whoever opens it now has another. */
static void
a_file_that_is_removed_or_replaced_is_not_used_any_more(void **state)
{
    static const struct {
        const char *name, *gone, *with;
    } cases[] = {
        {"removed", "removed", NULL},
        {"replaced", "replaced", "other"},
        {"unlocked", "unlocked-lock", NULL},
        {"unguarded", "unguarded-guard", NULL},
    };
    yoke_store *own[COUNT_OF(cases)], *whole;
    char other[200], text[YOKE_STORE_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        own[i] = open_store_with(
            (struct yoke_store_options){.url = url_of(cases[i].name, "")});
        assert_int_equal(set(own[i], "k", "v", 0)->err, 0);
    }
    whole = open_store_with(
        (struct yoke_store_options){.url = url_of("whole", "")});
    close(open(path_of("other"), O_CREAT | O_WRONLY, 0600));
    snprintf(other, sizeof(other), "%s", path_of("other"));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(cases[i].with ? rename(other, path_of(cases[i].gone))
                                       : unlink(path_of(cases[i].gone)),
                         0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int n = 0; n < 1200 && is_up(own[i]); n++)
            run_for(50);
        const struct answer *refused = get(own[i], "k");
        assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
        assert_non_null(strstr(refused->text, "removed or replaced"));
        assert_int_equal(set(own[i], "k", "w", 0)->err, -YOKE_EUNAVAILABLE);
    }
    assert_null(yoke_store_open(.url = url_of("unlocked", ""), .text = text));
    assert_int_equal(errno, ESTALE);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        close_store(own[i]);
    assert_works(open_store_with(
        (struct yoke_store_options){.url = url_of("removed", "")}));
    assert_works(open_store_with(
        (struct yoke_store_options){.url = url_of("unlocked", "")}));
    assert_true(is_up(whole));
    assert_works(whole);
}

/* ---- Several that grow it ---- */

#define GROWERS 3
#define VALUES  160 /* Of each: 30 MB in all, and a map begins with 16. */

static struct {
    yoke_store *store;
    const char *name;
    uint32_t stored;
} grower;

static void store_next(void);

static void on_stored(const struct yoke_store_result *result, void *data)
{
    (void)data;
    if (result->err)
        _exit(3);
    grower.stored++;
    if (write(STDOUT_FILENO, &grower.stored, sizeof(grower.stored)) < 0)
        _exit(4);
    store_next();
}

/* What belongs to its key fills it. */
static void make_value(char value[65536], const char *key)
{
    size_t len = strlen(key);

    for (size_t i = 0; i < 65536; i++)
        value[i] = key[i % len];
}

static void store_next(void)
{
    static char value[65536];
    char key[32];

    if (grower.stored == VALUES)
        return;
    snprintf(key, sizeof(key), "%s%u", grower.name, grower.stored);
    make_value(value, key);
    yoke_store_set(grower.store, key, value, sizeof(value), 0, on_stored, NULL);
}

static void role_grower(const char *url, const char *name)
{
    uint32_t none = 0;

    grower.name = name;
    grower.store = open_store_with(
        (struct yoke_store_options){.url = url, .prefix = "g:"});
    if (write(STDOUT_FILENO, &none, sizeof(none)) < 0)
        _exit(4);
    store_next();
    while (grower.stored < VALUES)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    close_store(grower.store);
}

static void check_stored(yoke_store *own, const char *name, uint32_t count)
{
    static char value[65536];
    char key[32];

    for (uint32_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "%s%u", name, i);
        make_value(value, key);
        const struct answer *there = get(own, key);
        assert_int_equal(there->err, 0);
        assert_int_equal(there->len, sizeof(value));
        assert_memory_equal(there->value, value, sizeof(value));
    }
}

static void several_grow_a_map_and_one_is_killed_while_it_does(void **state)
{
    const char *const names[GROWERS] = {"a", "b", "c"};
    pid_t pids[GROWERS];
    uint32_t said[GROWERS] = {0}, n;
    int fds[GROWERS], status;
    yoke_store *own = open_store_with((struct yoke_store_options){
        .url = url_of("grown", "?sync=none"), .prefix = "g:"});
    (void)state;
    for (int i = 0; i < GROWERS; i++)
        pids[i] = start_role("grower", url_of("grown", "?sync=none"), names[i],
                             &fds[i]);
    /* Together they come to the end of the first map about here. */
    while (said[0] < VALUES / 2 && read(fds[0], &n, sizeof(n)) == sizeof(n))
        said[0] = n;
    kill(pids[0], SIGKILL);
    for (int i = 0; i < GROWERS; i++) {
        while (read(fds[i], &n, sizeof(n)) == sizeof(n))
            said[i] = n;
        close(fds[i]);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(i == 0 || status == 0);
        assert_int_equal(said[i] == VALUES, i > 0 || said[0] == VALUES);
        check_stored(own, names[i], said[i]);
    }
    assert_works(own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nobody_may_write_is_named),
        cmocka_unit_test(what_others_have_put_into_a_store_is_passed_over),
        cmocka_unit_test(
            a_file_that_is_removed_or_replaced_is_not_used_any_more),
        cmocka_unit_test(several_grow_a_map_and_one_is_killed_while_it_does),
    };

    if (argc > 3)
        role_grower(argv[2], argv[3]);
    else if (argc > 2)
        role_guest(argv[2]);
    if (argc > 2)
        return 0;
    /* That a file is gone, is logged. */
    yoke_log_set_level(YOKE_LOG_OFF);
    fixture_start("lmdb");
    int failed = cmocka_run_group_tests_name("lmdb_files", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
