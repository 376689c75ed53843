/* What lmdb: promises beside what all stores do: its file, and that nothing is
 * lost, whoever is killed when. This program is its own other processes:
 * `lmdb ROLE URL ...` plays one of the roles below. */
#include "fixture.h"
#include "roles.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/random.h"
#include "store/lmdb_guard.h"
#include "store/lmdb_library.h"

/* ---- The file ---- */

static void write_file(const char *name, const void *bytes, size_t len)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

static size_t read_file(const char *name, void *room, size_t size)
{
    int fd = open(path_of(name), O_RDONLY);
    ssize_t len = read(fd, room, size);
    assert_true(len > 0);
    close(fd);
    return (size_t)len;
}

static void refuses_to_open(const char *name, int wanted, const char *word)
{
    char text[YOKE_STORE_TEXT_MAX];
    errno = 0;
    assert_null(yoke_store_open(.url = url_of(name, ""), .text = text));
    assert_int_equal(errno, wanted);
    if (!strstr(text, word))
        fail_msg("'%s' does not say '%s'", text, word);
}

static void its_file_is_its_users_alone(void **state)
{
    struct stat st;
    (void)state;
    umask(0);
    close_store(open_store_with(
        (struct yoke_store_options){.url = url_of("mode", "")}));
    umask(022);
    assert_int_equal(stat(path_of("mode"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(path_of("mode-guard"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(path_of("mode-lock"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_foreign_file_is_refused_and_left_alone(void **state)
{
    char text[9000], after[sizeof(text)];
    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t len = 1; len <= sizeof(text); len += 8999) {
        write_file("foreign", text, len);
        refuses_to_open("foreign", EBADMSG, "not a store's file");
        assert_int_equal(read_file("foreign", after, sizeof(after)), len);
        assert_memory_equal(after, text, len);
    }
    assert_int_equal(access(path_of("foreign-lock"), F_OK), -1);
    assert_int_equal(access(path_of("foreign-guard"), F_OK), -1);
}

/* A file of LMDB's with one record in it. */
static void write_lmdb(const char *name, const char *key, const char *value)
{
    char why[YOKE_STORE_TEXT_MAX];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val k = {strlen(key) + 1, (void *)(uintptr_t)key};
    MDB_val v = {strlen(value) + 1, (void *)(uintptr_t)value};

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

static void what_others_keep_in_lmdb_is_refused_and_left_alone(void **state)
{
    static const struct {
        const char *key, *value, *word;
    } cases[] = {
        {"their", "own", "no store"},
        {"m", "yoke store 999", "another version"},
    };
    static char before[65536], after[sizeof(before)];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unlink(path_of("theirs"));
        unlink(path_of("theirs-lock"));
        write_lmdb("theirs", cases[i].key, cases[i].value);
        size_t len = read_file("theirs", before, sizeof(before));
        refuses_to_open("theirs", EBADMSG, cases[i].word);
        assert_int_equal(read_file("theirs", after, sizeof(after)), len);
        assert_memory_equal(before, after, len);
    }
}

/* A key without blanks and control characters, which often begins as others. */
static void make_key(struct yk_random *random, char key[32])
{
    size_t len = 1 + yk_random_below(random, 30);

    for (size_t i = 0; i < len; i++)
        key[i] = "ab\x80\xff"[yk_random_below(random, i < 12 ? 2 : 4)];
    key[len] = '\0';
}

/* Counts the records from one to the next, each of which has to be found. */
static int count_found(const char *name)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value, found;
    int count = 0;

    assert_int_equal(yk_lmdb.mdb_env_create(&env), 0);
    assert_int_equal(yk_lmdb.mdb_env_open(env, path_of(name), MDB_NOSUBDIR, 0),
                     0);
    assert_int_equal(yk_lmdb.mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(yk_lmdb.mdb_dbi_open(txn, NULL, 0, &dbi), 0);
    assert_int_equal(yk_lmdb.mdb_cursor_open(txn, dbi, &cursor), 0);
    while (yk_lmdb.mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        assert_int_equal(yk_lmdb.mdb_get(txn, dbi, &key, &found), 0);
        assert_ptr_equal(found.mv_data, value.mv_data);
        count++;
    }
    yk_lmdb.mdb_cursor_close(cursor);
    yk_lmdb.mdb_txn_abort(txn);
    yk_lmdb.mdb_env_close(env);
    return count;
}

static void records_have_the_order_that_lmdb_gives_them(void **state)
{
    static char keys[500][32];
    struct yk_random random;
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url_of("order", "")});
    int count = 1; /* The mark. */
    (void)state;
    yk_random_init(&random);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        make_key(&random, keys[i]);
        count += add(own, keys[i], "v", 0)->err == 0;
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_int_equal(get(own, keys[i])->err, 0);
    close_store(own);
    assert_int_equal(count_found("order"), count);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    mkdir(path_of("folder"), 0700);
    refuses_to_open("folder", EISDIR, "folder");
    refuses_to_open("no/such/folder", ENOENT, "No such file");
}

static void a_file_without_its_end_is_refused(void **state)
{
    char value[4000] = "";
    struct answer answer = {.count = 0};
    struct stat st;
    (void)state;
    yoke_store *own =
        open_store_with((struct yoke_store_options){.url = url_of("cut", "")});
    for (int i = 0; i < 500; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        answer.count = 0;
        yoke_store_set(own, key, value, sizeof(value), 0, on_answer, &answer);
        wait_for(&answer);
    }
    free(answer.value);
    close_store(own);
    stat(path_of("cut"), &st);
    assert_int_equal(truncate(path_of("cut"), st.st_size / 2), 0);
    refuses_to_open("cut", EBADMSG, "end is missing");
    assert_int_equal(truncate(path_of("cut"), 5000), 0);
    refuses_to_open("cut", EBADMSG, "left as it is");
}

static void what_was_stored_is_there_when_it_is_opened_again(void **state)
{
    const char *const options[] = {"?sync=commit", "?sync=none", ""};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        struct yoke_store_options again = {.url = url_of("again", options[i]),
                                           .prefix = "again:"};
        yoke_store *own = open_store_with(again);
        if (i > 0)
            assert_string_equal(get(own, "k")->value, options[i - 1]);
        set(own, "k", options[i], 0);
        close_store(own);
    }
}

static void one_file_can_be_opened_twice_in_a_process(void **state)
{
    struct yoke_store_options options = {.url = url_of("twice", ""),
                                         .prefix = "p:"};
    char text[YOKE_STORE_TEXT_MAX];
    (void)state;
    yoke_store *one = open_store_with(options);
    yoke_store *two = open_store_with(options);
    set(one, "k", "v", 0);
    assert_string_equal(get(two, "k")->value, "v");
    close_store(one);
    assert_string_equal(get(two, "k")->value, "v");
    assert_null(
        yoke_store_open(.url = url_of("twice", "?sync=none"), .text = text));
    assert_int_equal(errno, EBUSY);
    close_store(two);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"lmdb:/tmp/x?sync=often", "often"},
        {"lmdb:/tmp/x?max_size=1K", "max_size"},
        {"lmdb:/tmp/x?max_size=ten", "ten"},
        {"lmdb:/tmp/x?colour=red", "colour"},
        {"lmdb://host/x", "no host"},
        {"memory:path", "memory:"},
        {"mongo://h", "mongo"},
        {"nothing", "no scheme"},
        {"lmdb:/tmp/%zz", "path"},
        {"lmdb:/tmp/x?sync", "sync"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

static void the_default_is_a_file_in_the_state_directory(void **state)
{
    char folder[160];
    struct stat st;
    (void)state;
    snprintf(folder, sizeof(folder), "%s/a/b", fixture_folder());
    setenv("YOKE_STATE_DIR", folder, 1);
    setenv("YOKE_NAME", "shop", 1);
    setenv("YOKE_STORE", "lmdb:", 1);
    /* The variable takes precedence. */
    yoke_store *own = yoke_store_open(.url = "memory:");
    assert_string_equal(yoke_store_url(own), "lmdb:");
    close_store(own);
    assert_int_equal(stat(path_of("a/b/shop.lmdb"), &st), 0);
    assert_int_equal(stat(path_of("a/b"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    unsetenv("YOKE_STORE");
    unsetenv("YOKE_NAME");
    unsetenv("YOKE_STATE_DIR");
}

/* ---- Room ---- */

struct tally {
    int count, good, unavailable;
};

static void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->good += result->err == 0;
    tally->unavailable += result->err == -YOKE_EUNAVAILABLE;
    tally->count++;
}

/* Stores so many values of 64 KiB, in turns of 10. */
static struct tally fill(yoke_store *own, int count)
{
    static char value[65536];
    struct tally tally = {0, 0, 0};
    for (int i = 0; i < count;) {
        for (int n = 0; n < 10; n++, i++) {
            char key[16];
            snprintf(key, sizeof(key), "fill%d", i);
            yoke_store_set(own, key, value, sizeof(value), 0, on_tally, &tally);
        }
        wait_count(&tally.count, i);
    }
    return tally;
}

static void the_map_grows(void **state)
{
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url_of("grows", "?sync=none")});
    (void)state;
    assert_int_equal(fill(own, 700).good, 700); /* 45 MB; it begins with 16. */
    assert_int_equal(get(own, "fill699")->len, 65536);
    assert_int_equal(get(own, "fill0")->len, 65536);
    close_store(own);
}

static void a_full_store_is_unavailable_and_keeps_what_it_has(void **state)
{
    yoke_store *own = open_store_with((struct yoke_store_options){
        .url = url_of("full", "?sync=none&max_size=4M")});
    (void)state;
    set(own, "first", "one", 0);
    struct tally tally = fill(own, 100);
    assert_int_equal(tally.good + tally.unavailable, 100);
    assert_true(tally.good > 20);
    assert_true(tally.unavailable > 20);
    assert_string_equal(get(own, "first")->value, "one");
    /* What was acknowledged is there, and room can be made. */
    int found = 0;
    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof(key), "fill%d", i);
        found += get(own, key)->err == 0;
    }
    assert_int_equal(found, tally.good);
    for (int i = 0; i < 10; i++) {
        char key[16];
        snprintf(key, sizeof(key), "fill%d", i);
        assert_int_equal(erase(own, key)->err, 0);
    }
    assert_int_equal(set(own, "more", "two", 0)->err, 0);
    close_store(own);
}

static void a_full_disk_is_unavailable_and_loses_nothing(void **state)
{
    struct rlimit old, small;
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url_of("disk", "?sync=none")});
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    set(own, "first", "one", 0);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 2 << 20;
    setrlimit(RLIMIT_FSIZE, &small);
    struct tally tally = fill(own, 60);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(tally.good + tally.unavailable, 60);
    assert_true(tally.unavailable > 10);
    assert_string_equal(get(own, "first")->value, "one");
    assert_int_equal(set(own, "second", "two", 0)->err, 0);
    assert_string_equal(get(own, "second")->value, "two");
    close_store(own);
}

/* A disk of 2 MiB that nobody else sees, and that becomes larger. */
static bool mount_disk(const char *folder, const char *options)
{
    if (unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return false;
    return mount("none", folder, "tmpfs", 0, options) == 0;
}

static void role_filler(const char *folder)
{
    static char large[1 << 20];
    struct answer answer = {.count = 0};
    char url[200];
    int found = 0;

    if (!mount_disk(folder, "size=2m"))
        _exit(77);
    snprintf(url, sizeof(url), "lmdb:%s/store", folder);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    set(own, "first", "one", 0);
    struct tally tally = fill(own, 60);
    assert_int_equal(tally.good + tally.unavailable, 60);
    assert_true(tally.good > 5 && tally.unavailable > 10);
    yoke_store_set(own, "large", large, sizeof(large), 0, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(answer.text, "the disk is full"));
    for (int i = 0; i < 60; i++) {
        char key[16];
        snprintf(key, sizeof(key), "fill%d", i);
        found += get(own, key)->err == 0;
    }
    assert_int_equal(found, tally.good);
    assert_int_equal(mount("none", folder, NULL, MS_REMOUNT, "size=20m"), 0);
    assert_int_equal(fill(own, 60).good, 60);
    assert_string_equal(get(own, "first")->value, "one");
    free(answer.value);
    close_store(own);
}

static void a_disk_without_room_is_borne_until_it_has_some(void **state)
{
    int fd, status;
    (void)state;
    mkdir(path_of("mounted"), 0700);
    pid_t pid = start_role("filler", path_of("mounted"), NULL, &fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(fd);
    if (status == 77 << 8)
        print_message("skipped: a disk of its own is not permitted\n");
    else
        assert_int_equal(status, 0);
}

/* Another process makes the file larger than this one's map. */
static void role_grower(const char *url)
{
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url, .prefix = "g:"});
    assert_int_equal(fill(own, 600).good, 600);
    close_store(own);
}

static void a_map_that_another_process_has_grown_is_followed(void **state)
{
    struct yoke_store_options options = {.url = url_of("other", "?sync=none"),
                                         .prefix = "g:"};
    yoke_store *own = open_store_with(options);
    int fd, status;
    (void)state;
    set(own, "mine", "1", 0);
    pid_t pid = start_role("grower", url_of("other", "?sync=none"), NULL, &fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(fd);
    assert_int_equal(status, 0);
    assert_int_equal(get(own, "fill599")->len, 65536);
    assert_string_equal(get(own, "mine")->value, "1");
    assert_int_equal(set(own, "mine", "2", 0)->err, 0);
    close_store(own);
}

static void what_has_expired_is_swept(void **state)
{
    struct yoke_store_stats stats;
    struct tally tally = {0, 0, 0};
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url_of("sweep", "?sync=none")});
    (void)state;
    for (int i = 0; i < 3000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        yoke_store_set(own, key, "v", 1, i % 3 ? 1 : 0, on_tally, &tally);
    }
    wait_count(&tally.count, 3000);
    assert_int_equal(tally.good, 3000);
    clock_ms += 1001;
    for (int i = 0; i < 600; i++) {
        yoke_store_stats(own, &stats);
        if (stats.swept == 2000)
            break;
        run_for(50);
    }
    assert_int_equal(stats.swept, 2000);
    assert_int_equal(get(own, "k3")->err, 0);
    assert_int_equal(get(own, "k4")->err, -ENOENT);
    close_store(own);
}

