/* What every store promises (yoke/store.h): each kind has to pass this, the
 * same for all. `conformance KIND`. */
#include "channels.h"
#include "fixture.h"
#include "numbers.h"

/* ---- Values ---- */

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(get(store, "nothing")->err, -ENOENT);
    assert_int_equal(erase(store, "nothing")->err, -ENOENT);
    assert_int_equal(touch(store, "nothing", 5)->err, -ENOENT);
    assert_int_equal(replace(store, "nothing", 1, "x")->err, -ENOENT);
}

static void a_value_comes_back_as_it_was(void **state)
{
    static const char bytes[] = "a\0b\r\nc\xff\x01";
    struct answer answer = {.count = 0};
    (void)state;
    yoke_store_set(store, "bytes", bytes, sizeof(bytes), 0, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, 0);
    const struct answer *got = get(store, "bytes");
    assert_int_equal(got->err, 0);
    assert_int_equal(got->len, sizeof(bytes));
    assert_memory_equal(got->value, bytes, sizeof(bytes));
    assert_true(got->version != 0);
    assert_true(got->version == answer.version);
    free(answer.value);
}

static void an_empty_value_is_a_value(void **state)
{
    (void)state;
    assert_int_equal(set(store, "empty", "", 0)->err, 0);
    assert_int_equal(get(store, "empty")->err, 0);
    assert_int_equal(get(store, "empty")->len, 0);
    assert_int_equal(add(store, "empty", "x", 0)->err, -YOKE_ECONFLICT);
}

static void set_replaces_whatever_was_there(void **state)
{
    (void)state;
    uint64_t first = set(store, "k", "one", 0)->version;
    uint64_t second = set(store, "k", "two, and longer", 0)->version;
    assert_true(first != second);
    assert_string_equal(get(store, "k")->value, "two, and longer");
    set(store, "k", "3", 0);
    assert_string_equal(get(store, "k")->value, "3");
}

static void a_value_of_the_largest_size_is_kept(void **state)
{
    size_t len = 1 << 20;
    char *large = malloc(len + 1);
    struct answer answer = {.count = 0};
    (void)state;
    for (size_t i = 0; i < len; i++)
        large[i] = (char)(i * 31 >> 3);
    yoke_store_set(store, "large", large, len, 0, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, 0);
    const struct answer *got = get(store, "large");
    assert_int_equal(got->len, len);
    assert_memory_equal(got->value, large, len);
    answer.count = 0;
    yoke_store_set(store, "large", large, len + 1, 0, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -YOKE_ETOOLARGE);
    assert_int_equal(get(store, "large")->len, len);
    free(answer.value);
    free(large);
}

static void keys_that_cannot_be_are_refused(void **state)
{
    char longest[YOKE_STORE_KEY_MAX + 2];
    const char *const wrong[] = {NULL,    "",        "a b",    "a\nb",
                                 "tab\t", "del\x7f", " first", longest};
    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(get(store, wrong[i])->err, -EINVAL);
        assert_int_equal(set(store, wrong[i], "x", 0)->err, -EINVAL);
        assert_int_equal(lock(store, wrong[i], 5, 0)->err, -EINVAL);
    }
}

static void the_longest_key_is_a_key(void **state)
{
    char longest[YOKE_STORE_KEY_MAX + 1] = "";
    yoke_store *plain = open_store_with((struct yoke_store_options){
        .prefix = "\xc3\xbc:"}); /* Three bytes of UTF-8. */
    (void)state;
    memset(longest, 'k', YOKE_STORE_KEY_MAX - 3);
    assert_int_equal(set(plain, longest, "long", 0)->err, 0);
    assert_string_equal(get(plain, longest)->value, "long");
    longest[YOKE_STORE_KEY_MAX - 3] = 'k';
    assert_int_equal(get(plain, longest)->err, -EINVAL);
    close_store(plain);
}

