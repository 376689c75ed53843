/* What a client accepts, told without an offer. */
#include "../unit.h"

#include <string.h>

#include <yoke/yoke.h>

typedef size_t accepted_fn(const yoke_req *req, const char **out, size_t max);

static void show(yoke_req *req, yoke_res *res)
{
    accepted_fn *const *accepted = yoke_data(req);
    const char *out[3], *text = "";
    size_t n = (*accepted)(req, out, 3);
    for (size_t i = 0; i < n; i++)
        text = yoke_req_printf(req, "%s[%s]", text, out[i]);
    yoke_res_text(res, text);
}

static void what_is_named_is_told_best_first(void **state)
{
    static const struct {
        accepted_fn *fn;
        const char *field, *value; /* NULL: it is not sent. */
        const char *told;
    } cases[] = {
        {yoke_req_accepted, "Accept", "text/*;q=.5, application/json",
         "[application/json][text/*]"},
        {yoke_req_accepted, "Accept", "a/a, b/b;q=0, c/c", "[a/a][c/c]"},
        {yoke_req_accepted, "Accept", "a/a, b/b, c/c, d/d", "[a/a][b/b][c/c]"},
        {yoke_req_accepted, "Accept", NULL, "[*/*]"},
        {yoke_req_accepted_encodings, "Accept-Encoding", "br;q=.4, gzip",
         "[gzip][br][identity]"},
        {yoke_req_accepted_charsets, "Accept-Charset", "utf-8;q=.2, latin1",
         "[latin1][utf-8]"},
        {yoke_req_accepted_charsets, "Accept-Charset", NULL, "[*]"},
        {yoke_req_accepted_languages, "Accept-Language", "en;q=.8, de",
         "[de][en]"},
        {yoke_req_accepted_languages, "Accept-Language", NULL, "[*]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_use(app,
                     yoke_with(show, (void *)(uintptr_t)&cases[i].fn, NULL));
        yoke_test *t = yoke_test_new(app);
        yoke_tr *r = yoke_test_get(t, "/");
        if (cases[i].value)
            yoke_tr_set(r, cases[i].field, cases[i].value);
        yoke_expect_body(r, cases[i].told);
        yoke_test_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_named_is_told_best_first),
    };
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
