/* Replies of Redis: in pieces, and beyond what can be meant. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/store.h>

#include "store/redis_reader.h"

#define MAX_LEN 1000

static struct yk_redis_reader reader;

static int setup(void **state)
{
    char why[YOKE_STORE_TEXT_MAX];
    (void)state;
    assert_int_equal(yk_hiredis_load(why), 0);
    assert_int_equal(yk_redis_reader_open(&reader, MAX_LEN), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_redis_reader_close(&reader);
    return 0;
}

static void feed(const char *text)
{
    assert_int_equal(yk_redis_reader_feed(&reader, text, strlen(text)), 0);
}

static redisReply *next(void)
{
    redisReply *reply;
    assert_int_equal(yk_redis_reader_next(&reader, &reply), 0);
    return reply;
}

static int error(void)
{
    redisReply *reply;
    return yk_redis_reader_next(&reader, &reply);
}

static void a_reply_in_pieces_is_waited_for(void **state)
{
    (void)state;
    feed("*2\r\n$5\r\nhel");
    assert_null(next());
    feed("lo\r\n:7\r\n+PO");
    redisReply *reply = next();
    assert_int_equal(reply->elements, 2);
    assert_string_equal(reply->element[0]->str, "hello");
    yk_hiredis.freeReplyObject(reply);
    assert_null(next());
}

static void each_reply_may_have_the_whole_length(void **state)
{
    static char bytes[MAX_LEN - 100];
    (void)state;
    memset(bytes, 'x', sizeof(bytes) - 1);
    for (int i = 0; i < 5; i++) {
        feed("$899\r\n");
        feed(bytes);
        assert_null(next());
        feed("\r\n");
        redisReply *reply = next();
        assert_int_equal(reply->len, 899);
        yk_hiredis.freeReplyObject(reply);
    }
}

static void a_reply_without_an_end_is_refused(void **state)
{
    const char *const begins[] = {"+", "$99999999\r\n", "*99999\r\n:1\r\n"};
    static char bytes[MAX_LEN + 1];
    (void)state;
    memset(bytes, ' ', sizeof(bytes) - 1);
    for (size_t i = 0; i < COUNT_OF(begins) - 1; i++) {
        feed(begins[i]);
        assert_null(next());
        feed(bytes);
        assert_int_equal(error(), -YOKE_ETOOLARGE);
        yk_redis_reader_close(&reader);
        assert_int_equal(yk_redis_reader_open(&reader, MAX_LEN), 0);
    }
    feed(begins[2]);
    for (int i = 0; i < MAX_LEN / 4; i++)
        feed(":1\r\n");
    assert_int_equal(error(), -YOKE_ETOOLARGE);
}

/* No memory is taken for what is only promised. */
static void an_array_of_too_many_is_refused(void **state)
{
    (void)state;
    feed("*1048576\r\n");
    assert_null(next());
    yk_redis_reader_close(&reader);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(yk_redis_reader_open(&reader, MAX_LEN), 0);
        feed(i ? "*2147483647\r\n" : "*1\r\n*1048577\r\n");
        assert_int_equal(error(), -EPROTO);
        yk_redis_reader_close(&reader);
    }
}

static void what_is_no_resp_is_refused(void **state)
{
    (void)state;
    feed("HTTP/1.1 400 Bad Request\r\n");
    assert_int_equal(error(), -EPROTO);
}

#define IN_READER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_READER(a_reply_in_pieces_is_waited_for),
        IN_READER(each_reply_may_have_the_whole_length),
        IN_READER(a_reply_without_an_end_is_refused),
        IN_READER(an_array_of_too_many_is_refused),
        IN_READER(what_is_no_resp_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
