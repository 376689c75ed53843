/* Which option or command was meant. */
#include "../unit.h"

#include <string.h>

#include "cli/suggest.c" /* The command is a program: nothing to link with. */

static void distance_counts_changes(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } samples[] = {
        {"", "", 0},
        {"run", "run", 0},
        {"", "abc", 3},
        {"port", "prt", 1},
        {"port", "portt", 1},
        {"port", "part", 1},
        {"port", "prot", 1},
        {"sched", "shced", 1},
        {"abc", "xyz", 3},
        {"kitten", "sitting", 3},
        {"workers", "worker", 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        const char *a = samples[i].a, *b = samples[i].b;
        assert_int_equal(yk_edit_distance(a, b), samples[i].distance);
        assert_int_equal(yk_edit_distance(b, a), samples[i].distance);
    }
}

static void long_words_are_far_apart(void **state)
{
    char word[100];
    (void)state;
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_true(yk_edit_distance(word, word) == SIZE_MAX);
    word[LETTERS_MAX] = '\0';
    assert_int_equal(yk_edit_distance(word, word), 0);
}

static void suggests_the_nearest_word(void **state)
{
    static const char *const words[] = {"port",  NULL,    "host",
                                        "sched", "quiet", "workers"};
    const size_t n = COUNT_OF(words);
    (void)state;
    assert_string_equal(yk_suggest("prot", words, n), "port");
    assert_string_equal(yk_suggest("hosts", words, n), "host");
    assert_string_equal(yk_suggest("schedule", words, n), "sched");
    assert_string_equal(yk_suggest("wrokers", words, n), "workers");
}

static void suggests_nothing_far_fetched(void **state)
{
    static const char *const words[] = {"port", "host", "n", "workers"};
    (void)state;
    assert_null(yk_suggest("frobnicate", words, 4));
    assert_null(yk_suggest("x", words, 4));
    assert_null(yk_suggest("", words, 4));
    assert_null(yk_suggest("port", words, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_changes),
        cmocka_unit_test(long_words_are_far_apart),
        cmocka_unit_test(suggests_the_nearest_word),
        cmocka_unit_test(suggests_nothing_far_fetched),
    };
    return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
