#include <string.h>

#include <jansson.h>

#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/charset.h"
#include "middleware/parser.h"

#include "core/banned.h"

/* JSON is Unicode (RFC 8259 section 8.1). */
static bool takes_charset(const char *charset)
{
    return strncmp(charset, "utf-", 4) == 0;
}

/* Line and column, and what is wrong without what the client has sent. */
static void refuse(yoke_req *req, const json_error_t *error)
{
    const char *near = strstr(error->text, " near ");
    size_t len = near ? (size_t)(near - error->text) : strlen(error->text);
    yoke_next_typed(req, 400, "entity.parse.failed",
                    "the body is no JSON: line %d, column %d: %.*s",
                    error->line, error->column, (int)len, error->text);
}

static void parse(yoke_req *req, const struct yk_parser *parser,
                  const char *charset, char *ptr, size_t len)
{
    json_error_t error;
    size_t flags = JSON_REJECT_DUPLICATES;
    if (parser->options.any_value)
        flags |= JSON_DECODE_ANY;
    /* jansson checks UTF-8. */
    const char *text = strcmp(charset, "utf-8") == 0
                           ? yk_skip_mark(ptr, &len)
                           : yk_charset_to_utf8(req, charset, ptr, len, &len);
    if (!text) {
        yoke_next_typed(req, 400, "entity.parse.failed",
                        "the body is not in its charset, %s", charset);
        return;
    }
    /* No bytes are an empty object, a common slip of clients. */
    json_t *value =
        len > 0 ? json_loadb(text, len, flags, &error) : json_object();
    if (!value) {
        refuse(req, &error);
        return;
    }
    yoke_req_set_json(req, value);
    yoke_next(req);
}

struct yoke_handler yoke_json_with(const struct yoke_body_options *options)
{
    static const struct yk_parser json = {
        .who = "yoke_json",
        .default_type = "application/json",
        .takes_charset = takes_charset,
        .parse = parse,
    };
    return yk_parser_new(&json, options);
}
