#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/form.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/form_text.h"
#include "middleware/parser.h"

#include "core/banned.h"

#define MAX_PARAMS 1000
#define MAX_DEPTH  32 /* yoke/form.h */

/* "utf8=", and behind it the check mark as a page in UTF-8 sends it; a page in
 * another charset, which does not have it, sends the entity. */
static const char sentinel[] = "utf8=";
static const char sentinel_utf8[] = "utf8=%E2%9C%93";
static const char sentinel_latin1[] = "utf8=%26%2310003%3B";

/* A form that is being read. */
struct form {
    yoke_req *req;
    const struct yoke_body_options *options;
    bool is_latin1;
};

/* ---- Fields ---- */

/* NULL: an error has been passed on. */
static const char *read_text(const struct form *form, char *text, size_t len)
{
    len = yk_form_unescape(text, len);
    if (memchr(text, '\0', len)) {
        yoke_next_typed(form->req, 400, "entity.parse.failed",
                        "a field of the form has a NUL");
        return NULL;
    }
    const char *read =
        form->is_latin1
            ? yk_form_from_latin1(form->req, text,
                                  form->options->has_numeric_entities)
            : text;
    if (!read)
        yoke_next_typed(form->req, 503, "entity.no.memory",
                        "no memory for the body");
    return read;
}

/* A NUL stands, or may be put, behind the pair. */
static bool take_pair(struct form *form, char *pair, size_t len)
{
    char *equals = memchr(pair, '=', len);
    size_t name_len = equals ? (size_t)(equals - pair) : len;
    char *value = equals ? equals + 1 : pair + len;
    const char *text = read_text(form, value, (size_t)(pair + len - value));
    const char *name = text ? read_text(form, pair, name_len) : NULL;
    if (!name)
        return false;
    yoke_req_form_add(form->req, name, text);
    return true;
}

/* The field that says the charset is none of the page's. */
static bool is_sentinel(struct form *form, const char *pair, size_t len)
{
    if (!form->options->charset_sentinel || len < strlen(sentinel) ||
        memcmp(pair, sentinel, strlen(sentinel)) != 0)
        return false;
    if (len == strlen(sentinel_utf8) && memcmp(pair, sentinel_utf8, len) == 0)
        form->is_latin1 = false;
    if (len == strlen(sentinel_latin1) &&
        memcmp(pair, sentinel_latin1, len) == 0)
        form->is_latin1 = true;
    return true;
}

/* It may stand anywhere, and counts for all fields. */
static void find_sentinel(struct form *form, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "&");
        if (is_sentinel(form, text, len))
            return;
        text += len + (text[len] == '&');
    }
}

static bool take_pairs(struct form *form, char *text, size_t len)
{
    char *end = text + len;
    while (text < end) {
        char *ampersand = memchr(text, '&', (size_t)(end - text));
        char *pair_end = ampersand ? ampersand : end;
        size_t pair_len = (size_t)(pair_end - text);
        if (pair_len > 0 && !is_sentinel(form, text, pair_len) &&
            !take_pair(form, text, pair_len))
            return false;
        text = pair_end + 1;
    }
    return true;
}

/* ---- The body ---- */

static size_t count_params(const char *text, size_t len)
{
    size_t n = 1;
    for (size_t i = 0; i < len; i++)
        n += text[i] == '&';
    return n;
}

static void end_form(yoke_req *req, const struct yoke_body_options *options)
{
    const struct yoke_form_nesting nesting = {.nests = options->extended,
                                              .max_depth = options->max_depth,
                                              .max_index = options->max_index};
    if (yoke_req_form_end(req, &nesting) < 0)
        yoke_next_typed(req, 400, "querystring.parse.rangeError",
                        "a name in the form nests too deeply; the limit is %zu",
                        options->max_depth ? options->max_depth : MAX_DEPTH);
    else
        yoke_next(req);
}

/* yoke_req_body gives the body as it came, so the fields are a copy. */
static void parse(yoke_req *req, const struct yk_parser *parser,
                  const char *charset, char *ptr, size_t len)
{
    const struct yoke_body_options *options = &parser->options;
    size_t max = options->max_params ? options->max_params : MAX_PARAMS;
    size_t params = count_params(ptr, len);
    if (params > max) {
        yoke_next_typed(req, 413, "parameters.too.many",
                        "the form has more than %zu fields", max);
        return;
    }
    char *copy = yoke_req_try_alloc(req, len + 1);
    if (!copy) {
        yoke_next_typed(req, 503, "entity.no.memory", "no memory for the body");
        return;
    }
    memcpy(copy, ptr, len + 1);
    struct form form = {.req = req,
                        .options = options,
                        .is_latin1 = strcmp(charset, "utf-8") != 0};
    find_sentinel(&form, copy);
    if (take_pairs(&form, copy, len))
        end_form(req, options);
}

static bool takes_charset(const char *charset)
{
    return strcmp(charset, "utf-8") == 0 || strcmp(charset, "iso-8859-1") == 0;
}

struct yoke_handler
yoke_urlencoded_with(const struct yoke_body_options *options)
{
    static const struct yk_parser urlencoded = {
        .who = "yoke_urlencoded",
        .default_type = "application/x-www-form-urlencoded",
        .takes_charset = takes_charset,
        .parse = parse,
    };
    return yk_parser_new(&urlencoded, options);
}