/* ---- Others ---- */

/* Holds the lock of the writer, says so, and does nothing more. */
static void role_holder(const char *url)
{
    char why[YOKE_STORE_TEXT_MAX];
    struct yk_lmdb_guard guard;

    if (yk_lmdb_guard_open(&guard, strchr(url, ':') + 1, why) < 0 ||
        !yk_lmdb_guard_try(&guard))
        _exit(1);
    if (write(STDOUT_FILENO, "x", 1) != 1)
        _exit(1);
    pause();
}

static void a_writer_that_is_stopped_holds_up_no_loop(void **state)
{
    struct answer stuck = {.count = 0};
    char byte;
    int fd;
    yoke_store *own = open_store_with((struct yoke_store_options){
        .url = url_of("stopped", ""), .timeout_ms = 300});
    (void)state;
    set(own, "k", "v", 0);
    pid_t pid = start_role("holder", url_of("stopped", ""), NULL, &fd);
    assert_int_equal(read(fd, &byte, 1), 1);
    yoke_store_set(own, "k", "w", 1, 0, on_answer, &stuck);
    /* Reads go on meanwhile, and the loop does. */
    assert_string_equal(get(own, "k")->value, "v");
    assert_int_equal(stuck.count, 0);
    wait_for(&stuck);
    assert_int_equal(stuck.err, -ETIMEDOUT);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
    for (int i = 0; i < 100 && set(own, "k", "x", 0)->err != 0; i++)
        run_for(10);
    assert_string_equal(get(own, "k")->value, "x");
    free(stuck.value);
    close_store(own);
}

