/* Media types by extension. */
#include "../unit.h"

#include "app/mime.h"
#include "core/arena.h"
#include "core/blocks.h"

static void extensions_have_their_types(void **state)
{
    static const struct {
        const char *text, *type; /* type "": not known. */
    } cases[] = {
        {"html", "text/html"},
        {".html", "text/html"},
        {"page.html", "text/html"},
        {"PAGE.HTML", "text/html"},
        {"a.b.tar.gz", "application/gzip"},
        {"js", "text/javascript"},
        {"3g2", "video/3gpp2"},      /* The first of the table, */
        {"zst", "application/zstd"}, /* and the last. */
        {"webmanifest", "application/manifest+json"},
        {"text/x-own", "text/x-own"},
        {"", ""},
        {".", ""},
        {"html.", ""},
        {"nothing", ""},
        {"an-extension-that-is-long", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yk_slice type = yk_mime_of(yk_slice_of(cases[i].text));
        if (!yk_slice_eq(type, yk_slice_of(cases[i].type)))
            fail_msg("%s: got %.*s", cases[i].text, (int)type.len, type.ptr);
    }
}

static void text_has_a_charset(void **state)
{
    static const struct {
        const char *type, *sent;
    } cases[] = {
        {"text/html", "text/html; charset=utf-8"},
        {"application/json", "application/json; charset=utf-8"},
        {"image/png", "image/png"},
        {"text/html; a=b", "text/html; a=b"},
        {"", ""},
    };
    struct yk_blocks pool;
    struct yk_arena arena;
    (void)state;
    yk_blocks_init(&pool, 4096, 0);
    yk_arena_init(&arena, &pool);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_true(yk_slice_eq(
            yk_mime_with_charset(yk_slice_of(cases[i].type), &arena),
            yk_slice_of(cases[i].sent)));
    yk_arena_clear(&arena);
    yk_blocks_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extensions_have_their_types),
        cmocka_unit_test(text_has_a_charset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
