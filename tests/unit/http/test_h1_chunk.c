/* The decoder of chunked bodies: rules 8 to 10 of docs/http-rules.md, and that the way of
 * splitting does not matter. */
#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include "http/h1_chunk.h"
#include "http/h1_error.h"

struct outcome {
    int error;    /* 0, or an enum yk_h1_error. */
    bool is_last; /* The last chunk was seen. */
    size_t used;  /* Bytes of the input. */
    char data[256];
    size_t data_len;
};

static struct outcome decode(const char *text, size_t len, size_t step)
{
    struct yk_h1_chunked chunked;
    struct outcome out = {.error = 0};
    yk_h1_chunked_init(&chunked);
    while (out.used < len && !yk_h1_chunked_is_last(&chunked)) {
        struct yk_slice data;
        size_t n = len - out.used < step ? len - out.used : step;
        char *piece = malloc(n);
        memcpy(piece, text + out.used, n);
        ssize_t got = yk_h1_chunked_decode(&chunked, piece, n, &data);
        if (got >= 0) {
            memcpy(out.data + out.data_len, data.ptr, data.len);
            out.data_len += data.len;
            out.used += (size_t)got;
        }
        free(piece);
        if (got < 0) {
            out.error = (int)-got;
            return out;
        }
    }
    out.is_last = yk_h1_chunked_is_last(&chunked);
    return out;
}

static struct outcome decode_every_way(const char *text, size_t len)
{
    struct outcome whole = decode(text, len, len);
    for (size_t step = 1; step < 20; step++) {
        struct outcome split = decode(text, len, step);
        assert_int_equal(split.error, whole.error);
        assert_int_equal(split.is_last, whole.is_last);
        if (whole.error)
            continue;
        assert_int_equal(split.used, whole.used);
        assert_int_equal(split.data_len, whole.data_len);
        assert_memory_equal(split.data, whole.data, whole.data_len);
    }
    return whole;
}

static void decodes_chunks_up_to_the_trailer_section(void **state)
{
    static const char text[] = "5\r\nhello\r\n1;a=b;c;d=\"e;\\\"\"\r\n \r\n"
                               "00000005\r\nworld\r\n0;x\r\nTrailer: 1\r\n\r\n";
    (void)state;
    struct outcome out = decode_every_way(text, sizeof(text) - 1);
    assert_int_equal(out.error, 0);
    assert_true(out.is_last);
    assert_int_equal(out.data_len, 11);
    assert_memory_equal(out.data, "hello world", 11);
    assert_string_equal(text + out.used, "Trailer: 1\r\n\r\n");
}

static void a_missing_last_chunk_is_not_an_end(void **state)
{
    (void)state;
    assert_false(decode_every_way("5\r\nhello\r\n", 10).is_last);
    assert_false(decode_every_way("0\r", 2).is_last);
}

static void data_may_hold_anything(void **state)
{
    static const char text[] = "a\r\n0\r\n\r\n\0\xff;\r\n\r\n0\r\n";
    (void)state;
    struct outcome out = decode_every_way(text, sizeof(text) - 1);
    assert_true(out.is_last);
    assert_memory_equal(out.data, "0\r\n\r\n\0\xff;\r\n", 10);
}

static void refuses_what_the_rules_refuse(void **state)
{
    static const struct {
        int rule;
        enum yk_h1_error error;
        const char *text;
    } cases[] = {
        {8, YK_H1_CHUNK_SIZE, "\r\n"},
        {8, YK_H1_CHUNK_SIZE, "x\r\n"},
        {8, YK_H1_CHUNK_SIZE, "0x5\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "+5\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "-5\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "1_0\r\n"},
        {8, YK_H1_CHUNK_SIZE, " 5\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "5 \r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "5\t\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "5g\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, ";a\r\n"},
        {8, YK_H1_CHUNK_SIZE, "00000000000000005\r\nhello\r\n"},
        {8, YK_H1_CHUNK_SIZE, "ffffffffffffffff\r\n"},
        {8, YK_H1_CHUNK_SIZE, "8000000000000000\r\n"},
        {8, YK_H1_CHUNK_SIZE, "10000000000000000\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;;a\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5; a\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a=\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a=b c\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a=\"b\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a=\"b\"c\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a=\"\x01\"\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a=\"\n\"\r\nhello\r\n"},
        {9, YK_H1_CHUNK_EXT, "5;a\nhello\r\n"},
        {9, YK_H1_CHUNK_SIZE, "5;a\rxhello\r\n"},
        {10, YK_H1_CHUNK_SIZE, "5\nhello\r\n"},
        {10, YK_H1_CHUNK_SIZE, "5\rhello\r\n"},
        {10, YK_H1_CHUNK_END, "5\r\nhello\n0\r\n\r\n"},
        {10, YK_H1_CHUNK_END, "5\r\nhello\r0\r\n\r\n"},
        {10, YK_H1_CHUNK_END, "5\r\nhellooo\r\n"},
        {10, YK_H1_CHUNK_END, "5\r\nhello0\r\n\r\n"},
        {10, YK_H1_CHUNK_SIZE, "0\n\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outcome out =
            decode_every_way(cases[i].text, strlen(cases[i].text));
        if (out.error != (int)cases[i].error)
            print_error("rule %d: %s\n", cases[i].rule, cases[i].text);
        assert_int_equal(out.error, cases[i].error);
    }
}

/* Rule 8. */
static void accepts_the_largest_size(void **state)
{
    (void)state;
    assert_int_equal(decode_every_way("7fffffffffffffff\r\nx", 19).error, 0);
    assert_int_equal(decode_every_way("0000000000000001\r\nx", 19).error, 0);
}

/* Rule 9: the limit counts for the message, not for one chunk. */
static void extensions_have_a_limit(void **state)
{
    struct yk_h1_chunked chunked;
    struct yk_slice data;
    static const char chunk[] = "1;aaaaaaaaaaaaa\r\nx\r\n"; /* 15 bytes ext. */
    ssize_t got = 0;
    int chunks = 0;
    (void)state;
    yk_h1_chunked_init(&chunked);
    while (got >= 0 && chunks++ < 5000)
        for (size_t used = 0; got >= 0 && used < sizeof(chunk) - 1;
             used += (size_t)got)
            got = yk_h1_chunked_decode(&chunked, chunk + used,
                                       sizeof(chunk) - 1 - used, &data);
    assert_int_equal(-got, YK_H1_CHUNK_EXT_LONG);
    assert_in_range(chunks, YK_CHUNK_EXT_MAX / 16, YK_CHUNK_EXT_MAX / 13);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_chunks_up_to_the_trailer_section),
        cmocka_unit_test(a_missing_last_chunk_is_not_an_end),
        cmocka_unit_test(data_may_hold_anything),
        cmocka_unit_test(refuses_what_the_rules_refuse),
        cmocka_unit_test(accepts_the_largest_size),
        cmocka_unit_test(extensions_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