static void open_guard(struct yk_lmdb_guard *guard, const char *name)
{
    char why[YOKE_STORE_TEXT_MAX];
    assert_int_equal(yk_lmdb_guard_open(guard, path_of(name), why), 0);
}

static void a_turn_is_one_processs_and_free_when_it_dies(void **state)
{
    struct yk_lmdb_guard guard;
    char byte;
    int fd;
    (void)state;
    open_guard(&guard, "turns");
    pid_t pid = start_role("holder", url_of("turns", ""), NULL, &fd);
    assert_int_equal(read(fd, &byte, 1), 1);
    for (int i = 0; i < 3; i++)
        assert_false(yk_lmdb_guard_try(&guard));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(fd);
    for (int i = 0; i < 3; i++) {
        assert_true(yk_lmdb_guard_try(&guard));
        yk_lmdb_guard_leave(&guard);
    }
    yk_lmdb_guard_close(&guard);
}

/* As if the machine had gone down: what is in the file says that it is held, and
 * nobody is left who could let go of it. */
static void a_guard_that_nobody_is_left_to_free_is_made_anew(void **state)
{
    struct yk_lmdb_guard guard;
    static char held[4096];
    (void)state;
    open_guard(&guard, "held");
    assert_true(yk_lmdb_guard_try(&guard));
    assert_int_equal(read_file("held-guard", held, sizeof(held)), sizeof(held));
    yk_lmdb_guard_leave(&guard);
    yk_lmdb_guard_close(&guard);
    write_file("crashed-guard", held, sizeof(held));
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url_of("crashed", "")});
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    /* Whoever comes later leaves it as it is. */
    open_guard(&guard, "crashed");
    assert_true(yk_lmdb_guard_try(&guard));
    yk_lmdb_guard_leave(&guard);
    yk_lmdb_guard_close(&guard);
    assert_int_equal(set(own, "k", "w", 0)->err, 0);
    close_store(own);
}