static void add_stores_only_what_is_not_there(void **state)
{
    (void)state;
    const struct answer *added = add(store, "k", "first", 0);
    assert_int_equal(added->err, 0);
    assert_true(added->version != 0);
    assert_int_equal(add(store, "k", "second", 0)->err, -YOKE_ECONFLICT);
    assert_string_equal(get(store, "k")->value, "first");
    erase(store, "k");
    assert_int_equal(add(store, "k", "third", 0)->err, 0);
}

static void replace_stores_only_over_what_was_seen(void **state)
{
    (void)state;
    uint64_t seen = set(store, "k", "one", 0)->version;
    uint64_t next = replace(store, "k", seen, "two")->version;
    assert_true(next != 0 && next != seen);
    assert_true(get(store, "k")->version == next);
    assert_int_equal(replace(store, "k", seen, "x")->err, -YOKE_ECONFLICT);
    assert_string_equal(get(store, "k")->value, "two");
    assert_int_equal(replace(store, "k", 0, "x")->err, -EINVAL);
    /* The same bytes again are another value. */
    set(store, "k", "two", 0);
    assert_int_equal(replace(store, "k", next, "x")->err, -YOKE_ECONFLICT);
}

static void what_is_deleted_is_gone(void **state)
{
    (void)state;
    uint64_t seen = set(store, "k", "v", 0)->version;
    assert_int_equal(erase(store, "k")->err, 0);
    assert_int_equal(get(store, "k")->err, -ENOENT);
    assert_int_equal(replace(store, "k", seen, "x")->err, -ENOENT);
    assert_int_equal(erase(store, "k")->err, -ENOENT);
}

/* ---- Time ---- */

/* Lets time pass, where tests can; a server's clock goes by itself. */
static void pass(uint64_t ms)
{
    clock_ms += ms;
    if (kind->has_own_clock)
        run_for(20);
}

static void wait_until_gone(const char *key)
{
    for (int i = 0; i < 3000 && get(store, key)->err == 0; i++)
        pass(20);
    assert_int_equal(get(store, key)->err, -ENOENT);
}

static void a_value_ends_with_its_time(void **state)
{
    (void)state;
    set(store, "k", "v", 2);
    if (!kind->has_own_clock) {
        pass(1999);
        assert_int_equal(get(store, "k")->err, 0);
        pass(1);
        assert_int_equal(get(store, "k")->err, -ENOENT);
    }
    wait_until_gone("k");
    assert_int_equal(erase(store, "k")->err, -ENOENT);
    assert_int_equal(add(store, "k", "v", 0)->err, 0);
}

static void touch_gives_another_time(void **state)
{
    (void)state;
    set(store, "short", "v", 1000);
    uint64_t seen = set(store, "long", "v", 1)->version;
    /* On a slow machine it may be over already. */
    if (touch(store, "long", 1000)->err == 0) {
        assert_int_equal(touch(store, "short", 1)->err, 0);
        wait_until_gone("short");
        assert_int_equal(get(store, "long")->err, 0);
        assert_string_equal(get(store, "long")->value, "v");
        assert_true(get(store, "long")->version == seen);
    }
    set(store, "for-ever", "v", 1000);
    assert_int_equal(touch(store, "for-ever", 0)->err, 0);
    pass(2000 * 1000);
    assert_int_equal(get(store, "for-ever")->err, 0);
}

static void set_forgets_an_older_time(void **state)
{
    (void)state;
    set(store, "gone", "v", 1);
    set(store, "k", "v", 1);
    set(store, "k", "w", 0);
    wait_until_gone("gone");
    assert_string_equal(get(store, "k")->value, "w");
}

/* Up to 136 years. */
static void a_time_to_live_may_be_long(void **state)
{
    const uint32_t times[] = {30u * 24 * 3600 + 1, INT32_MAX, UINT32_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        assert_int_equal(set(store, "k", "v", times[i])->err, 0);
        assert_int_equal(get(store, "k")->err, 0);
        assert_int_equal(touch(store, "k", times[i])->err, 0);
        assert_int_equal(get(store, "k")->err, 0);
        incr(store, "n", 1, times[i]);
        assert_int_equal(incr(store, "n", 1, times[i])->number, 2);
        erase(store, "n");
        int64_t fence = lock(store, "l", times[i], 0)->number;
        assert_int_equal(renew(store, "l", fence, times[i])->err, 0);
        assert_int_equal(lock(store, "l", 1, 0)->err, -YOKE_ECONFLICT);
        assert_int_equal(unlock(store, "l", fence)->err, 0);
    }
}

