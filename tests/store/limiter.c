/* Several processes at one limit: of ten thousand requests at once exactly as
 * many pass as it allows. `limiter KIND`; it starts itself as
 * `limiter KIND URL`. */
#include "crowd.h"
#include "fixture.h"

#include <yoke/middleware/rate_limit.h>

#define PROCESSES 4
#define REQUESTS  2500 /* Of each. */

/* All at once; and so many under way that processes get in each other's way. */
static const struct {
    const char *name;
    int under_way;
    uint64_t limit;
    enum yoke_rate_way way;
} crowds[] = {
    {"window-all", REQUESTS, 777, YOKE_RATE_WINDOW},
    {"window-some", 20, 7777, YOKE_RATE_WINDOW},
    {"bucket-all", REQUESTS, 777, YOKE_RATE_BUCKET},
    {"bucket-some", 20, 7777, YOKE_RATE_BUCKET},
};

static const char *own_url;

/* ---- In each process ---- */

static struct {
    struct yoke_rate_store *rates;
    struct yoke_rate rate;
    int asked, answered, passed;
} worker;

static void on_taken(void *data, int err, const struct yoke_rate_state *state);

static void take_next(void)
{
    if (worker.asked == REQUESTS)
        return;
    worker.asked++;
    worker.rates->take(worker.rates, "everybody", &worker.rate, 0, on_taken,
                       NULL);
}

static void on_taken(void *data, int err, const struct yoke_rate_state *state)
{
    (void)data;
    if (err < 0)
        _exit(3);
    worker.answered++;
    worker.passed += state->is_allowed;
    take_next();
}

static void on_told(const struct yoke_store_result *result, void *data)
{
    if (result->err < 0)
        _exit(4);
    *(bool *)data = true;
}

static void flood(yoke_store *at, size_t crowd)
{
    char key[64];
    bool is_told = false;
    worker.asked = worker.answered = worker.passed = 0;
    /* So long that nothing comes back meanwhile. */
    worker.rate = (struct yoke_rate){.limit = crowds[crowd].limit,
                                     .window_ms = 1000000000};
    worker.rates = yoke_rate_store_shared(at, .way = crowds[crowd].way,
                                          .prefix = crowds[crowd].name);
    for (int i = 0; i < crowds[crowd].under_way; i++)
        take_next();
    while (worker.answered < REQUESTS)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    snprintf(key, sizeof(key), "passed:%s", crowds[crowd].name);
    yoke_store_incr(at, key, worker.passed, 0, on_told, &is_told);
    while (!is_told)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    worker.rates->free(worker.rates);
}

static int run_worker(const char *url)
{
    yoke_store *own = yoke_store_open(.url = url, .timeout_ms = 50000);
    if (!own)
        return 2;
    crowd_meet();
    for (size_t crowd = 0; crowd < COUNT_OF(crowds); crowd++)
        flood(own, crowd);
    return 0;
}

/* ---- The test ---- */

static void exactly_so_many_of_all_processes_pass(void **state)
{
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = own_url, .prefix = ""});
    (void)state;
    crowd_run(PROCESSES, own_url);
    for (size_t crowd = 0; crowd < COUNT_OF(crowds); crowd++) {
        char key[64];
        snprintf(key, sizeof(key), "passed:%s", crowds[crowd].name);
        assert_int_equal(incr(own, key, 0, 0)->number, crowds[crowd].limit);
    }
    close_store(own);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_so_many_of_all_processes_pass),
    };

    if (argc > 2)
        return run_worker(argv[2]);
    fixture_start(argc > 1 ? argv[1] : NULL);
    own_url = fixture_url();
    int failed = cmocka_run_group_tests_name("limiter", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
