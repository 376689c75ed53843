/* One of several representations, as the client likes. */
#include <yoke/field.h>
#include <yoke/negotiate.h>
#include <yoke/res.h>
#include <yoke/value.h>

#include "app/mime.h"
#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

#define FORMS_MAX 32

static bool is_default(const struct yoke_form *form)
{
    return strcmp(form->type, "default") == 0;
}

/* "text/html; charset=utf-8" is offered as "text/html". */
static const char *offer_of(yoke_req *req, const char *type)
{
    struct yk_slice name = {type, strcspn(type, "; ")};
    struct yk_slice mime = yk_mime_of(name);
    return yk_arena_strndup(req->x->arena, mime.ptr, mime.len);
}

/* The form whose type is liked best, the default form, or NULL. */
static const struct yoke_form *choose(yoke_req *req,
                                      const struct yoke_form *forms, size_t n,
                                      const char **ret_types)
{
    const char *offers[FORMS_MAX + 1];
    const struct yoke_form *of[FORMS_MAX], *fallback = NULL;
    size_t count = 0;
    *ret_types = "";
    for (size_t i = 0; i < n && count < FORMS_MAX; i++) {
        if (is_default(&forms[i])) {
            fallback = &forms[i];
            continue;
        }
        offers[count] = offer_of(req, forms[i].type);
        *ret_types = yoke_req_printf(req, "%s%s%s", *ret_types,
                                     count ? ", " : "", offers[count]);
        of[count++] = &forms[i];
    }
    offers[count] = NULL;
    const char *best = yoke_req_accepts_of(req, offers);
    for (size_t i = 0; best && i < count; i++)
        if (offers[i] == best)
            return of[i];
    return fallback;
}

static void set_type(yoke_res *res, const char *type)
{
    struct yk_slice mime = yk_mime_with_charset(
        yk_slice_of(offer_of(res->req, type)), res->req->x->arena);
    if (mime.len > 0)
        yoke_res_set(res, "Content-Type", mime.ptr);
}

void yoke_res_format_of(yoke_res *res, const struct yoke_form *forms, size_t n)
{
    yoke_req *req = res->req;
    const char *types;
    const struct yoke_form *form = choose(req, forms, n, &types);
    /* The default alone depends on nothing. */
    if (*types)
        yoke_res_vary(res, "Accept");
    if (!form) {
        yoke_next_problem(req, 406, "there is: %s", types);
        return;
    }
    if (!is_default(form))
        set_type(res, form->type);
    form->fn(req, res);
}