static void a_counters_time_begins_with_its_first_event(void **state)
{
    (void)state;
    assert_int_equal(incr(store, "hits", 1, 2)->number, 1);
    pass(1500);
    incr(store, "hits", 1, 2);
    pass(500);
    wait_until_gone("hits");
    assert_int_equal(incr(store, "hits", 1, 2)->number, 1);
}

struct tally {
    int count;
    int failed;
};

static void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->failed += result->err != 0;
    tally->count++;
}

/* ---- Several ---- */

static void several_are_stored_and_got_in_order(void **state)
{
    const struct yoke_store_item items[] = {
        {.key = "a", .value = "1", .len = 1},
        {.key = "b", .value = "22", .len = 2, .ttl_s = 1000},
        {.key = "c", .value = "", .len = 0},
    };
    const char *const keys[] = {"c", "missing", "b", "a", "b"};
    struct answer answer = {.count = 0};
    (void)state;
    yoke_store_set_many(store, items, 3, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, 0);
    assert_int_equal(answer.item_count, 3);
    assert_string_equal(answer.items[1].key, "b");
    answer.count = 0;
    yoke_store_get_many(store, keys, 5, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, 0);
    assert_int_equal(answer.item_count, 5);
    assert_int_equal(answer.items[0].err, 0);
    assert_int_equal(answer.items[1].err, -ENOENT);
    assert_string_equal(answer.items[1].key, "missing");
    assert_string_equal(answer.items[2].value, "22");
    assert_string_equal(answer.items[3].value, "1");
    assert_string_equal(answer.items[4].value, "22");
    assert_true(answer.items[2].version == answer.items[4].version);
    free(answer.value);
}

static void a_wrong_key_of_several_is_told_apart(void **state)
{
    const char *const keys[] = {"a", "not a key"};
    struct answer answer = {.count = 0};
    (void)state;
    set(store, "a", "1", 0);
    yoke_store_get_many(store, keys, 2, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -EINVAL);
    assert_string_equal(answer.items[0].value, "1");
    assert_int_equal(answer.items[1].err, -EINVAL);
    answer.count = 0;
    yoke_store_get_many(store, keys, 0, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -EINVAL);
    answer.count = 0;
    yoke_store_get_many(store, keys, YOKE_STORE_MANY_MAX + 1, on_answer,
                        &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -EINVAL);
    free(answer.value);
}

/* ---- Scans ---- */

#define SCANNED 137

/* Counts how often each "scan:N" comes, and what else. */
static int scan_all(const char *prefix, size_t page, int seen[SCANNED])
{
    struct answer answer = {.count = 0};
    char cursor[YOKE_STORE_KEY_MAX + 1] = "";
    int others = 0, pages = 0;

    do {
        answer.count = 0;
        yoke_store_scan(store, prefix, *cursor ? cursor : NULL, page, on_answer,
                        &answer);
        wait_for(&answer);
        assert_int_equal(answer.err, 0);
        assert_true(answer.item_count <= COUNT_OF(answer.items));
        for (size_t i = 0; i < answer.item_count; i++) {
            int n;
            if (sscanf(answer.items[i].key, "scan:%d", &n) == 1)
                seen[n]++;
            else
                others++;
        }
        snprintf(cursor, sizeof(cursor), "%s", answer.cursor);
        assert_true(pages++ < 1000);
    } while (*cursor);
    free(answer.value);
    return others;
}

