/* Several processes at one store: no increment and no compare-and-swap is lost.
 * `atomic KIND`; it starts itself as `atomic KIND URL`. */
#include "crowd.h"
#include "fixture.h"

#define PROCESSES  4
#define INCREMENTS 10000
#define SWAPS      400
#define UNDER_WAY  50

static const char *own_url;

/* ---- In each process ---- */

static struct {
    yoke_store *store;
    int incremented, started;
    int swapped;
} worker;

static void next_increment(void);
static void next_swap(void);

static void on_incremented(const struct yoke_store_result *result, void *data)
{
    (void)data;
    if (result->err)
        _exit(3);
    worker.incremented++;
    next_increment();
}

static void next_increment(void)
{
    if (worker.started == INCREMENTS)
        return;
    worker.started++;
    yoke_store_incr(worker.store, "count", 1, 0, on_incremented, NULL);
}

/* Somebody else was faster: again. */
static void on_swapped(const struct yoke_store_result *result, void *data)
{
    (void)data;
    if (result->err && result->err != -YOKE_ECONFLICT)
        _exit(4);
    worker.swapped += result->err == 0;
    next_swap();
}

static void on_seen(const struct yoke_store_result *result, void *data)
{
    char text[32];
    (void)data;
    if (result->err)
        _exit(5);
    long seen = strtol(result->value, NULL, 10);
    int len = snprintf(text, sizeof(text), "%ld and text", seen + 1);
    yoke_store_replace(worker.store, "swap", result->version, text, (size_t)len,
                       0, on_swapped, NULL);
}

static void next_swap(void)
{
    if (worker.swapped < SWAPS)
        yoke_store_get(worker.store, "swap", on_seen, NULL);
}

static int run_worker(const char *url)
{
    worker.store = yoke_store_open(.url = url, .timeout_ms = 50000);
    if (!worker.store)
        return 2;
    crowd_meet();
    for (int i = 0; i < UNDER_WAY; i++)
        next_increment();
    next_swap();
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    bool is_done = worker.incremented == INCREMENTS && worker.swapped == SWAPS;
    return is_done ? 0 : 1;
}

/* ---- The test ---- */

static void nothing_is_lost_between_processes(void **state)
{
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = own_url, .prefix = ""});
    (void)state;
    set(own, "swap", "0", 0);
    crowd_run(PROCESSES, own_url);
    assert_int_equal(incr(own, "count", 0, 0)->number, PROCESSES * INCREMENTS);
    assert_int_equal(strtol(get(own, "swap")->value, NULL, 10),
                     PROCESSES * SWAPS);
    close_store(own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_between_processes),
    };

    if (argc > 2)
        return run_worker(argv[2]);
    fixture_start(argc > 1 ? argv[1] : NULL);
    own_url = fixture_url();
    int failed = cmocka_run_group_tests_name("atomic", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
