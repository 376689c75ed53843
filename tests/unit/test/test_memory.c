/* The connection in memory: it behaves as a socket would, late callbacks, small
 * reads, slow peers and broken connections included. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include <yoke/error.h>

#include "test/memory.h"

/* A server that notes what it is told. */
static struct {
    char room[64];
    size_t room_len; /* What on_room grants; 0: none. */
    struct yk_bytes read;
    int reads;
    ssize_t end; /* What told it the end of the input. */
    int written; /* Calls of on_written, */
    int err;     /* and what the last one said. */
    int closed;  /* Calls of on_closed. */
} server;

static size_t on_room(struct yk_transport *t, char **ret_room)
{
    (void)t;
    *ret_room = server.room;
    return server.room_len;
}

static void on_read(struct yk_transport *t, ssize_t n)
{
    (void)t;
    server.reads++;
    if (n > 0)
        yk_bytes_append(&server.read, server.room, (size_t)n);
    else
        server.end = n;
}

static void on_written(struct yk_transport *t, int err)
{
    (void)t;
    server.written++;
    server.err = err;
}

static void on_closed(struct yk_transport *t)
{
    (void)t;
    server.closed++;
}

static const struct yk_transport_user user = {on_room, on_read, on_written,
                                              on_closed};
static struct yk_memory memory;
static struct yk_transport *const t = &memory.transport;

static int set_up(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    server.room_len = sizeof(server.room);
    yk_memory_init(&memory);
    t->user = &user;
    t->ops->read_start(t);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yk_bytes_done(&server.read);
    yk_memory_done(&memory);
    return 0;
}

static void settle(void)
{
    while (yk_memory_turn(&memory))
        continue;
}

static void write_text(const char *text)
{
    char *base = (char *)(uintptr_t)text;
    struct iovec iov[] = {{base, 1}, {base + 1, strlen(text) - 1}};
    t->ops->write(t, iov, 2);
}

static ssize_t try_write_text(const char *text)
{
    struct iovec iov = {(char *)(uintptr_t)text, strlen(text)};
    return t->ops->try_write(t, &iov, 1);
}

static void reads_only_in_a_turn(void **state)
{
    (void)state;
    yk_memory_send(&memory, "hello", 5);
    assert_int_equal(server.reads, 0);
    settle();
    assert_string_equal(yk_bytes_text(&server.read), "hello");
    assert_int_equal(server.reads, 1);
}

static void splits_what_is_read(void **state)
{
    (void)state;
    memory.split = 2;
    yk_memory_send(&memory, "hello", 5);
    settle();
    assert_string_equal(yk_bytes_text(&server.read), "hello");
    assert_int_equal(server.reads, 3);
}

static void reads_no_more_than_there_is_room(void **state)
{
    (void)state;
    server.room_len = 3;
    yk_memory_send(&memory, "hello", 5);
    settle();
    assert_int_equal(server.reads, 2);
}

static void stops_reading_without_room_or_when_told(void **state)
{
    (void)state;
    yk_memory_send(&memory, "hello", 5);
    server.room_len = 0;
    settle();
    server.room_len = 64;
    settle();
    assert_int_equal(server.reads, 0);
    t->ops->read_start(t);
    t->ops->read_stop(t);
    settle();
    assert_int_equal(server.reads, 0);
    t->ops->read_start(t);
    settle();
    assert_int_equal(server.reads, 1);
}

static void tells_the_end_once_and_after_the_bytes(void **state)
{
    (void)state;
    yk_memory_send(&memory, "a", 1);
    yk_memory_hang_up(&memory);
    yk_memory_send(&memory, "lost", 4);
    settle();
    settle();
    assert_string_equal(yk_bytes_text(&server.read), "a");
    assert_int_equal(server.end, -YOKE_ECLOSED);
    assert_int_equal(server.reads, 2);
}

static void breaks_in_both_directions(void **state)
{
    (void)state;
    write_text("never taken");
    yk_memory_send(&memory, "lost", 4);
    yk_memory_break(&memory);
    settle();
    assert_int_equal(server.end, -ECONNRESET);
    assert_int_equal(server.read.len, 0);
    assert_int_equal(server.written, 1);
    assert_int_equal(server.err, -EPIPE);
    assert_int_equal(try_write_text("x"), -EPIPE);
}

static void takes_all_that_is_written(void **state)
{
    (void)state;
    assert_int_equal(try_write_text("abc"), 3);
    write_text("def");
    assert_int_equal(server.written, 0);
    settle();
    assert_int_equal(server.written, 1);
    assert_int_equal(server.err, 0);
    assert_string_equal(yk_bytes_text(&memory.out), "abcdef");
}

static void takes_it_slowly_when_there_is_a_pace(void **state)
{
    (void)state;
    yk_memory_set_pace(&memory, 2);
    assert_int_equal(try_write_text("abc"), 2);
    assert_int_equal(try_write_text("c"), 0);
    write_text("cdefg");
    assert_int_equal(t->ops->unwritten(t), 5);
    assert_true(yk_memory_turn(&memory));
    assert_int_equal(t->ops->unwritten(t), 3);
    assert_int_equal(server.written, 0);
    settle();
    assert_string_equal(yk_bytes_text(&memory.out), "abcdefg");
    assert_int_equal(server.written, 1);
}

static void takes_nothing_at_pace_0_until_there_is_another(void **state)
{
    (void)state;
    yk_memory_set_pace(&memory, 0);
    assert_int_equal(try_write_text("abc"), 0);
    write_text("abc");
    assert_false(yk_memory_turn(&memory));
    yk_memory_set_pace(&memory, SIZE_MAX);
    settle();
    assert_string_equal(yk_bytes_text(&memory.out), "abc");
}

static void shows_the_end_after_what_was_written(void **state)
{
    (void)state;
    write_text("abc");
    t->ops->shutdown(t);
    assert_false(yk_memory_has_ended(&memory));
    settle();
    assert_true(yk_memory_has_ended(&memory));
    assert_string_equal(yk_bytes_text(&memory.out), "abc");
}

static void closes_in_a_turn_and_only_once(void **state)
{
    (void)state;
    yk_memory_send(&memory, "unread", 6);
    t->ops->close(t);
    assert_int_equal(server.closed, 0);
    settle();
    settle();
    assert_int_equal(server.closed, 1);
    assert_int_equal(server.reads, 0);
    assert_true(yk_memory_has_ended(&memory));
    assert_false(memory.is_reset);
}

static void a_close_discards_what_is_not_written(void **state)
{
    (void)state;
    write_text("abc");
    t->ops->reset(t);
    settle();
    assert_int_equal(server.closed, 1);
    assert_int_equal(server.written, 0);
    assert_int_equal(memory.out.len, 0);
    assert_true(memory.is_reset);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_only_in_a_turn),
        TEST(splits_what_is_read),
        TEST(reads_no_more_than_there_is_room),
        TEST(stops_reading_without_room_or_when_told),
        TEST(tells_the_end_once_and_after_the_bytes),
        TEST(breaks_in_both_directions),
        TEST(takes_all_that_is_written),
        TEST(takes_it_slowly_when_there_is_a_pace),
        TEST(takes_nothing_at_pace_0_until_there_is_another),
        TEST(shows_the_end_after_what_was_written),
        TEST(closes_in_a_turn_and_only_once),
        TEST(a_close_discards_what_is_not_written),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