static void a_scan_finds_every_key_of_its_prefix(void **state)
{
    int seen[SCANNED] = {0};
    char key[32];
    (void)state;
    if (!kind->has_scan) {
        struct answer answer = {.count = 0};
        yoke_store_scan(store, "", NULL, 10, on_answer, &answer);
        wait_for(&answer);
        assert_int_equal(answer.err, -ENOTSUP);
        assert_non_null(strstr(answer.text, "does not tell its keys"));
        free(answer.value);
        return;
    }
    set(store, "sca", "x", 0);
    set(store, "scan", "x", 0);
    set(store, "scan;", "x", 0);
    for (int i = 0; i < SCANNED; i++) {
        snprintf(key, sizeof(key), "scan:%d", i);
        set(store, key, "x", 0);
    }
    assert_int_equal(scan_all("scan:", 10, seen), 0);
    for (int i = 0; i < SCANNED; i++)
        assert_true(seen[i] >= 1);
    assert_int_equal(scan_all("", 25, seen), 3);
    assert_int_equal(scan_all("nothing", 10, seen), 0);
}

static void a_scans_prefix_is_no_pattern(void **state)
{
    int seen[SCANNED] = {0};
    (void)state;
    if (!kind->has_scan)
        return;
    set(store, "a*c[1]?\\", "x", 0);
    set(store, "abc1d", "x", 0);
    assert_int_equal(scan_all("a*c[1]?\\", 10, seen), 1);
    assert_int_equal(scan_all("*", 10, seen), 0);
    assert_int_equal(scan_all("a?", 10, seen), 0);
}

static void a_scan_does_not_see_locks_and_what_has_expired(void **state)
{
    int seen[SCANNED] = {0};
    (void)state;
    if (!kind->has_scan)
        return;
    set(store, "old", "x", 1);
    set(store, "new", "x", 0);
    lock(store, "lock", 1000, 0);
    wait_until_gone("old");
    assert_int_equal(scan_all("", 10, seen), 1);
}

static void a_page_has_a_size(void **state)
{
    struct answer answer = {.count = 0};
    (void)state;
    if (!kind->has_scan)
        return;
    yoke_store_scan(store, "", NULL, 0, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -EINVAL);
    answer.count = 0;
    yoke_store_scan(store, "", NULL, YOKE_STORE_MANY_MAX + 1, on_answer,
                    &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -EINVAL);
    free(answer.value);
}

/* ---- Locks ---- */

static void a_lock_is_held_by_one(void **state)
{
    (void)state;
    const struct answer *mine = lock(store, "l", 1000, 0);
    assert_int_equal(mine->err, 0);
    int64_t fence = mine->number;
    assert_true(fence > 0);
    assert_int_equal(lock(store, "l", 1000, 0)->err, -YOKE_ECONFLICT);
    assert_int_equal(lock(store, "other", 1000, 0)->err, 0);
    assert_int_equal(unlock(store, "l", fence)->err, 0);
    assert_true(lock(store, "l", 1000, 0)->number > fence);
}

static void a_lock_is_let_go_of_by_its_holder_alone(void **state)
{
    (void)state;
    int64_t fence = lock(store, "l", 1000, 0)->number;
    assert_int_equal(unlock(store, "l", fence + 1)->err, -YOKE_ECONFLICT);
    assert_int_equal(renew(store, "l", fence + 1, 9)->err, -YOKE_ECONFLICT);
    assert_int_equal(lock(store, "l", 1000, 0)->err, -YOKE_ECONFLICT);
    assert_int_equal(unlock(store, "l", fence)->err, 0);
    assert_int_equal(unlock(store, "l", fence)->err, -YOKE_ECONFLICT);
    assert_int_equal(renew(store, "l", fence, 9)->err, -YOKE_ECONFLICT);
}

static void a_lease_ends(void **state)
{
    int64_t next = 0;
    (void)state;
    int64_t fence = lock(store, "l", 1, 0)->number;
    for (int i = 0; i < 3000 && next == 0; i++) {
        pass(20);
        const struct answer *tried = lock(store, "l", 1000, 0);
        next = tried->err == 0 ? tried->number : 0;
    }
    assert_true(next > fence);
    assert_int_equal(unlock(store, "l", fence)->err, -YOKE_ECONFLICT);
    assert_int_equal(renew(store, "l", next, 1000)->err, 0);
    pass(500000);
    assert_int_equal(lock(store, "l", 1, 0)->err, -YOKE_ECONFLICT);
}

