/* Calls of a store while there is a shortage: each is answered once, by an error
 * perhaps; and afterwards the store works. */
#include "scenarios.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>
#include <yoke/store.h>

#include "shortage.h"

static yoke_store *store;
static int asked, answered, heard, last_err;

static void on_answer(const struct yoke_store_result *result, void *data)
{
    (void)data;
    answered++;
    last_err = result->err;
}

static void on_message(const struct yoke_store_message *message, void *data)
{
    yoke_subscription **subscription = data;
    heard++;
    if (message->event == YOKE_STORE_ENDED)
        *subscription = NULL;
}

static void wait_for_answers(void)
{
    while (answered < asked)
        uv_run((uv_loop_t *)yoke_loop(), UV_RUN_ONCE);
    MUST(answered == asked);
}

static void call_all(void)
{
    const char *keys[] = {"a", "b", "none"};
    struct yoke_store_item items[] = {{.key = "a", .value = "1", .len = 1},
                                      {.key = "b", .value = "2", .len = 1}};
    asked += 13;
    yoke_store_set(store, "key", "value", 5, 60, on_answer, NULL);
    yoke_store_get(store, "key", on_answer, NULL);
    yoke_store_add(store, "key", "other", 5, 0, on_answer, NULL);
    yoke_store_replace(store, "key", 1, "other", 5, 0, on_answer, NULL);
    yoke_store_touch(store, "key", 10, on_answer, NULL);
    yoke_store_incr(store, "number", 1, 0, on_answer, NULL);
    yoke_store_set_many(store, items, 2, on_answer, NULL);
    yoke_store_get_many(store, keys, 3, on_answer, NULL);
    yoke_store_scan(store, "", NULL, 10, on_answer, NULL);
    yoke_store_lock(store, "lock", 10, 0, on_answer, NULL);
    yoke_store_unlock(store, "lock", 1, on_answer, NULL);
    yoke_store_publish(store, "channel", "text", 4, on_answer, NULL);
    yoke_store_delete(store, "key", on_answer, NULL);
    wait_for_answers();
}

static void must_work(void)
{
    asked++;
    yoke_store_set(store, "key", "value", 5, 0, on_answer, NULL);
    wait_for_answers();
    MUST(last_err == 0);
    asked++;
    yoke_store_get(store, "key", on_answer, NULL);
    wait_for_answers();
    MUST(last_err == 0);
}

static void use(const char *url)
{
    if (!getenv("YOKE_LOG"))
        yoke_log_set_level(YOKE_LOG_OFF);
    yoke_loop();
    shortage_begin();
    store = yoke_store_open(.url = url);
    if (!store)
        return;
    yoke_subscription *subscription = NULL;
    subscription =
        yoke_store_subscribe(store, "channel", on_message, &subscription);
    call_all();
    shortage_end();
    must_work();
    yoke_unsubscribe(subscription);
    yoke_store_close(store, NULL, NULL);
    uv_run((uv_loop_t *)yoke_loop(), UV_RUN_DEFAULT);
}

void store_in_shortage(void)
{
    use("memory:");
}

static void remove_folder(const char *folder)
{
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    MUST(system(command) == 0);
}

void store_in_file_in_shortage(void)
{
    char folder[] = "/tmp/yoke-shortage-XXXXXX", url[64];
    MUST(mkdtemp(folder));
    snprintf(url, sizeof(url), "lmdb:%s/file", folder);
    use(url);
    shortage_end();
    remove_folder(folder);
}
