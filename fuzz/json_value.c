/* JSON bodies through the typed getters: whatever the body, each request is
 * answered once, 200, 400 or 415, and what a getter gives is within its
 * limits. */
#include "fuzz.h"

#include <yoke/yoke.h>

static void get(yoke_req *req, yoke_res *res)
{
    int64_t age;
    double weight;
    bool flag;
    size_t place;
    const char *name;
    if (!yoke_req_string_or(req, YOKE_JSON, "name", 1, 20, "-", &name) ||
        !yoke_req_int_or(req, YOKE_JSON, "age", 0, 200, 0, &age) ||
        !yoke_req_double_or(req, YOKE_JSON, "body.weight", 0, 500, 0,
                            &weight) ||
        !yoke_req_bool_or(req, YOKE_JSON, "tags.0", false, &flag) ||
        !yoke_req_choice_or(req, YOKE_JSON, "tags.1", YOKE_TEXTS("x", "y"), 0,
                            &place))
        return;
    MUST(strlen(name) >= 1 && strlen(name) <= 20, "the text has its length");
    MUST(age >= 0 && age <= 200, "the number is within");
    MUST(weight >= 0 && weight <= 500, "the number is within");
    MUST(place <= 1, "the choice is one of them");
    yoke_res_text(res, "good");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    yoke_app *app = yoke_app_new();
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app_post(app, "/", yoke_body, get);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_set(r, "Content-Type", "application/json");
    yoke_tr_body_bytes(r, data, size);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    MUST(status == 200 || status == 400 || status == 413,
         "the body is taken or refused");
    yoke_test_free(t);
    return 0;
}
