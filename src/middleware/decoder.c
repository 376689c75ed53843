#include "middleware/decoder.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <yoke/log.h>
#include <yoke/req.h>

#include "middleware/inflater.h"

#include "core/banned.h"

/* zlib's window and state; libbrotli's tables and least ring buffer. */
#define FIXED_BUDGET (1024 * 1024)

struct yk_decoder {
    yoke_req *req;
    size_t budget; /* What it may still allocate. */
    const struct yk_inflater *inflater;
    void *state; /* The inflater's. */
    bool is_done;
};

bool yk_inflater_find(void *library, const char *name, void *to)
{
    void *function = library ? dlsym(library, name) : NULL;
    if (!function) {
        yoke_log(YOKE_LOG_WARN, "%s; bodies in this coding are refused",
                 dlerror());
        return false;
    }
    memcpy(to, &function, sizeof(function));
    return true;
}

void *yk_decoder_alloc(struct yk_decoder *decoder, size_t len)
{
    if (len > decoder->budget)
        return NULL;
    decoder->budget -= len;
    return yoke_req_try_alloc(decoder->req, len);
}

static enum yk_coding coding_named(const char *text)
{
    if (strcasecmp(text, "identity") == 0)
        return YK_CODING_IDENTITY;
    if (strcasecmp(text, "gzip") == 0 || strcasecmp(text, "x-gzip") == 0)
        return YK_CODING_GZIP;
    if (strcasecmp(text, "deflate") == 0)
        return YK_CODING_DEFLATE;
    return strcasecmp(text, "br") == 0 ? YK_CODING_BR : YK_CODING_UNKNOWN;
}

enum yk_coding yk_coding_of(const yoke_req *req)
{
    enum yk_coding coding = YK_CODING_IDENTITY;
    const char *name, *value;
    bool is_said = false;
    if (!yoke_req_get(req, "Content-Encoding"))
        return coding;
    for (size_t i = 0; yoke_req_header_at(req, i, &name, &value); i++) {
        if (strcasecmp(name, "Content-Encoding") != 0)
            continue;
        coding = is_said ? YK_CODING_UNKNOWN : coding_named(value);
        is_said = true;
    }
    return coding;
}

struct yk_decoder *yk_decoder_new(yoke_req *req, enum yk_coding coding,
                                  size_t limit)
{
    const struct yk_inflater *inflater =
        coding == YK_CODING_BR ? &yk_inflater_br : &yk_inflater_zlib;
    if (!inflater->load())
        return NULL;
    struct yk_decoder *decoder = yoke_req_alloc(req, sizeof(*decoder));
    *decoder = (struct yk_decoder){.req = req, .inflater = inflater};
    if (limit > SIZE_MAX / 4)
        limit = SIZE_MAX / 4;
    decoder->budget = FIXED_BUDGET + limit * 2;
    decoder->state = inflater->begin(decoder, coding);
    return decoder->state ? decoder : NULL;
}

int yk_decoder_feed(struct yk_decoder *decoder, const char *ptr, size_t len,
                    yk_decoded_fn *fn, void *data)
{
    if (len == 0)
        return 0;
    return decoder->inflater->feed(decoder->state, ptr, len, fn, data,
                                   &decoder->is_done);
}

int yk_decoder_end(const struct yk_decoder *decoder)
{
    return decoder->is_done ? 0 : -EINVAL;
}