static void a_guard_of_another_kind_is_told(void **state)
{
    struct yk_lmdb_guard guard;
    uint32_t own_kind;
    (void)state;
    open_guard(&guard, "kind");
    int fd = open(path_of("kind-guard"), O_RDWR);
    assert_int_equal(pread(fd, &own_kind, sizeof(own_kind), 0),
                     sizeof(own_kind));
    own_kind++;
    assert_int_equal(pwrite(fd, &own_kind, sizeof(own_kind), 0),
                     sizeof(own_kind));
    refuses_to_open("kind", EBUSY, "another kind");
    close(fd);
    yk_lmdb_guard_close(&guard);
    /* It is nobody's now. */
    close_store(open_store_with(
        (struct yoke_store_options){.url = url_of("kind", "")}));
}

/* ---- Killed writers ---- */

#define WRITERS   3
#define VALUE_MAX 6000

/* The n-th value of a writer: its number, then bytes that follow from it. */
static size_t make_value(char *out, uint64_t n)
{
    size_t len = 16 + n * 397 % (VALUE_MAX - 16);

    memcpy(out, &n, sizeof(n));
    for (size_t i = sizeof(n); i < len; i++)
        out[i] = (char)(n * 31 + i);
    return len;
}

static struct {
    yoke_store *store;
    const char *key;
    uint64_t n;
} writer;

