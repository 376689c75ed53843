/* Cache-Control of a request: whatever the field says, the request is answered
 * once, and a copy that is good is passed over only when the field asks for the
 * answer anew. */
#include "fuzz.h"

#include <yoke/yoke.h>

static void answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "ETag", "\"1\"");
    yoke_res_text(res, "new");
}

static void check(struct yk_slice field, int status)
{
    MUST(status == 200 || status == 304 || status == 400,
         "the answer, or none, or a field that is refused");
    /* What stands in quotes is no directive: left to the unit tests. */
    if (status == 400 || memchr(field.ptr, '"', field.len))
        return;
    MUST(fuzz_list_has(field, "no-cache") == (status == 200),
         "only no-cache asks for the answer anew");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    char *field = strndup(in.text.ptr, in.text.len);
    field[strcspn(field, "\r\n")] = '\0'; /* A field is one line. */
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", answer);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "If-None-Match", "\"1\"");
    yoke_tr_set(r, "Cache-Control", field);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    check(yk_slice_of(field), status);
    yoke_test_free(t);
    free(field);
    return 0;
}
