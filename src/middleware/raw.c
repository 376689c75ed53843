#include "middleware/parser.h"

#include "core/banned.h"

/* yoke_req_body has it already. */
static void parse(yoke_req *req, const struct yk_parser *parser,
                  const char *charset, char *ptr, size_t len)
{
    (void)parser, (void)charset, (void)ptr, (void)len;
    yoke_next(req);
}

struct yoke_handler yoke_raw_with(const struct yoke_body_options *options)
{
    static const struct yk_parser raw = {
        .who = "yoke_raw",
        .default_type = "application/octet-stream",
        .parse = parse,
    };
    return yk_parser_new(&raw, options);
}
