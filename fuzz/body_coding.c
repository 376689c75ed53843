/* Bodies in a coding: nothing is unpacked beyond the limit, and it makes no
 * difference how they are cut. The first byte says which coding and how long
 * the pieces are. */
#include "fuzz.h"

#include <yoke/yoke.h>

#define LIMIT 50000

static size_t body_len;

static void show(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    MUST(body && body[len] == '\0' && len <= LIMIT, "a body has a limit");
    body_len = len;
    yoke_res_text(res, "ok");
}

static int ask(yoke_test *t, const char *coding, const uint8_t *data,
               size_t size, size_t split)
{
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_set(r, "Content-Encoding", coding);
    yoke_tr_type(r, "application/octet-stream");
    yoke_tr_body_bytes(r, data, size);
    yoke_tr_split(r, split);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    MUST(status == 200 || status == 400 || status == 413,
         "the body is taken or refused");
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const codings[] = {"gzip", "deflate", "br"};
    if (size < 1)
        return 0;
    const char *coding = codings[data[0] % 3];
    size_t split = 1 + data[0] / 3;
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/", yoke_raw(.limit = LIMIT), show);
    yoke_test *t = yoke_test_new(app);
    body_len = 0;
    int whole = ask(t, coding, data + 1, size - 1, 0);
    size_t whole_len = body_len;
    int cut = ask(t, coding, data + 1, size - 1, split);
    MUST((whole == 200) == (cut == 200), "cutting changes no result");
    MUST(whole_len == body_len, "cutting changes no length");
    yoke_test_free(t);
    return 0;
}