static void a_lock_can_be_waited_for(void **state)
{
    struct answer waiting = {.count = 0};
    (void)state;
    int64_t fence = lock(store, "l", 1000, 0)->number;
    yoke_store_lock(store, "l", 1000, 60000, on_answer, &waiting);
    run_for(150);
    assert_int_equal(waiting.count, 0);
    assert_int_equal(unlock(store, "l", fence)->err, 0);
    wait_for(&waiting);
    assert_int_equal(waiting.err, 0);
    assert_true(waiting.number > fence);
    waiting.count = 0;
    yoke_store_lock(store, "l", 1000, 50, on_answer, &waiting);
    wait_for(&waiting);
    assert_int_equal(waiting.err, -YOKE_ECONFLICT);
    free(waiting.value);
}

static void locks_and_keys_are_apart(void **state)
{
    (void)state;
    assert_int_equal(lock(store, "k", 1000, 0)->err, 0);
    assert_int_equal(get(store, "k")->err, -ENOENT);
    assert_int_equal(add(store, "k", "v", 0)->err, 0);
    assert_int_equal(erase(store, "k")->err, 0);
    assert_int_equal(lock(store, "k", 1000, 0)->err, -YOKE_ECONFLICT);
    assert_int_equal(lock(store, "k", 0, 0)->err, -EINVAL);
}

/* ---- All calls ---- */

static void every_call_is_answered_when_the_store_closes(void **state)
{
    struct tally tally = {0, 0};
    struct answer late = {.count = 0};
    yoke_store *own = open_store();
    int closed = 0;
    char key[16];
    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        yoke_store_set(own, key, key, strlen(key), 0, on_tally, &tally);
    }
    yoke_store_close(own, NULL, &closed);
    yoke_store_get(own, "k1", on_answer, &late);
    assert_int_equal(tally.count, 0);
    wait_count(&tally.count, 300);
    assert_int_equal(tally.failed, 0);
    wait_for(&late);
    assert_int_equal(late.err, -ECANCELED);
    run_for(20);
    assert_int_equal(tally.count, 300);
    free(late.value);
}

static void calls_that_are_too_many_are_refused(void **state)
{
    struct tally tally = {0, 0};
    yoke_store *own =
        open_store_with((struct yoke_store_options){.max_pending = 10});
    (void)state;
    for (int i = 0; i < 25; i++)
        yoke_store_set(own, "k", "v", 1, 0, on_tally, &tally);
    wait_count(&tally.count, 25);
    assert_int_equal(tally.failed, 15);
    assert_int_equal(get(own, "k")->err, 0);
    close_store(own);
}

static void bytes_that_are_too_many_are_refused(void **state)
{
    struct tally tally = {0, 0};
    char value[1000] = "";
    yoke_store *own =
        open_store_with((struct yoke_store_options){.max_pending_bytes = 5000});
    (void)state;
    for (int i = 0; i < 10; i++)
        yoke_store_set(own, "k", value, sizeof(value), 0, on_tally, &tally);
    wait_count(&tally.count, 10);
    assert_in_range(tally.failed, 5, 6);
    close_store(own);
}

static void prefixes_keep_applications_apart(void **state)
{
    yoke_store *one =
        open_store_with((struct yoke_store_options){.prefix = "one:"});
    yoke_store *two =
        open_store_with((struct yoke_store_options){.prefix = "two:"});
    (void)state;
    set(one, "k", "1", 0);
    assert_int_equal(lock(one, "l", 1000, 0)->err, 0);
    /* memory: is a store of its own each time. */
    assert_int_equal(get(two, "k")->err, -ENOENT);
    assert_int_equal(lock(two, "l", 1000, 0)->err, 0);
    close_store(one);
    close_store(two);
}

static void on_again(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    assert_int_equal(result->err, 0);
    if (++tally->count < 50)
        yoke_store_incr(store, "n", 1, 0, on_again, tally);
}

