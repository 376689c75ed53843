/* Records of a cache: what is written is read, and what is none is refused. */
#include "../unit.h"

#include <string.h>

#include "shared/cache_record.h"

static struct yk_cache_record sample(void)
{
    return (struct yk_cache_record){
        .kind = YK_CACHE_ERROR,
        .err = -110,
        .stored_ms = 1700000000000,
        .fresh_until_ms = 1700000060000,
        .stale_until_ms = 1700000090000,
        .stale_error_until_ms = UINT64_MAX,
        .tags = {{1, 2}, {UINT64_MAX, 3}},
        .tag_count = 2,
        .key = YK_LIT("key"),
        .value = YK_LIT("value"),
    };
}

static void what_is_written_is_read(void **state)
{
    char bytes[256];
    struct yk_cache_record in = sample(), out;
    size_t len = yk_cache_record_len(&in);

    (void)state;
    yk_cache_record_write(&in, bytes);
    assert_true(yk_cache_record_read((struct yk_slice){bytes, len}, &out));
    assert_int_equal(out.kind, in.kind);
    assert_int_equal(out.err, in.err);
    assert_true(out.stored_ms == in.stored_ms);
    assert_true(out.fresh_until_ms == in.fresh_until_ms);
    assert_true(out.stale_until_ms == in.stale_until_ms);
    assert_true(out.stale_error_until_ms == in.stale_error_until_ms);
    assert_int_equal(out.tag_count, 2);
    assert_memory_equal(out.tags, in.tags, sizeof(in.tags));
    assert_true(yk_slice_eq(out.key, in.key));
    assert_true(yk_slice_eq(out.value, in.value));
}

/* Anything may stand under a key. */
static void what_is_cut_or_changed_is_none(void **state)
{
    char bytes[256];
    struct yk_cache_record in = sample(), out;
    size_t len = yk_cache_record_len(&in);
    size_t least = len - in.value.len;

    (void)state;
    yk_cache_record_write(&in, bytes);
    for (size_t cut = 0; cut < least; cut++)
        assert_false(yk_cache_record_read((struct yk_slice){bytes, cut}, &out));
    for (size_t i = 0; i < 4; i++) {
        char kept = bytes[i];
        bytes[i] = 0x7f;
        assert_false(yk_cache_record_read((struct yk_slice){bytes, len}, &out));
        bytes[i] = kept;
    }
    memset(bytes + 40, 0xff, 8); /* The lengths of key and tags. */
    assert_false(yk_cache_record_read((struct yk_slice){bytes, len}, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_cut_or_changed_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
