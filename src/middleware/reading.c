#include "middleware/reading.h"

#include <errno.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "core/banned.h"

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

/* ---- What is wrong ---- */

void yk_reading_refuse_length(yoke_req *req, const struct yk_parser *parser)
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
        yk_reading_refuse_length(req, reading->parser);
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
    struct yoke_err err = {.status = 403,
                           .message = "the body is refused",
                           .type = "entity.verify.failed"};
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

/* ---- Its start ---- */

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

void yk_reading_start(yoke_req *req, const struct yk_parser *parser,
                      const char *charset, enum yk_coding coding,
                      uint64_t length)
{
    struct reading *reading = reading_new(req, parser, charset, coding, length);
    if (reading && yoke_req_on_data(req, on_data, on_end, reading) < 0)
        yoke_next(req);
}