static void a_callback_may_call_again(void **state)
{
    struct tally tally = {0, 0};
    (void)state;
    yoke_store_incr(store, "n", 1, 0, on_again, &tally);
    wait_count(&tally.count, 50);
    assert_int_equal(incr(store, "n", 0, 0)->number, 50);
}

static void it_tells_how_it_is(void **state)
{
    struct yoke_store_stats stats;
    (void)state;
    set(store, "k", "v", 0);
    get(store, "k");
    get(store, "missing");
    get(store, "not a key");
    /* A server that had none of these keys may still be connecting. */
    for (int i = 0; i < 6000; i++) {
        yoke_store_stats(store, &stats);
        if (stats.circuit == YOKE_STORE_UP)
            break;
        run_for(10);
    }
    assert_int_equal(stats.circuit, YOKE_STORE_UP);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(stats.calls, 4);
    assert_int_equal(stats.failed, 1);
}

/* Its fault is not looked for in the program. */
static void the_environment_says_which_store(void **state)
{
    char text[YOKE_STORE_TEXT_MAX] = "";
    (void)state;
    setenv("YOKE_STORE", "nothing://h", 1);
    yoke_store *none = yoke_store_open(.url = fixture_url(), .text = text);
    setenv("YOKE_STORE", fixture_url(), 1);
    yoke_store *chosen = yoke_store_open(.url = "nothing://h");
    unsetenv("YOKE_STORE");
    assert_null(none);
    assert_non_null(strstr(text, "YOKE_STORE"));
    assert_non_null(strstr(text, "'nothing:'"));
    assert_non_null(chosen);
    close_store(chosen);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_not_there_is_not_found),
        WITH_STORE(a_value_comes_back_as_it_was),
        WITH_STORE(an_empty_value_is_a_value),
        WITH_STORE(set_replaces_whatever_was_there),
        WITH_STORE(a_value_of_the_largest_size_is_kept),
        WITH_STORE(keys_that_cannot_be_are_refused),
        WITH_STORE(the_longest_key_is_a_key),
        WITH_STORE(add_stores_only_what_is_not_there),
        WITH_STORE(replace_stores_only_over_what_was_seen),
        WITH_STORE(what_is_deleted_is_gone),
        WITH_STORE(several_are_stored_and_got_in_order),
        WITH_STORE(a_wrong_key_of_several_is_told_apart),
        WITH_STORE(a_time_to_live_may_be_long),
        WITH_STORE(a_scan_finds_every_key_of_its_prefix),
        WITH_STORE(a_scans_prefix_is_no_pattern),
        WITH_STORE(a_page_has_a_size),
        WITH_STORE(a_lock_is_held_by_one),
        WITH_STORE(a_lock_is_let_go_of_by_its_holder_alone),
        WITH_STORE(locks_and_keys_are_apart),
        WITH_STORE(every_call_is_answered_when_the_store_closes),
        WITH_STORE(calls_that_are_too_many_are_refused),
        WITH_STORE(bytes_that_are_too_many_are_refused),
        WITH_STORE(prefixes_keep_applications_apart),
        WITH_STORE(a_callback_may_call_again),
        WITH_STORE(it_tells_how_it_is),
        WITH_STORE(the_environment_says_which_store),
    };

    const struct CMUnitTest timed[] = {
        WITH_STORE(a_value_ends_with_its_time),
        WITH_STORE(touch_gives_another_time),
        WITH_STORE(set_forgets_an_older_time),
        WITH_STORE(a_counters_time_begins_with_its_first_event),
        WITH_STORE(a_scan_does_not_see_locks_and_what_has_expired),
        WITH_STORE(a_lease_ends),
        WITH_STORE(a_lock_can_be_waited_for),
    };

    fixture_start(argc > 1 ? argv[1] : NULL);
    int failed = cmocka_run_group_tests_name("store", tests, NULL, NULL);
    if (!kind->is_variant)
        failed += cmocka_run_group_tests_name("store, time", timed, NULL, NULL);
    failed += run_number_tests();
    failed += run_channel_tests();
    fixture_stop();
    return failed;
}
