/* What redis: does when its server is there and refuses: each call that is refused
 * is told why, in the server's words; nothing else is lost, and nothing answered
 * with what belongs to another. */
#include "faults.h"
#include "redis_servers.h"

#include <sys/stat.h>

static struct redis_server server;

static void tell(const char *command)
{
    const char *said = redis_ask(&server, "%s", command);
    if (strcmp(said, "OK") != 0)
        fail_msg("%s: %s", command, said);
}

static void is_refused(const struct answer *answer, const char *word)
{
    assert_int_equal(answer->err, -YOKE_EUNAVAILABLE);
    if (!strstr(answer->text, word))
        fail_msg("'%s' does not say '%s'", answer->text, word);
}

/* Every call that changes something is refused, what is there can be read, and
 * the connection is as good as before. */
static void changes_are_refused(const char *word)
{
    is_refused(set(store, "new", "v", 0), word);
    is_refused(add(store, "new", "v", 0), word);
    is_refused(replace(store, "kept", get(store, "kept")->version, "w"), word);
    is_refused(incr(store, "count", 1, 0), word);
    is_refused(incr(store, "count", 1, 60), word);
    is_refused(lock(store, "lock", 5, 0), word);
    assert_string_equal(get(store, "kept")->value, "v");
    assert_int_equal(get(store, "new")->err, -ENOENT);
    assert_true(is_up(store));
}

static void keep_something(void)
{
    assert_int_equal(set(store, "kept", "v", 0)->err, 0);
    assert_int_equal(incr(store, "count", 5, 0)->number, 5);
}

static void works_again(void)
{
    assert_int_equal(set(store, "new", "v", 0)->err, 0);
    assert_int_equal(incr(store, "count", 1, 0)->number, 6);
}

/* ---- A server that takes no changes ---- */

static void a_server_without_memory_is_told_and_can_be_read(void **state)
{
    (void)state;
    keep_something();
    tell("CONFIG SET maxmemory 1");
    changes_are_refused("OOM");
    /* Room can be made. */
    assert_int_equal(erase(store, "kept")->err, 0);
    tell("CONFIG SET maxmemory 0");
    works_again();
}

static void a_replica_is_told_and_can_be_read(void **state)
{
    char command[64];
    (void)state;
    keep_something();
    /* Of nobody: it keeps what it has. */
    snprintf(command, sizeof(command), "REPLICAOF 127.0.0.1 %d", free_port());
    tell(command);
    changes_are_refused("READONLY");
    tell("REPLICAOF NO ONE");
    works_again();
}

static void a_server_that_cannot_save_is_told_and_can_be_read(void **state)
{
    char path[200];
    (void)state;
    keep_something();
    snprintf(path, sizeof(path), "%s/%d.rdb", fixture_folder(), server.port);
    assert_int_equal(mkdir(path, 0700), 0);
    tell("CONFIG SET save \"3600 1000000\"");
    redis_ask(&server, "BGSAVE");
    redis_wait(&server, "INFO persistence", "rdb_last_bgsave_status:err");
    changes_are_refused("MISCONF");
    tell("CONFIG SET save \"\"");
    works_again();
    assert_int_equal(rmdir(path), 0);
}

static void
a_server_without_enough_replicas_is_told_and_can_be_read(void **state)
{
    (void)state;
    keep_something();
    tell("CONFIG SET min-replicas-to-write 1");
    changes_are_refused("NOREPLICAS");
    tell("CONFIG SET min-replicas-to-write 0");
    works_again();
}

/* ---- A server that does not let us in ---- */

static yoke_store *open_as(const char *login)
{
    char url[200];

    snprintf(url, sizeof(url), "redis://%s127.0.0.1:%d", login, server.port);
    return open_store_with((struct yoke_store_options){.url = url});
}

static void who_has_no_password_is_told(void **state)
{
    (void)state;
    tell("ACL SETUSER default resetpass >secret");
    assert_refused(open_as(""), "NOAUTH");
    assert_refused(open_as(":wrong@"), "WRONGPASS");
    assert_works(open_as(":secret@"));
    redis_ask(&server, "AUTH secret");
    tell("ACL SETUSER default nopass");
}

static void what_a_user_may_not_do_is_told(void **state)
{
    (void)state;
    tell("ACL SETUSER guest on >pw ~* &* +@read +ping");
    assert_refused(open_as("guest:pw@"), "takes no scripts: NOPERM");
    tell("ACL SETUSER guest +script|load +evalsha");
    yoke_store *own = open_as("guest:pw@");
    assert_int_equal(get(own, "k")->err, -ENOENT);
    is_refused(incr(own, "k", 1, 0), "NOPERM");
    is_refused(set(own, "k", "v", 0), "NOPERM");
    is_refused(publish(own, "news", "x"), "NOPERM");
    assert_int_equal(get(own, "k")->err, -ENOENT);
    close_store(own);
}

