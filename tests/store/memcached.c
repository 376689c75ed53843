/* What memcached: promises when a server is killed or frozen, and with several
 * servers. */
#include "fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

struct tally {
    int count, good, unavailable, timed_out;
};

static void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->good += result->err == 0;
    tally->unavailable += result->err == -YOKE_EUNAVAILABLE;
    tally->timed_out += result->err == -ETIMEDOUT;
    tally->count++;
}

static bool is_up(yoke_store *which)
{
    struct yoke_store_stats stats;
    yoke_store_stats(which, &stats);
    return stats.circuit == YOKE_STORE_UP;
}

static void wait_until_back(yoke_store *which)
{
    for (int i = 0; i < 3000; i++) {
        if (set(which, "back", "1", 0)->err == 0 && is_up(which))
            return;
        run_for(20);
    }
    fail_msg("the store is not back after a minute");
}

static struct {
    struct tally tally;
    int started;
    bool is_over;
} load;

static void on_loaded(const struct yoke_store_result *result, void *data)
{
    on_tally(result, data);
    if (load.is_over)
        return;
    load.started++;
    yoke_store_incr(store, "load", 1, 0, on_loaded, data);
}

static void
under_load_every_call_is_answered_once_when_it_is_killed(void **state)
{
    (void)state;
    memset(&load, 0, sizeof(load));
    for (; load.started < 100; load.started++)
        yoke_store_incr(store, "load", 1, 0, on_loaded, &load.tally);
    wait_count(&load.tally.good, 2000);
    fixture_kill_server();
    wait_count(&load.tally.unavailable, 500);
    fixture_restart_server();
    int good = load.tally.good;
    wait_count(&load.tally.good, good + 2000);
    load.is_over = true;
    wait_count(&load.tally.count, load.started);
    run_for(50);
    assert_int_equal(load.tally.count, load.started);
    assert_int_equal(load.tally.good + load.tally.unavailable, load.started);
}

static void a_frozen_server_holds_up_nobody_beyond_the_deadline(void **state)
{
    struct tally tally = {.count = 0};
    yoke_store *own =
        open_store_with((struct yoke_store_options){.timeout_ms = 250});
    (void)state;
    wait_until_back(own);
    fixture_freeze();
    for (int i = 0; i < 20; i++)
        yoke_store_incr(own, "k", 1, 0, on_tally, &tally);
    wait_count(&tally.count, 20);
    assert_int_equal(tally.timed_out, 20);
    /* Its socket still takes connections; nobody greets back. */
    for (int i = 0; i < 3000 && is_up(own); i++)
        run_for(5);
    assert_int_equal(get(own, "k")->err, -YOKE_EUNAVAILABLE);
    kill(fixture_server(), SIGCONT);
    wait_until_back(own);
    close_store(own);
    assert_int_equal(tally.count, 20);
}

/* ---- Several ---- */

static int ports[2];
static pid_t pids[2];

/* On a port that memcached chooses, which it writes into a file. */
static void start_server(int n)
{
    char path[128], variable[200], line[64];
    int port = 0;

    snprintf(path, sizeof(path), "%s/port%d", fixture_folder(), n);
    unlink(path);
    snprintf(variable, sizeof(variable), "MEMCACHED_PORT_FILENAME=%s", path);
    pids[n] = fork();
    if (pids[n] == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        putenv(variable);
        execlp("memcached", "memcached", "-l", "127.0.0.1", "-p", "-1", "-U",
               "0", "-t", "1", "-u", "root", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 6000 && port == 0; i++) {
        usleep(10000);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof(line), file))
            sscanf(line, "TCP INET: %d", &port);
        if (file)
            fclose(file);
    }
    ports[n] = port;
}

static void several_servers_share_the_keys(void **state)
{
    char url[200], key[16];
    int there = 0, away = 0;
    (void)state;
    start_server(0);
    start_server(1);
    snprintf(url, sizeof(url), "memcached://127.0.0.1:%d,127.0.0.1:%d",
             ports[0], ports[1]);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(own, key, key, 0)->err, 0);
    }
    kill(pids[0], SIGKILL);
    waitpid(pids[0], NULL, 0);
    for (int i = 0; i < 3000 && is_up(own); i++)
        run_for(5);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        const struct answer *got = get(own, key);
        there += got->err == 0 && strcmp(got->value, key) == 0;
        away += got->err == -YOKE_EUNAVAILABLE;
    }
    assert_int_equal(there + away, 100);
    assert_true(there > 10 && away > 10);
    close_store(own);
    kill(pids[1], SIGKILL);
    waitpid(pids[1], NULL, 0);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct {
        const char *url, *word;
    } cases[] = {
        {"memcached:host", "hosts"},
        {"memcached://h/3", "databases"},
        {"memcached://u:p@h", "logging in"},
        {"memcached+unix:", "path"},
        {"memcached://h?connect_ms=x", "connect_ms"},
        {"memcached://h?hash=md5", "hash"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[YOKE_STORE_TEXT_MAX] = "";
        assert_null(yoke_store_open(.url = cases[i].url, .text = text));
        assert_int_equal(errno, EINVAL);
        if (!strstr(text, cases[i].word))
            fail_msg("%s: '%s' does not say '%s'", cases[i].url, text,
                     cases[i].word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(under_load_every_call_is_answered_once_when_it_is_killed),
        WITH_STORE(a_frozen_server_holds_up_nobody_beyond_the_deadline),
        WITH_STORE(several_servers_share_the_keys),
        WITH_STORE(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memcached");
    int failed = cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
