/* Which answers are kept, and for how long; each rule with its section of RFC
 * 9111. */
#include "http_cache.h"

/* ---- What is kept (sections 3, 4.2, 5.2.2) ---- */

static const struct {
    const char *section;
    int status;
    const char *fields[3][2];
    bool is_kept;
} answers[] = {
    {"3: nothing said, no default", 200, {{NULL}}, false},
    {"5.2.2.1 max-age", 200, {{"Cache-Control", "max-age=60"}}, true},
    {"5.2.2.1 max-age=0", 200, {{"Cache-Control", "max-age=0"}}, false},
    {"5.2.2.10 s-maxage", 200, {{"Cache-Control", "s-maxage=60"}}, true},
    {"5.2.2.10 s-maxage before max-age",
     200,
     {{"Cache-Control", "max-age=60, s-maxage=0"}},
     false},
    {"5.2.2.4 no-cache",
     200,
     {{"Cache-Control", "max-age=60, no-cache"}},
     false},
    {"5.2.2.5 no-store",
     200,
     {{"Cache-Control", "max-age=60, no-store"}},
     false},
    {"5.2.2.5 in a second field",
     200,
     {{"Cache-Control", "max-age=60"}, {"Cache-Control", "no-store"}},
     false},
    {"5.2.2.3 must-understand, and it is",
     200,
     {{"Cache-Control", "max-age=60, must-understand, no-store"}},
     true},
    {"5.2.2.3 must-understand, and it is not",
     299,
     {{"Cache-Control", "max-age=60, must-understand"}},
     false},
    {"5.2.2.7 private", 200, {{"Cache-Control", "max-age=60, private"}}, false},
    {"5.2.2.7 private with fields",
     200,
     {{"Cache-Control", "max-age=60, private=\"x\""}},
     false},
    {"5.2.2.2 must-revalidate",
     200,
     {{"Cache-Control", "max-age=60, must-revalidate"}},
     true},
    {"5.3 Expires", 200, {{"Expires", "Sun, 06 Nov 1994 09:00:00 GMT"}}, true},
    {"5.3 Expires, of RFC 850",
     200,
     {{"Expires", "Sunday, 06-Nov-94 09:00:00 GMT"}},
     true},
    {"5.3 Expires, of RFC 850, over",
     200,
     {{"Expires", "Sunday, 06-Nov-94 08:00:00 GMT"}},
     false},
    {"5.3 Expires, of asctime",
     200,
     {{"Expires", "Sun Nov  6 09:00:00 1994"}},
     true},
    {"5.3 Expires, over",
     200,
     {{"Expires", "Sun, 06 Nov 1994 08:00:00 GMT"}},
     false},
    {"5.3 Expires, invalid", 200, {{"Expires", "0"}}, false},
    {"5.3 max-age before Expires",
     200,
     {{"Cache-Control", "max-age=0"},
      {"Expires", "Sun, 06 Nov 1994 09:00:00 GMT"}},
     false},
    {"4.2.3 Age", 200, {{"Cache-Control", "max-age=60"}, {"Age", "60"}}, false},
    {"3: an explicit time, any final status",
     418,
     {{"Cache-Control", "max-age=60"}},
     true},
    {"3: an error", 500, {{"Cache-Control", "max-age=60"}}, true},
    {"3.3: parts",
     206,
     {{"Cache-Control", "max-age=60"}, {"Content-Range", "bytes 0-1/2"}},
     false},
    {"7.3: cookies",
     200,
     {{"Cache-Control", "max-age=60"}, {"Set-Cookie", "a=1"}},
     false},
    {"4.1: Vary: *",
     200,
     {{"Cache-Control", "max-age=60"}, {"Vary", "Accept, *"}},
     false},
    {"streams",
     200,
     {{"Cache-Control", "max-age=60"}, {"Content-Type", "text/event-stream"}},
     false},
};

static void answers_are_kept_as_they_allow(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        start();
        page.status = answers[i].status;
        memcpy(page.fields, answers[i].fields, sizeof(answers[i].fields));
        const char *path = path_of(i);
        yoke_tr *first = ask("GET", path, NULL, NULL);
        yoke_expect_status(first, answers[i].status);
        yoke_expect_header(first, "Cache-Status",
                           answers[i].is_kept ? "yoke; fwd=uri-miss; stored"
                                              : "yoke; fwd=uri-miss");
        yoke_tr *second = ask("GET", path, NULL, NULL);
        yoke_expect_status(second, answers[i].status);
        if (is_hit(second) != answers[i].is_kept)
            yoke_tr_fail(second, "%s", answers[i].section);
        yoke_expect_body(second, answers[i].is_kept ? "1" : "2");
        stop();
    }
}

/* Section 4.2.2, and RFC 9110 section 15.1. */
static void without_a_time_some_are_kept_for_the_default(void **state)
{
    static const struct {
        int status;
        const char *control;
        bool is_kept;
    } cases[] = {
        {200, NULL, true},      {203, NULL, true},  {301, NULL, true},
        {404, NULL, true},      {410, NULL, true},  {501, NULL, true},
        {201, NULL, false},     {302, NULL, false}, {400, NULL, false},
        {500, NULL, false},     {503, NULL, false}, {302, "public", true},
        {200, "private", false}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start_with((struct yoke_http_cache_options){.default_ttl_s = 30});
        page.status = cases[i].status;
        if (cases[i].control)
            set_page("Cache-Control", cases[i].control);
        const char *path = path_of(i);
        ask("GET", path, NULL, NULL);
        assert_int_equal(is_hit(ask("GET", path, NULL, NULL)),
                         cases[i].is_kept);
        stop();
    }
}

/* Section 3.5. */
static void with_authorization_it_has_to_be_said(void **state)
{
    static const struct {
        const char *control;
        bool is_kept;
    } cases[] = {
        {"max-age=60", false},
        {"max-age=60, public", true},
        {"max-age=60, must-revalidate", true},
        {"max-age=60, proxy-revalidate", false},
        {"s-maxage=60", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start();
        set_page("Cache-Control", cases[i].control);
        const char *path = path_of(i);
        ask("GET", path, "Authorization", "Bearer x");
        assert_int_equal(is_hit(ask("GET", path, "Authorization", "Bearer y")),
                         cases[i].is_kept);
        stop();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(answers_are_kept_as_they_allow),
        WITH_STORE(without_a_time_some_are_kept_for_the_default),
        WITH_STORE(with_authorization_it_has_to_be_said),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
