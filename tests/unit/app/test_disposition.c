/* Content-Disposition: names of files to be saved. */
#include "../unit.h"

#include "app/disposition.h"
#include "core/arena.h"
#include "core/blocks.h"

static void names_are_told_so_that_every_client_understands(void **state)
{
    static const struct {
        const char *name, *field;
    } cases[] = {
        {NULL, "attachment"},
        {"plans.pdf", "attachment; filename=plans.pdf"},
        {"/path/to/plans.pdf", "attachment; filename=plans.pdf"},
        {"the plans.pdf", "attachment; filename=\"the plans.pdf\""},
        {"the \"plans\".pdf", "attachment; filename=\"the \\\"plans\\\".pdf\""},
        {"a\\b", "attachment; filename=\"a\\\\b\""},
        {"", "attachment; filename=\"\""},
        {"folder/", "attachment; filename=\"\""},
        /* Beyond ASCII: a fallback, and the name itself. */
        {"\xe2\x82\xac rates.pdf", "attachment; filename=\"? rates.pdf\"; "
                                   "filename*=UTF-8''%E2%82%AC%20rates.pdf"},
        {"\xf0\x9f\x98\x80", "attachment; filename=\"?\"; "
                             "filename*=UTF-8''%F0%9F%98%80"},
        /* What is not UTF-8 cannot be told as such. */
        {"M\xe4rz.txt", "attachment; filename=\"M?rz.txt\""},
        {"\xe2\x82", "attachment; filename=\"??\""},
        {"\xed\xa0\x80", "attachment; filename=\"???\""},
        {"a\x80"
         "b\xe2\x82\xac",
         "attachment; filename=\"a?b???\""},
        /* An escape would be decoded by some. */
        {"50%25.txt",
         "attachment; filename=\"50%25.txt\"; filename*=UTF-8''50%2525.txt"},
        {"100%.txt", "attachment; filename=100%.txt"},
        {"it's (1)*.txt", "attachment; filename=\"it's (1)*.txt\""},
        /* docs/http-rules.md rule 33 */
        {"a\r\nSet-Cookie: b=c",
         "attachment; filename=\"a??Set-Cookie: b=c\"; "
         "filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b%3Dc"},
        {"a\x7f", "attachment; filename=\"a?\"; filename*=UTF-8''a%7F"},
    };
    struct yk_blocks pool;
    struct yk_arena arena;
    (void)state;
    yk_blocks_init(&pool, 4096, 0);
    yk_arena_init(&arena, &pool);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(yk_disposition(cases[i].name, &arena),
                            cases[i].field);
    yk_arena_clear(&arena);
    yk_blocks_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_so_that_every_client_understands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
