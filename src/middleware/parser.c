/* From the request to its body:
 *
 *     ours? -> charset? -> coding? -> length? -> pieces -> decoder -> buffer
 *                                                                        |
 *     the next layer <- parse <- verify <--------------------------------'
 */
#include "middleware/parser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/negotiate.h>
#include <yoke/req.h>

#include "middleware/charset.h"
#include "middleware/decoder.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define LIMIT          102400
/* First room for a body whose length is not known. */
#define FIRST_CAPACITY 1000

struct reading {
    yoke_req *req;
    const struct yk_parser *parser;
    const char *charset;
    struct yk_decoder *decoder; /* NULL: it is not coded. */
    char *ptr;
    size_t len, capacity; /* A NUL fits behind `capacity`. */
    bool is_refused;      /* What still comes is ignored. */
};

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

/* ---- What is wrong ---- */

static void refuse_length(yoke_req *req, const struct yk_parser *parser)
{
    yoke_next_typed(req, 413, "entity.too.large",
                    "the body is longer than the limit, %zu bytes",
                    parser->options.limit);
}

/* Nothing of `reading` may be used afterwards: the error may have been
 * answered. */
static void refuse(struct reading *reading, int err)
{
    yoke_req *req = reading->req;
    reading->is_refused = true;
    if (err == -YOKE_ETOOLARGE)
        refuse_length(req, reading->parser);
    else if (err == -ENOMEM)
        yoke_next_typed(req, 503, "entity.no.memory", "no memory for the body");
    else
        yoke_next_typed(req, 400, "encoding.malformed",
                        "the body cannot be decoded; its Content-Encoding is "
                        "%s",
                        yoke_req_get(req, "Content-Encoding"));
}

/* ---- Reading ---- */

static int grow(struct reading *reading, size_t need)
{
    size_t limit = reading->parser->options.limit;
    size_t capacity = reading->capacity * 2;
    if (capacity < need)
        capacity = need;
    if (capacity > limit)
        capacity = limit;
    char *ptr = capacity < SIZE_MAX
                    ? yoke_req_try_alloc(reading->req, capacity + 1)
                    : NULL;
    if (!ptr)
        return -ENOMEM;
    if (reading->len > 0)
        memcpy(ptr, reading->ptr, reading->len);
    reading->ptr = ptr;
    reading->capacity = capacity;
    return 0;
}

static int take(void *data, const char *ptr, size_t len)
{
    struct reading *reading = data;
    if (len > reading->parser->options.limit - reading->len)
        return -YOKE_ETOOLARGE;
    int err = 0;
    if (len > reading->capacity - reading->len)
        err = grow(reading, reading->len + len);
    if (err < 0)
        return err;
    memcpy(reading->ptr + reading->len, ptr, len);
    reading->len += len;
    return 0;
}

static void on_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct reading *reading = data;
    (void)req;
    if (reading->is_refused)
        return;
    int err = reading->decoder
                  ? yk_decoder_feed(reading->decoder, ptr, len, take, reading)
                  : take(reading, ptr, len);
    if (err < 0)
        refuse(reading, err);
}

static bool is_verified(yoke_req *req, const struct reading *reading)
{
    const struct yoke_body_options *options = &reading->parser->options;
    struct yoke_err err = {403, "the body is refused", "entity.verify.failed"};
    if (!options->verify ||
        options->verify(req, reading->ptr, reading->len, reading->charset, &err,
                        options->data))
        return true;
    yoke_next_typed(req, err.status, err.type, "%s", err.message);
    return false;
}

static void on_end(yoke_req *req, int err, void *data)
{
    struct reading *reading = data;
    if (reading->is_refused)
        return;
    if (err == -YOKE_ECLOSED)
        yoke_next_typed(req, 400, "request.aborted",
                        "the client has gone before the end of the body");
    if (err < 0)
        return;
    if (reading->decoder)
        err = yk_decoder_end(reading->decoder);
    if (err < 0) {
        refuse(reading, err);
        return;
    }
    reading->ptr[reading->len] = '\0';
    yoke_req_set_body(req, reading->ptr, reading->len);
    if (is_verified(req, reading))
        reading->parser->parse(req, reading->parser, reading->charset,
                               reading->ptr, reading->len);
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
    const char *text = yoke_req_get(req, "Content-Encoding");
    enum yk_coding coding = yk_coding_of(text);
    if (coding != YK_CODING_IDENTITY && parser->options.no_inflate)
        coding = YK_CODING_UNKNOWN;
    if (coding == YK_CODING_UNKNOWN)
        yoke_next_typed(req, 415, "encoding.unsupported",
                        "a body in the coding \"%s\" is not taken here", text);
    return coding;
}

/* What Content-Length says, which yoke has checked; FIRST_CAPACITY when it does
 * not. */
static uint64_t said_length(const yoke_req *req)
{
    const char *text = yoke_req_get(req, "Content-Length");
    uint64_t length = 0;
    if (!text)
        return FIRST_CAPACITY;
    for (; *text >= '0' && *text <= '9'; text++)
        length = length * 10 + (uint64_t)(*text - '0');
    return length;
}

static struct reading *reading_new(yoke_req *req,
                                   const struct yk_parser *parser,
                                   const char *charset, enum yk_coding coding,
                                   uint64_t length)
{
    size_t limit = parser->options.limit;
    struct reading *reading = yoke_req_alloc(req, sizeof(*reading));
    *reading = (struct reading){req, parser, .charset = charset};
    uint64_t capacity = coding == YK_CODING_IDENTITY ? length : FIRST_CAPACITY;
    if (grow(reading, capacity < limit ? (size_t)capacity : limit) < 0) {
        yoke_next_typed(req, 503, "entity.no.memory", "no memory for the body");
        return NULL;
    }
    if (coding != YK_CODING_IDENTITY) {
        reading->decoder = yk_decoder_new(req, coding, limit);
        if (!reading->decoder) {
            yoke_next_typed(req, 415, "encoding.unsupported",
                            "a body in this coding is not taken here");
            return NULL;
        }
    }
    return reading;
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
        refuse_length(req, parser);
        return;
    }
    struct reading *reading = reading_new(req, parser, charset, coding, length);
    /* When somebody has read it, nothing is left to do. */
    if (reading && yoke_req_on_data(req, on_data, on_end, reading) < 0)
        yoke_next(req);
}

/* ---- Making one ---- */

static void parser_free(void *data)
{
    struct yk_parser *parser = data;
    yk_texts_free(parser->types);
    yk_text_free(parser->options.charset);
    free(parser);
}

struct yoke_handler yk_parser_new(const struct yk_parser *kind,
                                  const struct yoke_body_options *options)
{
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
