/* From the request to its body:
 *
 *     ours? -> charset? -> coding? -> length? -> pieces -> decoder -> buffer
 *                                                                        |
 *     the next layer <- parse <- verify <--------------------------------'
 */
#include "middleware/parser.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>
#include <yoke/negotiate.h>
#include <yoke/req.h>

#include "middleware/charset.h"
#include "middleware/decoder.h"
#include "middleware/reading.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define LIMIT        102400
/* Of a body whose length is not known. */
#define FIRST_LENGTH 1000

/* ---- Whose it is ---- */

/* Be it one of no bytes. */
static bool has_body(const yoke_req *req)
{
    return yoke_req_get(req, "Transfer-Encoding") ||
           yoke_req_get(req, "Content-Length");
}

static bool is_ours(yoke_req *req, const struct yk_parser *parser)
{
    const struct yoke_body_options *options = &parser->options;
    if (!options->is_type)
        return yoke_req_is_of(req, parser->types) != NULL;
    return has_body(req) && options->is_type(req, options->data);
}

/* ---- The handler ---- */

/* The charset of the body, "" if this kind has none; NULL: an error has been
 * passed on. */
static const char *charset_of(yoke_req *req, const struct yk_parser *parser)
{
    const char *type = yoke_req_get(req, "Content-Type");
    if (!parser->takes_charset)
        return "";
    const char *said = type ? yk_param_of(req, type, "charset") : NULL;
    const char *charset =
        yk_charset_find(said && *said ? said : parser->options.charset);
    if (charset && parser->takes_charset(charset))
        return charset;
    yoke_next_typed(req, 415, "charset.unsupported",
                    "a body in the charset \"%s\" is not taken here",
                    said ? said : parser->options.charset);
    return NULL;
}

/* The coding of a body that is to be read; UNKNOWN: an error has been passed
 * on. */
static enum yk_coding coding_of(yoke_req *req, const struct yk_parser *parser)
{
    enum yk_coding coding = yk_coding_of(req);
    if (coding != YK_CODING_IDENTITY && parser->options.no_inflate)
        coding = YK_CODING_UNKNOWN;
    if (coding == YK_CODING_UNKNOWN)
        yoke_next_typed(req, 415, "encoding.unsupported",
                        "a body in the coding \"%s\" is not taken here",
                        yoke_req_get(req, "Content-Encoding"));
    return coding;
}

/* What Content-Length says, which yoke has checked; FIRST_LENGTH when it does
 * not. */
static uint64_t said_length(const yoke_req *req)
{
    const char *text = yoke_req_get(req, "Content-Length");
    uint64_t length = 0;
    if (!text)
        return FIRST_LENGTH;
    for (; *text >= '0' && *text <= '9'; text++)
        length = length * 10 + (uint64_t)(*text - '0');
    return length;
}

static void run(yoke_req *req, yoke_res *res)
{
    const struct yk_parser *parser = yoke_data(req);
    (void)res;
    if (!is_ours(req, parser)) {
        yoke_next(req);
        return;
    }
    const char *charset = charset_of(req, parser);
    if (!charset)
        return;
    enum yk_coding coding = coding_of(req, parser);
    if (coding == YK_CODING_UNKNOWN)
        return;
    uint64_t length = said_length(req);
    if (length > parser->options.limit && yoke_req_get(req, "Content-Length")) {
        yk_reading_refuse_length(req, parser);
        return;
    }
    yk_reading_start(req, parser, charset, coding, length);
}

/* ---- Making one ---- */

static void parser_free(void *data)
{
    struct yk_parser *parser = data;
    yk_texts_free(parser->types);
    yk_text_free(parser->options.charset);
    free(parser);
}

/* A client would be blamed for it. */
static bool has_good_charset(const struct yk_parser *kind,
                             const struct yoke_body_options *options)
{
    if (!kind->takes_charset || !options->charset)
        return true;
    const char *charset = yk_charset_find(options->charset);
    if (charset && kind->takes_charset(charset))
        return true;
    yoke_log(YOKE_LOG_ERROR, "%s: .charset is \"%s\", which it does not take",
             kind->who, options->charset);
    return false;
}

struct yoke_handler yk_parser_new(const struct yk_parser *kind,
                                  const struct yoke_body_options *options)
{
    if (!has_good_charset(kind, options))
        return yoke_with(NULL, NULL, NULL);
    struct yk_parser *parser = malloc(sizeof(*parser));
    if (!parser)
        abort();
    *parser = *kind;
    parser->options = *options;
    const char *type = options->type ? options->type : kind->default_type;
    parser->types =
        yk_texts_copy(options->types ? options->types : YOKE_TEXTS(type));
    parser->options.charset =
        yk_text_copy(options->charset ? options->charset : "utf-8");
    if (options->limit == 0)
        parser->options.limit = LIMIT;
    return yoke_with(run, parser, parser_free);
}
