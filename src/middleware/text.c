#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/charset.h"
#include "middleware/parser.h"

#include "core/banned.h"

static bool takes_charset(const char *charset)
{
    (void)charset;
    return true; /* Every one that is known. */
}

static void parse(yoke_req *req, const struct yk_parser *parser,
                  const char *charset, char *ptr, size_t len)
{
    (void)parser;
    const char *text = yk_charset_to_utf8(req, charset, ptr, len, &len);
    if (!text) {
        yoke_next_typed(req, 400, "entity.parse.failed",
                        "the body is not in its charset, %s", charset);
        return;
    }
    yoke_req_set_body(req, text, len);
    yoke_next(req);
}

struct yoke_handler yoke_text_with(const struct yoke_body_options *options)
{
    static const struct yk_parser text = {
        .who = "yoke_text",
        .default_type = "text/plain",
        .takes_charset = takes_charset,
        .parse = parse,
    };
    return yk_parser_new(&text, options);
}
