/* Forms: whatever the body, each request is answered once, and what a form
 * becomes is JSON that is no deeper than allowed. */
#include "fuzz.h"
#include "json.h"

#include <yoke/yoke.h>

#define DEPTH_MAX 5

static void show(yoke_req *req, yoke_res *res)
{
    const char *name, *value;
    json_t *form = yoke_req_form_json(req);
    MUST(json_is_object(form), "a form is an object");
    /* A list at the end is one more. */
    MUST(fuzz_depth_of(form) <= DEPTH_MAX + 2, "depth has a limit");
    for (size_t i = 0; i < yoke_req_form_count(req); i++)
        MUST(yoke_req_form_at(req, i, &name, &value) && name && value,
             "a field has a name and a value");
    MUST(yoke_req_form_count(req) <= 20, "fields have a limit");
    char *text = json_dumps(form, 0);
    MUST(text, "a form is text");
    yoke_res_text(res, text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    uint8_t how = fuzz_choose(&in);
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/",
                  yoke_urlencoded(.extended = how & 1,
                                  .charset_sentinel = how & 2,
                                  .has_numeric_entities = how & 4,
                                  .charset = how & 8 ? "iso-8859-1" : "utf-8",
                                  .max_params = 20, .max_depth = DEPTH_MAX,
                                  .max_index = how & 16 ? 3 : 0),
                  show);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, "application/x-www-form-urlencoded");
    yoke_tr_body_bytes(r, in.text.ptr, in.text.len);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    MUST(status == 200 || status == 400 || status == 413,
         "the body is taken or refused");
    yoke_test_free(t);
    return 0;
}
