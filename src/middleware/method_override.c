#include <yoke/middleware/method_override.h>

#include <stdlib.h>

#include <yoke/field.h>
#include <yoke/form.h>
#include <yoke/negotiate.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/header_option.h"
#include "middleware/texts.h"

#include "core/banned.h"

/* The method that was asked for, or NULL. */
static const char *
asked_method(yoke_req *req, yoke_res *res,
             const struct yoke_method_override_options *options)
{
    const char *method = NULL;
    if (options->header) {
        yoke_res_vary(res, options->header);
        method = yoke_req_get(req, options->header);
    }
    if (!method && options->query)
        method = yoke_req_query(req, options->query);
    if (!method && options->form)
        method = yoke_req_form(req, options->form);
    return method;
}

/* In capitals, as methods are; pages are written by people. */
static const char *capitals(yoke_req *req, const char *text)
{
    char *copy = yoke_req_strdup(req, text);
    for (char *p = copy; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    return copy;
}

static void run(yoke_req *req, yoke_res *res)
{
    const struct yoke_method_override_options *options = yoke_data(req);
    const char *method = NULL;
    if (yk_texts_have(options->methods, yoke_req_method(req)))
        method = asked_method(req, res, options);
    if (method && *method &&
        yoke_req_set_method(req, capitals(req, method)) < 0)
        yoke_next_problem(req, 400, "the method that is asked for is none");
    else
        yoke_next(req);
}

static void options_free(void *data)
{
    struct yoke_method_override_options *options = data;
    yk_text_free(options->header);
    yk_text_free(options->query);
    yk_text_free(options->form);
    yk_texts_free(options->methods);
    free(options);
}

struct yoke_handler
yoke_method_override_with(const struct yoke_method_override_options *options)
{
    const char *header = options->header;
    if (header && !yk_header_name_is_good("yoke_method_override", header))
        return yoke_with(NULL, NULL, NULL);
    struct yoke_method_override_options *copy = yk_zeroed(sizeof(*copy));
    if (!header && !options->query && !options->form)
        header = "X-HTTP-Method-Override";
    *copy = (struct yoke_method_override_options){
        .header = yk_text_copy(header),
        .query = yk_text_copy(options->query),
        .form = yk_text_copy(options->form),
        .methods = yk_texts_copy(options->methods ? options->methods
                                                  : YOKE_TEXTS("POST")),
    };
    return yoke_with(run, copy, options_free);
}
