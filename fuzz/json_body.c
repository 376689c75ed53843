/* Bodies of JSON through the parser, in each charset: whatever the body, the
 * request is answered once, 200 or with an error that has its type, and what is
 * taken is JSON of the kind that was allowed. */
#include "fuzz.h"

#include <jansson.h>

#include <yoke/yoke.h>

#define LIMIT 2000

static bool takes_any;

static void show(yoke_req *req, yoke_res *res)
{
    json_t *value = yoke_req_json(req);
    MUST(value, "what the parser has let pass is JSON");
    MUST(takes_any || json_is_object(value) || json_is_array(value),
         "a plain value has to be allowed");
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    MUST(text, "it can be written again");
    free(text);
    yoke_res_json(res, json_incref(value));
}

static void show_type(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    MUST(err->type && *err->type, "an error has a type");
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {
        "application/json",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "application/json; charset=utf-16be",
        "application/json; charset=utf-32le",
        "application/json; charset=utf-7",
        "application/json; charset=\"utf-8\"",
        "application/json; charset=latin1",
    };
    if (size == 0)
        return 0;
    uint8_t how = data[0];
    takes_any = how & 8;
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_json(.any_value = takes_any, .limit = LIMIT),
                  show);
    yoke_app_catch(app, show_type);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, types[how & 7]);
    yoke_tr_body_bytes(r, data + 1, size - 1);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    MUST(status == 200 || status == 400 || status == 413 || status == 415,
         "the body is taken or refused");
    MUST(size - 1 <= LIMIT || status == 413 || status == 415,
         "a body has a limit");
    yoke_test_free(t);
    return 0;
}