static void write_next(void);

/* Says which value is stored, and stores the next. */
static void on_written(const struct yoke_store_result *result, void *data)
{
    (void)data;
    if (result->err)
        _exit(3);
    if (write(STDOUT_FILENO, &writer.n, sizeof(writer.n)) != sizeof(writer.n))
        _exit(4);
    writer.n++;
    write_next();
}

static void write_next(void)
{
    char value[VALUE_MAX];
    size_t len = make_value(value, writer.n);
    yoke_store_set(writer.store, writer.key, value, len, 0, on_written, NULL);
}

static void role_writer(const char *url, const char *key)
{
    writer.store = open_store_with(
        (struct yoke_store_options){.url = url, .prefix = "w:"});
    writer.key = key;
    const struct answer *there = get(writer.store, key);
    if (there->err == 0)
        memcpy(&writer.n, there->value, sizeof(writer.n));
    writer.n++;
    write_next();
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
}

struct victim {
    char key[8];
    pid_t pid;
    int fd;
    uint64_t acknowledged;
};

static void start_victim(struct victim *victim, int slot)
{
    snprintf(victim->key, sizeof(victim->key), "w%d", slot);
    victim->pid =
        start_role("writer", url_of("kills", ""), victim->key, &victim->fd);
}

/* Everything that it has said, until it is killed or `once`. */
static void hear(struct victim *victim, bool once)
{
    uint64_t n;
    while (read(victim->fd, &n, sizeof(n)) == sizeof(n)) {
        victim->acknowledged = n;
        if (once)
            return;
    }
}

