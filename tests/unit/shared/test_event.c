/* Events on their way: what is written is read, and what is none is refused. */
#include "../unit.h"

#include <string.h>

#include "shared/event.h"

static void check(struct yoke_sse_event in)
{
    char bytes[256];
    struct yoke_sse_event out;
    uint64_t number = 0;
    size_t len = yk_event_len(&in);

    assert_true(len <= sizeof(bytes));
    yk_event_write(&in, bytes);
    yk_event_set_number(bytes, 0x1122334455667788);
    assert_true(yk_event_read((struct yk_slice){bytes, len}, &out, &number));
    assert_true(number == 0x1122334455667788);
    for (size_t cut = 0; cut < len; cut++)
        assert_false(
            yk_event_read((struct yk_slice){bytes, cut}, &out, &number));
    assert_true(yk_event_read((struct yk_slice){bytes, len}, &out, &number));
    const char *const strings[][2] = {
        {in.event, out.event}, {in.id, out.id}, {in.data, out.data}};
    for (size_t i = 0; i < COUNT_OF(strings); i++) {
        assert_true(!strings[i][0] == !strings[i][1]);
        if (strings[i][0])
            assert_string_equal(strings[i][0], strings[i][1]);
    }
    bytes[0] = 'x';
    assert_false(yk_event_read((struct yk_slice){bytes, len}, &out, &number));
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    check((struct yoke_sse_event){.event = "said", .data = "two\nlines"});
    check((struct yoke_sse_event){.id = "7", .data = ""});
    check((struct yoke_sse_event){.event = NULL});
    check((struct yoke_sse_event){.event = "", .id = "", .data = "x"});
}

/* Its lengths may say anything. */
static void lengths_are_checked(void **state)
{
    char bytes[64];
    struct yoke_sse_event event = {.data = "text"};
    uint64_t number;
    size_t len = yk_event_len(&event);

    (void)state;
    for (size_t i = 12; i < 24; i++) {
        yk_event_write(&event, bytes);
        bytes[i] = (char)0xff;
        assert_false(
            yk_event_read((struct yk_slice){bytes, len}, &event, &number));
        event = (struct yoke_sse_event){.data = "text"};
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(lengths_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