static void who_is_one_too_many_is_told(void **state)
{
    (void)state;
    assert_int_equal(get(store, "k")->err, -ENOENT);
    tell("CONFIG SET maxclients 1");
    assert_refused(open_as(""), "max number of clients");
    assert_int_equal(get(store, "k")->err, -ENOENT);
    tell("CONFIG SET maxclients 1000");
    assert_works(open_as(""));
}

/* ---- In the midst of others ---- */

/* Those before and behind it are answered with what is theirs. */
static void a_refusal_among_others_is_one_calls_own(void **state)
{
    static struct answer answers[60];
    char key[16], wanted[16];
    (void)state;
    yoke_store *own =
        open_store_with((struct yoke_store_options){.prefix = "mixed:"});
    redis_ask(&server, "HSET mixed:hash a b");
    for (int i = 0; i < 60; i++) {
        answers[i] = (struct answer){.count = 0};
        snprintf(key, sizeof(key), "k%d", i);
        if (i % 3 == 0)
            yoke_store_get(own, "hash", on_answer, &answers[i]);
        else if (i % 3 == 1)
            yoke_store_set(own, key, key, strlen(key), 0, on_answer,
                           &answers[i]);
        else
            yoke_store_incr(own, "hash", 1, 0, on_answer, &answers[i]);
    }
    for (int i = 0; i < 60; i++) {
        wait_for(&answers[i]);
        assert_int_equal(answers[i].err, i % 3 == 1 ? 0 : -EDOM);
        free(answers[i].value);
    }
    for (int i = 1; i < 60; i += 3) {
        snprintf(wanted, sizeof(wanted), "k%d", i);
        assert_string_equal(get(own, wanted)->value, wanted);
    }
    close_store(own);
}

/* ---- A server that comes back, not at once or as another ---- */

/* It takes connections, and refuses every call until it has read its data. */
static void a_server_that_loads_its_data_is_waited_for(void **state)
{
    char options[sizeof(server.options)];
    (void)state;
    snprintf(options, sizeof(options), "%s", server.options);
    keep_something();
    tell("DEBUG POPULATE 1000 filler 10");
    tell("SAVE");
    snprintf(server.options, sizeof(server.options),
             "%.1000s --key-load-delay 500 "
             "--loading-process-events-interval-bytes 1024",
             options);
    redis_kill(&server);
    wait_until_down(store);
    redis_begin(&server);
    for (int i = 0; i < 6000; i++) {
        const struct answer *answer = get(store, "kept");
        if (answer->err == 0)
            break;
        /* Never that there is none, as long as it is not known. */
        assert_int_equal(answer->err, -YOKE_EUNAVAILABLE);
        run_for(10);
    }
    wait_until_back(store);
    assert_string_equal(get(store, "kept")->value, "v");
    works_again();
    snprintf(server.options, sizeof(server.options), "%s", options);
    redis_restart(&server);
}

/* It disconnects who does not read fast enough. */
static void a_subscriber_that_is_thrown_out_is_told_what_it_missed(void **state)
{
    struct ear ear = {.ready = 0};
    static char large[8000];
    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    tell("CONFIG SET client-output-buffer-limit \"pubsub 100kb 0 0\"");
    yoke_store *own =
        open_store_with((struct yoke_store_options){.prefix = "loud:"});
    yoke_store_subscribe(own, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    /* Its loop does not run meanwhile. */
    for (int i = 0; i < 20000; i++)
        if (strcmp(redis_ask(&server, "PUBLISH loud:news %s", large), "0") == 0)
            break;
    wait_count(&ear.ready, 2);
    assert_int_equal(ear.missed, 1);
    int heard = ear.messages;
    assert_int_equal(publish(own, "news", "x")->err, 0);
    wait_count(&ear.messages, heard + 1);
    close_store(own);
    tell("CONFIG SET client-output-buffer-limit \"pubsub 32mb 8mb 60\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_server_without_memory_is_told_and_can_be_read),
        WITH_STORE(a_replica_is_told_and_can_be_read),
        WITH_STORE(a_server_that_cannot_save_is_told_and_can_be_read),
        WITH_STORE(a_server_without_enough_replicas_is_told_and_can_be_read),
        WITH_STORE(who_has_no_password_is_told),
        WITH_STORE(what_a_user_may_not_do_is_told),
        WITH_STORE(who_is_one_too_many_is_told),
        WITH_STORE(a_refusal_among_others_is_one_calls_own),
        WITH_STORE(a_server_that_loads_its_data_is_waited_for),
        WITH_STORE(a_subscriber_that_is_thrown_out_is_told_what_it_missed),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memory");
    redis_start(&server, "--save  --enable-debug-command yes");
    fixture_set_url("redis://127.0.0.1:%d", server.port);
    int failed =
        cmocka_run_group_tests_name("redis_refusals", tests, NULL, NULL);
    redis_kill(&server);
    fixture_stop();
    return failed;
}
