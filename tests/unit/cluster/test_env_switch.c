/* Switches in the environment. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include <yoke/log.h>

#include "cluster/env_switch.h"

static char log_text[256];

static void keep(enum yoke_log_level level, const char *line, void *data)
{
    (void)level;
    (void)data;
    snprintf(log_text, sizeof(log_text), "%s", line);
}

static void a_value_that_there_is_not_is_named(void **state)
{
    static const struct {
        const char *value;
        bool is_off;
        const char *line;
    } cases[] = {
        {NULL, false, ""},
        {"", false, ""},
        {"on", false, ""},
        {"off", true, ""},
        {"OFF", false, "YOKE_CRASH is 'OFF': it may be on or off"},
        {"0", false, "YOKE_CRASH is '0': it may be on or off"},
    };
    (void)state;
    yoke_log_set_sink(keep, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        log_text[0] = '\0';
        unsetenv("YOKE_CRASH");
        if (cases[i].value)
            setenv("YOKE_CRASH", cases[i].value, 1);
        yk_env_check_switch("YOKE_CRASH");
        assert_string_equal(log_text, cases[i].line);
        assert_int_equal(yk_env_is_off("YOKE_CRASH"), cases[i].is_off);
    }
    yoke_log_set_sink(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_there_is_not_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
