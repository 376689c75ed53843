/* When a command is sent a second time. */
#include "../unit.h"

#include "store/call.h"
#include "store/redis_command.h"

static void a_script_that_is_not_known_is_sent_in_full(void **state)
{
    struct yk_call call = {.op = YK_OP_TOUCH};
    bool in_full = false;
    (void)state;
    assert_true(yk_redis_sends_again(&call, "NOSCRIPT No script", &in_full));
    assert_true(in_full);
}

/* A server that says so each time must not be asked for ever. */
static void what_nobody_waits_for_is_not_sent_again(void **state)
{
    struct yk_call call = {.op = YK_OP_TOUCH, .is_late = true};
    bool in_full = false;
    (void)state;
    assert_false(yk_redis_sends_again(&call, "NOSCRIPT No script", &in_full));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_that_is_not_known_is_sent_in_full),
        cmocka_unit_test(what_nobody_waits_for_is_not_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
