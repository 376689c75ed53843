/* Events on their way to many: what is behind a place. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include "core/alloc.h"
#include "shared/feed.h"

static void add(struct yk_feed *feed, const char *data, uint64_t number)
{
    const struct yoke_sse_event event = {.data = data};
    assert_int_equal(yk_feed_add(feed, &event, number), 0);
}

static void expect_behind(const struct yk_feed *feed, uint64_t place,
                          uint64_t last, size_t count, const char *text)
{
    size_t found;
    struct yk_slice news = yk_feed_behind(feed, place, last, &found);

    assert_int_equal(found, count);
    assert_int_equal(news.len, strlen(text));
    if (news.len > 0)
        assert_memory_equal(news.ptr, text, news.len);
}

static void each_gets_what_is_behind_its_place(void **state)
{
    struct yk_feed feed = {.bytes = NULL};
    (void)state;
    expect_behind(&feed, 0, 0, 0, "");
    add(&feed, "a", 0);
    uint64_t place = yk_feed_end(&feed);
    add(&feed, "b\nc", 0);
    expect_behind(&feed, 0, 0, 2, "data: a\n\ndata: b\ndata: c\n\n");
    expect_behind(&feed, place, 0, 1, "data: b\ndata: c\n\n");
    expect_behind(&feed, yk_feed_end(&feed), 0, 0, "");
    /* A place stays what it is when others are dropped. */
    yk_feed_drop(&feed, place);
    expect_behind(&feed, place, 0, 1, "data: b\ndata: c\n\n");
    yk_feed_drop(&feed, yk_feed_end(&feed));
    assert_int_equal(feed.len, 0);
    add(&feed, "d", 0);
    expect_behind(&feed, place, 0, 1, "data: d\n\n");
    yk_feed_free(&feed);
}

static void who_has_a_number_does_not_get_it_again(void **state)
{
    struct yk_feed feed = {.bytes = NULL};
    (void)state;
    add(&feed, "a", 7);
    add(&feed, "b", 8);
    expect_behind(&feed, 0, 6, 2, "id: 7\ndata: a\n\nid: 8\ndata: b\n\n");
    expect_behind(&feed, 0, 7, 1, "id: 8\ndata: b\n\n");
    expect_behind(&feed, 0, 9, 0, "");
    yk_feed_free(&feed);
}

/* And what is long is not kept when it has gone. */
static void many_and_long_ones_fit(void **state)
{
    struct yk_feed feed = {.bytes = NULL};
    static char text[20000];
    size_t count;
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < 100; i++)
        add(&feed, i % 10 ? "short" : text, 0);
    size_t len = 10 * (sizeof(text) - 1 + 8) + 90 * 13;
    assert_int_equal(yk_feed_behind(&feed, 0, 0, &count).len, len);
    assert_int_equal(count, 100);
    yk_feed_drop(&feed, yk_feed_end(&feed));
    assert_int_equal(feed.room, 0);
    yk_feed_free(&feed);
}

static void without_memory_it_stays_as_it_was(void **state)
{
    const struct yoke_sse_event event = {.data = "b"};
    (void)state;
    for (int n = 0; n < 2; n++) {
        struct yk_feed feed = {.bytes = NULL};
        yk_alloc_fail_after(n);
        assert_int_equal(yk_feed_add(&feed, &event, 0), -ENOMEM);
        yk_alloc_fail_after(-1);
        expect_behind(&feed, 0, 0, 0, "");
        add(&feed, "a", 0);
        expect_behind(&feed, 0, 0, 1, "data: a\n\n");
        yk_feed_free(&feed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gets_what_is_behind_its_place),
        cmocka_unit_test(who_has_a_number_does_not_get_it_again),
        cmocka_unit_test(many_and_long_ones_fit),
        cmocka_unit_test(without_memory_it_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
