/* What the body parsers have in common: whose body it is, reading it, its
 * limit, its coding, its charset, and whoever verifies it. */
#ifndef YK_MIDDLEWARE_PARSER_H
#define YK_MIDDLEWARE_PARSER_H

#include <yoke/middleware/body.h>

/* One parser in one place of a stack of layers. */
struct yk_parser {
    struct yoke_body_options options; /* Defaults filled in. */
    const char *const *types;         /* A list that NULL ends; owned. */

    /* What each kind brings along. */
    const char *who; /* Its name, for the log. */
    const char *default_type;
    bool (*takes_charset)(const char *charset); /* NULL: it has none. */
    /* The body is there; it is to pass on, or to raise an error. A NUL stands
     * behind it. */
    void (*parse)(yoke_req *req, const struct yk_parser *parser,
                  const char *charset, char *ptr, size_t len);
};

/* The handler of a parser of that kind, whose first two fields are ignored. With
 * a charset that the kind does not take it is none, and the log says so. */
struct yoke_handler yk_parser_new(const struct yk_parser *kind,
                                  const struct yoke_body_options *options);

#endif
