/* Query strings, flat and nested: whatever stands behind the "?", the request is
 * answered once, what is read are texts, and what the query becomes is JSON that
 * is no deeper than allowed. */
#include "fuzz.h"
#include "json.h"

#include <yoke/yoke.h>

#define DEPTH_MAX 5

static void check_pairs(yoke_req *req)
{
    const char *name, *value;
    size_t count = yoke_req_query_count(req);
    MUST(count <= 1000, "parameters have a limit");
    for (size_t i = 0; i < count; i++) {
        MUST(yoke_req_query_at(req, i, &name, &value) && name && value,
             "a parameter has a name and a value");
        MUST(yoke_req_query(req, name), "what is listed is found");
    }
    MUST(!yoke_req_query_at(req, count, &name, &value), "there are no more");
}

static void show(yoke_req *req, yoke_res *res)
{
    int64_t number;
    check_pairs(req);
    json_t *query = yoke_req_query_json(req);
    MUST(json_is_object(query), "a query is an object");
    /* Six names, and a list at the end. */
    MUST(fuzz_depth_of(query) <= DEPTH_MAX + 3, "depth has a limit");
    MUST(yoke_req_query_json(req) == query, "it is made once");
    char *text = json_dumps(query, 0);
    MUST(text, "a query is text");
    free(text);
    if (!yoke_req_int_or(req, YOKE_QUERY, "n", 1, 9, 5, &number))
        return;
    MUST(number >= 1 && number <= 9, "the number is within");
    yoke_res_text(res, "good");
}

static bool has_line_end(struct yk_slice text)
{
    return text.len > 0 && (memchr(text.ptr, '\r', text.len) ||
                            memchr(text.ptr, '\n', text.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const parsers[] = {"simple", "extended"};
    struct fuzz_input in = fuzz_input_of(data, size);
    if (has_line_end(in.text))
        return 0; /* It would be another request: h1_head has those. */
    char *target = malloc(in.text.len + 3);
    uint8_t how = fuzz_choose(&in);
    if (!target)
        abort();
    memcpy(target, "/?", 2);
    memcpy(target + 2, in.text.ptr, in.text.len);
    target[in.text.len + 2] = '\0';
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app *app = yoke_app_new();
    yoke_app_set_str(app, "query parser", parsers[how & 1]);
    yoke_app_get(app, "/", show);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, target);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    MUST(status == 200 || status == 400 || status == 414,
         "the query is taken or refused");
    yoke_test_free(t);
    free(target);
    return 0;
}
