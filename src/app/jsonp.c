/* JSON as a call of the client's function, for pages that know no CORS. */
#include <yoke/res.h>

#include "app/app.h"
#include "app/json.h"
#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

/* A function's name can have these, and nothing that could be code. */
static bool is_of_name(char c)
{
    unsigned char lower = yk_lower((unsigned char)c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("_$.[]", c));
}

/* The wanted function, without what cannot be of a name; NULL: none. */
static const char *callback_of(yoke_req *req)
{
    const struct yk_setting *setting =
        yk_setting(req->app, YK_SETTING_JSONP_CALLBACK_NAME);
    const char *text = yoke_req_query(req, setting->text);
    if (!text || !*text)
        return NULL;
    char *name = yk_arena_alloc(req->x->arena, strlen(text) + 1), *to = name;
    for (; *text; text++)
        if (is_of_name(*text))
            *to++ = *text;
    *to = '\0';
    return name;
}

int yoke_res_jsonp(yoke_res *res, struct json_t *value)
{
    const char *callback = callback_of(res->req);
    struct yk_slice text;
    int err = yk_json_text(res, value, callback != NULL, &text);
    if (err < 0)
        return err;
    bool is_ours = callback || !yoke_res_get(res, "Content-Type");
    if (!yoke_res_is_sent(res) && is_ours)
        yoke_res_set(res, "X-Content-Type-Options", "nosniff");
    if (!callback)
        return yk_res_answer(res, YK_LIT("application/json; charset=utf-8"),
                             text.ptr, text.len);
    /* The comment keeps an old Flash from taking the answer for a film; that
     * the function is one, keeps the page from an error. */
    const char *script =
        yoke_req_printf(res->req, "/**/ typeof %s === 'function' && %s(%.*s);",
                        callback, callback, (int)text.len, text.ptr);
    if (!yoke_res_is_sent(res))
        yoke_res_set(res, "Content-Type", "text/javascript; charset=utf-8");
    return yk_res_answer(res, YK_LIT("text/javascript; charset=utf-8"), script,
                         strlen(script));
}
