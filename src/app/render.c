/* From a name and locals to a page that is sent. */
#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/res.h>

#include "app/app.h"
#include "app/req.h"
#include "app/view.h"
#include "core/arena.h"

#include "core/banned.h"

struct json_t *yoke_res_locals(yoke_res *res)
{
    yoke_req *req = res->req;
    if (!req->locals)
        req->locals = json_object();
    req->needs_release = true;
    return req->locals;
}

void yk_res_locals_free(struct yoke_req *req)
{
    json_decref(req->locals);
    req->locals = NULL;
}

/* One object of all of them, of which a later one goes before. The reference of
 * the last is taken over. NULL: it is no object, or there is no memory. */
static json_t *merge(yoke_app *app, json_t *answers, json_t *calls)
{
    json_t *all = json_object();
    int err = json_object_update(all, yoke_app_locals(app));
    if (answers)
        err |= json_object_update(all, answers);
    if (calls)
        err |= json_object_update(all, calls);
    json_decref(calls);
    if (err == 0)
        return all;
    json_decref(all);
    return NULL;
}

/* Makes the page; `page->err` says what has become of it. */
static void make_page(struct yoke_page *page, const char *name, json_t *answers,
                      json_t *calls)
{
    json_t *locals = merge(page->app, answers, calls);
    if (!locals)
        yk_page_fail(page, -EINVAL, "the locals are no JSON object");
    else if (!name || !*name)
        yk_page_fail(page, -EINVAL, "the name of the view is missing");
    else if (yk_page_render(page, name, locals) == 0)
        yoke_page_put(page, "", 0); /* It has a NUL at least. */
    json_decref(locals);
}

int yoke_res_render(yoke_res *res, const char *name, struct json_t *locals)
{
    yoke_req *req = res->req;
    struct yoke_page page = {.app = req->app};
    if (yoke_res_is_sent(res)) {
        json_decref(locals);
        return yk_res_answer(res, YK_TYPE_TEXT, "", 0); /* Refused. */
    }
    make_page(&page, name, req->locals, locals);
    int err = page.err;
    if (err < 0)
        yoke_next_err(req, 500, "%s", page.message);
    else
        err = yk_res_answer(res, YK_LIT("text/html; charset=utf-8"), page.text,
                            page.len);
    yk_page_done(&page);
    return err;
}

int yoke_req_render(yoke_req *req, const char *name, struct json_t *locals,
                    const char **ret_text, size_t *ret_len)
{
    struct yoke_page page = {.app = req->app};
    make_page(&page, name, req->locals, locals);
    char *text =
        page.err < 0 ? NULL : yk_arena_try_alloc(req->x->arena, page.len + 1);
    if (!text)
        yk_page_fail(&page, -ENOMEM, "no memory for the page");
    if (page.err < 0) {
        yk_req_log(req, YOKE_LOG_ERROR, "%s", page.message);
    } else {
        memcpy(text, page.text, page.len + 1);
        *ret_text = text;
        *ret_len = page.len;
    }
    yk_page_done(&page);
    return page.err;
}

int yoke_app_render(yoke_app *app, const char *name, struct json_t *locals,
                    char **ret_text, size_t *ret_len)
{
    struct yoke_page page = {.app = app};
    make_page(&page, name, NULL, locals);
    if (page.err < 0) {
        yoke_log(YOKE_LOG_ERROR, "%s", page.message);
        yk_page_done(&page);
        return page.err;
    }
    *ret_text = page.text;
    *ret_len = page.len;
    return 0;
}
