/* Express: test/req.range.js */
#include "express.h"

/* "unit start-end ...", or the error. */
static void show(yoke_req *req, yoke_res *res, int n,
                 struct yoke_ranges *ranges)
{
    const char *text = n > 0 ? ranges->unit : "none";
    for (size_t i = 0; n > 0 && i < ranges->count; i++)
        text =
            yoke_req_printf(req, "%s %d-%d", text, (int)ranges->items[i].start,
                            (int)ranges->items[i].end);
    yoke_res_text(res, text);
}

static void of_120(yoke_req *req, yoke_res *res)
{
    struct yoke_ranges ranges;
    show(req, res, yoke_req_range(req, 120, &ranges), &ranges);
}

static void of_75(yoke_req *req, yoke_res *res)
{
    struct yoke_ranges ranges;
    show(req, res, yoke_req_range(req, 75, &ranges), &ranges);
}

static void combined(yoke_req *req, yoke_res *res)
{
    struct yoke_ranges ranges;
    int n = yoke_req_range(req, 120, &ranges);
    yoke_ranges_combine(&ranges);
    show(req, res, n, &ranges);
}

static const struct express_case cases[] = {
    {"several ranges", of_120, .fields = {{"Range", "bytes=0-50,51-100"}},
     .body = "bytes 0-50 51-100"},
    {"the end is cut to the size", of_75, .fields = {{"Range", "bytes=0-100"}},
     .body = "bytes 0-74"},
    {"an open end is the size's", of_75, .fields = {{"Range", "bytes=0-"}},
     .body = "bytes 0-74"},
    {"the unit is told", of_120, .fields = {{"Range", "bytes=0-100"}},
     .body = "bytes 0-100"},
    {"any unit will do", of_120, .fields = {{"Range", "users=0-2"}},
     .body = "users 0-2"},
    {"no range", of_120, .body = "none"},
    {"ranges that touch can be made one", combined,
     .fields = {{"Range", "bytes=0-50,51-100"}}, .body = "bytes 0-100"},
};

EXPRESS_MAIN("req.range")