/* The value that is there is whole, and no older than what was
 * acknowledged. */
static void check_victim(yoke_store *own, const struct victim *victim)
{
    char value[VALUE_MAX];
    uint64_t n;
    const struct answer *there = get(own, victim->key);

    if (victim->acknowledged == 0 && there->err == -ENOENT)
        return;
    assert_int_equal(there->err, 0);
    assert_true(there->len >= 16);
    memcpy(&n, there->value, sizeof(n));
    assert_true(n >= victim->acknowledged);
    assert_int_equal(make_value(value, n), there->len);
    assert_memory_equal(there->value, value, there->len);
}

static void killed_writers_lose_and_tear_nothing(void **state)
{
    const char *wanted = getenv("YOKE_KILLS");
    int kills = wanted ? (int)strtol(wanted, NULL, 10) : 40;
    struct victim victims[WRITERS] = {{.pid = 0}};
    struct yk_random random;
    yoke_store *own = open_store_with((struct yoke_store_options){
        .url = url_of("kills", ""), .prefix = "w:"});
    (void)state;
    yk_random_init(&random);
    for (int i = 0; i < WRITERS; i++)
        start_victim(&victims[i], i);
    for (int i = 0; i < kills; i++) {
        struct victim *victim = &victims[i % WRITERS];
        /* In the midst of its work, at any instant. */
        hear(victim, true);
        usleep((useconds_t)yk_random_below(&random, 8000));
        kill(victim->pid, SIGKILL);
        waitpid(victim->pid, NULL, 0);
        hear(victim, false);
        close(victim->fd);
        check_victim(own, victim);
        start_victim(victim, i % WRITERS);
    }
    for (int i = 0; i < WRITERS; i++) {
        kill(victims[i].pid, SIGKILL);
        waitpid(victims[i].pid, NULL, 0);
        hear(&victims[i], false);
        close(victims[i].fd);
        check_victim(own, &victims[i]);
    }
    /* Nobody's death is in the way of the next write. */
    assert_int_equal(set(own, "last", "1", 0)->err, 0);
    close_store(own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_file_is_its_users_alone),
        cmocka_unit_test(a_foreign_file_is_refused_and_left_alone),
        cmocka_unit_test(what_others_keep_in_lmdb_is_refused_and_left_alone),
        cmocka_unit_test(records_have_the_order_that_lmdb_gives_them),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(a_file_without_its_end_is_refused),
        cmocka_unit_test(what_was_stored_is_there_when_it_is_opened_again),
        cmocka_unit_test(one_file_can_be_opened_twice_in_a_process),
        cmocka_unit_test(urls_that_are_wrong_are_named),
        cmocka_unit_test(the_default_is_a_file_in_the_state_directory),
        cmocka_unit_test(the_map_grows),
        cmocka_unit_test(a_full_store_is_unavailable_and_keeps_what_it_has),
        cmocka_unit_test(a_full_disk_is_unavailable_and_loses_nothing),
        cmocka_unit_test(a_disk_without_room_is_borne_until_it_has_some),
        cmocka_unit_test(a_map_that_another_process_has_grown_is_followed),
        cmocka_unit_test(what_has_expired_is_swept),
        cmocka_unit_test(a_writer_that_is_stopped_holds_up_no_loop),
        cmocka_unit_test(a_turn_is_one_processs_and_free_when_it_dies),
        cmocka_unit_test(a_guard_that_nobody_is_left_to_free_is_made_anew),
        cmocka_unit_test(a_guard_of_another_kind_is_told),
        cmocka_unit_test(killed_writers_lose_and_tear_nothing),
    };

    if (argc > 3)
        role_writer(argv[2], argv[3]);
    else if (argc > 2 && strcmp(argv[1], "grower") == 0)
        role_grower(argv[2]);
    else if (argc > 2 && strcmp(argv[1], "filler") == 0)
        role_filler(argv[2]);
    else if (argc > 2)
        role_holder(argv[2]);
    if (argc > 2)
        return 0;
    fixture_start("lmdb");
    int failed = cmocka_run_group_tests_name("lmdb", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
