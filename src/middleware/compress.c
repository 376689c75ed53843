/* Before the head goes, it is decided whether the body is to be compressed, for
 * then status, type and length are known; if so, a filter is put before it. */
#include <yoke/middleware/compress.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yoke/field.h>
#include <yoke/filter.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/encoder.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define THRESHOLD 1024
#define LEVEL     6
#define QUALITY   4

/* One answer that is being compressed; in its request's memory. */
struct job {
    struct yk_encoder_options options;
    struct yk_encoder *encoder; /* NULL until the first byte. */
};

/* ---- What is worth it ---- */

static bool is_event_stream(const yoke_res *res)
{
    const char *type = yoke_res_get(res, "Content-Type");
    return type && strncasecmp(type, "text/event-stream", 17) == 0;
}

/* Whether a list has a name, alone or with "=". */
static bool has_directive(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (; list && *list; list += strcspn(list, ",")) {
        list += strspn(list, ", \t");
        if (strncasecmp(list, name, len) == 0 && strcspn(list, ",; \t=") == len)
            return true;
    }
    return false;
}

static bool is_encoded(const yoke_res *res)
{
    const char *encoding = yoke_res_get(res, "Content-Encoding");
    return encoding && strcasecmp(encoding, "identity") != 0;
}

static bool may_compress(const struct yoke_compress_options *options,
                         yoke_req *req, yoke_res *res)
{
    int status = yoke_res_get_status(res);
    if (status == 204 || status == 205 || status == 206 || is_encoded(res) ||
        has_directive(yoke_res_get(res, "Cache-Control"), "no-transform"))
        return false;
    return options->filter ? options->filter(req, res, options->data)
                           : yoke_is_compressible(res);
}

/* ---- The filter ---- */

static int compress(yoke_filter *filter, const void *ptr, size_t len,
                    enum yoke_filter_step step, void *data)
{
    struct job *job = data;
    if (!job->encoder)
        job->encoder = yk_encoder_take(&job->options);
    if (!job->encoder)
        return -ENOMEM;
    return yk_encoder_run(job->encoder, filter, ptr, len, step);
}

static void on_finish(yoke_res *res, void *data)
{
    struct job *job = data;
    (void)res;
    yk_encoder_give(job->encoder);
    job->encoder = NULL;
}

static void weaken_etag(yoke_req *req, yoke_res *res)
{
    const char *etag = yoke_res_get(res, "ETag");
    if (etag && strncmp(etag, "W/", 2) != 0)
        yoke_res_set(res, "ETag", yoke_req_printf(req, "W/%s", etag));
}

/* The client's copy is good. If it is a compressed one, it has it under the
 * weak tag. */
static void answer_not_modified(yoke_req *req, yoke_res *res)
{
    const char *known = yoke_req_get(req, "If-None-Match");
    const char *etag = yoke_res_get(res, "ETag");
    if (!known || !etag)
        return;
    yoke_res_vary(res, "Accept-Encoding");
    if (strstr(known, yoke_req_printf(req, "W/%s", etag)))
        weaken_etag(req, res);
}

/* ---- The choice ---- */

/* Brotli needs a megabyte for each stream, gzip can do with little: of streams
 * of events there are many at a time. */
static enum yk_encoding choose(const struct yoke_compress_options *options,
                               const yoke_req *req, const yoke_res *res)
{
    enum yk_encoding wanted[YK_ENCODINGS], best = YK_ENCODING_NONE;
    size_t n = yk_encodings_wanted(req, wanted);
    bool prefers_gzip = is_event_stream(res);
    for (size_t i = 0; i < n; i++) {
        bool is_off =
            wanted[i] == YK_ENCODING_BR ? options->no_br : options->no_gzip;
        bool is_better = best == YK_ENCODING_NONE ||
                         (prefers_gzip && wanted[i] == YK_ENCODING_GZIP);
        if (!is_off && is_better && yk_encoder_is_there(wanted[i]))
            best = wanted[i];
    }
    return best;
}

static void start(const struct yoke_compress_options *options, yoke_req *req,
                  yoke_res *res, enum yk_encoding encoding)
{
    struct job *job = yoke_req_alloc(req, sizeof(*job));
    bool is_br = encoding == YK_ENCODING_BR;
    *job = (struct job){.options = {
                            .encoding = encoding,
                            .level = is_br ? options->quality : options->level,
                            .len = yoke_res_expected_len(res),
                            .is_frugal = is_event_stream(res),
                        }};
    if (yoke_res_on_finish(res, on_finish, job) < 0 ||
        yoke_res_filter(res, compress, job) < 0)
        return;
    yoke_res_set(res, "Content-Encoding", yk_encoding_name(encoding));
    yoke_res_remove(res, "Accept-Ranges");
    weaken_etag(req, res);
}

static void on_head(yoke_res *res, void *data)
{
    const struct yoke_compress_options *options = data;
    yoke_req *req = yoke_res_req(res);
    if (yoke_res_get_status(res) == 304) {
        answer_not_modified(req, res);
        return;
    }
    if (!may_compress(options, req, res))
        return;
    yoke_res_vary(res, "Accept-Encoding");
    int64_t len = yoke_res_expected_len(res);
    if (len == 0 || (len > 0 && (size_t)len < options->threshold))
        return;
    enum yk_encoding encoding = choose(options, req, res);
    if (encoding != YK_ENCODING_NONE)
        start(options, req, res, encoding);
}

/* ---- The middleware ---- */

static void watch(yoke_req *req, yoke_res *res)
{
    yoke_res_on_head(res, on_head, yoke_data(req));
    yoke_next(req);
}

static int within(int value, int fallback, int most)
{
    if (value <= 0)
        return fallback;
    return value > most ? most : value;
}

struct yoke_handler
yoke_compress_with(const struct yoke_compress_options *options)
{
    struct yoke_compress_options *copy = yk_zeroed(sizeof(*copy));
    *copy = *options;
    copy->level = within(options->level, LEVEL, 9);
    copy->quality = within(options->quality, QUALITY, 11);
    if (copy->threshold == 0)
        copy->threshold = THRESHOLD;
    return yoke_with(watch, copy, free);
}
