/* Express: test/regression.js */
#include "routing.h"

/* What comes after an answer changes nothing of it. */
static void answer_and_fail(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, "yay");
    yoke_next_err(req, 500, "boom");
}

static const struct express_case cases[] = {
    {"an error after the answer is too late", answer_and_fail, .body = "yay"},
};

EXPRESS_MAIN("regression")
