/* Body parsers: JSON, forms, text and bytes. (Express: express.json,
 * express.urlencoded, express.text, express.raw.)
 *
 *     yoke_app_use(app, yoke_json());
 *     yoke_app_post(app, "/hooks", yoke_raw(.type = "json"), take_hook);
 *     yoke_app_post(app, "/form", yoke_urlencoded(.extended = true), take_form);
 *
 * A parser reads the body of a request whose `Content-Type` is its own, takes
 * its `Content-Encoding` off (gzip, deflate, br), checks it, and lets the next
 * layer run. A request of another type, without a body, or whose body has been
 * read already passes through. The body itself, decoded, is `yoke_req_body`;
 * error handlers have it, too.
 *
 * What is wrong is passed on as an error with a type (`err->type`):
 *
 *     400  entity.parse.failed             it is not what its type says
 *     400  encoding.malformed              it cannot be decoded
 *     400  querystring.parse.rangeError    a form nests too deeply
 *     400  request.aborted                 the client has gone before its end
 *     403  entity.verify.failed            `.verify` has refused it
 *     413  entity.too.large                it is longer than `.limit`
 *     413  parameters.too.many             a form has more fields than
 *                                          `.max_params`
 *     415  charset.unsupported             its charset is not taken here
 *     415  encoding.unsupported            nor its coding
 *     503  entity.no.memory                there is no memory for it
 *
 * (Express's request.size.invalid cannot come up: a body that differs from its
 * Content-Length never arrives.) The limit is that of the body before and after
 * decoding: what unpacks to more is unpacked up to the limit, and refused. */
#ifndef YOKE_MIDDLEWARE_BODY_H
#define YOKE_MIDDLEWARE_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

/* Options of the parsers. Zero is every field's default. What they point to is
 * copied, but for `data`. */
struct yoke_body_options {
    int reserved_; /* Leave it; it lets the macros be called without any. */

    /* ---- Of all ---- */

    size_t limit;     /* Bytes; 0: 102,400, as in Express. */
    const char *type; /* Which types are its own, as yoke_req_is takes them;
                         NULL: see each parser. */
    const char *const *types; /* Several: YOKE_TEXTS("json", "+json"). */
    /* Or a function that decides; it is not asked without a body. */
    bool (*is_type)(yoke_req *req, void *data);
    bool no_inflate; /* A body in a coding is refused. */

    /* Looks at the body, decoded, before it is parsed: at a signature, for
     * example. `charset` is that of the body. To refuse it, it returns false;
     * `err` is then the error, 403 entity.verify.failed with a text that the
     * client sees; it may change its status, message and type. */
    bool (*verify)(yoke_req *req, const char *ptr, size_t len,
                   const char *charset, struct yoke_err *err, void *data);
    void *data; /* Handed to both functions; it must outlive the application. */

    /* ---- Of one ---- */

    const char *charset;   /* text, form: of a body that does not say; "utf-8".
                            One that is not taken is an error of
                            registration. */
    bool any_value;        /* JSON: also what is neither object nor array.
                            (Express: strict: false.) */
    bool extended;         /* form: brackets nest, "user[name]=ada". */
    size_t max_params;     /* form: 0: 1,000 */
    size_t max_depth;      /* form, extended: brackets of a name. 0: 32 */
    size_t max_index;      /* form, extended: the highest place in an array, or
                            its name is one of an object. 0: 100 or, if it is
                            more, the number of fields. */
    bool charset_sentinel; /* form: a field utf8=(check mark), as old
                                    pages have it, says the charset. */
    bool has_numeric_entities; /* form in iso-8859-1: "&#9786;" is one
                                    character. (interpretNumericEntities.) */
};

/* JSON, of the type "application/json", in UTF-8, UTF-16 or UTF-32. The result
 * is what `yoke_req_json` gives, and the getters of yoke/value.h read:
 *
 *     yoke_app_post(app, "/users", yoke_json(), add_user);
 *     ...
 *     if (!yoke_req_string(req, YOKE_JSON, "name", 1, 80, &name))
 *         return;
 *
 * An empty body is an empty object. Two members of one name in an object are an
 * error, for programs differ in which of them they take; so is a NUL in a
 * text. */
#define yoke_json(...)                                                         \
    yoke_json_with(YOKE_OPTIONS_(yoke_body_options, __VA_ARGS__))
struct yoke_handler yoke_json_with(const struct yoke_body_options *options);

/* Forms, of the type "application/x-www-form-urlencoded", in UTF-8 or
 * iso-8859-1. The fields are what `yoke_req_form` gives, and the getters of
 * yoke/value.h read as YOKE_FORM; as one value, nested if `.extended`, they are
 * yoke_req_form_json (yoke/form.h). A wrong escape stays as it is; a NUL is an error. */
#define yoke_urlencoded(...)                                                   \
    yoke_urlencoded_with(YOKE_OPTIONS_(yoke_body_options, __VA_ARGS__))
struct yoke_handler
yoke_urlencoded_with(const struct yoke_body_options *options);

/* Text, of the type "text/plain". `yoke_req_body` gives it in UTF-8, from
 * whatever charset it came in; what is not of its charset is an error. */
#define yoke_text(...)                                                         \
    yoke_text_with(YOKE_OPTIONS_(yoke_body_options, __VA_ARGS__))
struct yoke_handler yoke_text_with(const struct yoke_body_options *options);

/* Bytes, of the type "application/octet-stream": `yoke_req_body`. */
#define yoke_raw(...)                                                          \
    yoke_raw_with(YOKE_OPTIONS_(yoke_body_options, __VA_ARGS__))
struct yoke_handler yoke_raw_with(const struct yoke_body_options *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
