#include "middleware/decoder.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <brotli/decode.h>
#include <zlib.h>

#include <yoke/log.h>

#include "core/banned.h"

/* Decoded at a time. */
#define PIECE_LEN    16384
/* zlib's window and state; libbrotli's tables and least ring buffer. */
#define FIXED_BUDGET (1024 * 1024)

struct yk_decoder {
    yoke_req *req;
    enum yk_coding coding;
    size_t budget; /* What it may still allocate. */
    bool has_begun, is_done;
    z_stream zlib;
    BrotliDecoderState *brotli;
};

/* ---- The libraries ---- */

#define ZLIB_FUNCTIONS(XX)                                                     \
    XX(inflateInit2_)                                                          \
    XX(inflateReset)                                                           \
    XX(inflate)

#define BROTLI_FUNCTIONS(XX)                                                   \
    XX(BrotliDecoderCreateInstance)                                            \
    XX(BrotliDecoderIsFinished)                                                \
    XX(BrotliDecoderDecompressStream)

/* Written once, by load_zlib() and load_brotli(). */
static struct {
    bool is_loaded;
#define XX(name) __typeof__(name) *name##_fn;
    ZLIB_FUNCTIONS(XX)
#undef XX
} zlib;

static struct {
    bool is_loaded;
#define XX(name) __typeof__(name) *name##_fn;
    BROTLI_FUNCTIONS(XX)
#undef XX
} brotli;

/* Writes a function's address to `to`. It stays loaded for the life of the
 * process. */
static bool find(void *library, const char *name, void *to)
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

static bool load_zlib(void)
{
    if (zlib.is_loaded)
        return true;
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_loaded = true;
#define XX(name) is_loaded = is_loaded && find(library, #name, &zlib.name##_fn);
    ZLIB_FUNCTIONS(XX)
#undef XX
    zlib.is_loaded = is_loaded;
    return is_loaded;
}

static bool load_brotli(void)
{
    if (brotli.is_loaded)
        return true;
    void *library = dlopen("libbrotlidec.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_loaded = true;
#define XX(name)                                                               \
    is_loaded = is_loaded && find(library, #name, &brotli.name##_fn);
    BROTLI_FUNCTIONS(XX)
#undef XX
    brotli.is_loaded = is_loaded;
    return is_loaded;
}

/* ---- Their memory is the request's, and freed with it ---- */

static void *take_memory(void *opaque, size_t len)
{
    struct yk_decoder *decoder = opaque;
    if (len > decoder->budget)
        return NULL;
    decoder->budget -= len;
    return yoke_req_try_alloc(decoder->req, len);
}

static void *take_items(void *opaque, unsigned count, unsigned len)
{
    return take_memory(opaque, (size_t)count * len);
}

static void leave_memory(void *opaque, void *ptr)
{
    (void)opaque, (void)ptr;
}

/* ---- gzip and deflate ---- */

/* Some clients leave zlib's wrapper out, which RFC 9110 section 8.4.1.2 calls
 * wrong. The first byte of the wrapper says 8, deflate, and a window of 32 KiB
 * at most; no block of plain deflate begins so, unless its padding is not 0. */
static int window_bits(enum yk_coding coding, unsigned char first)
{
    if (coding == YK_CODING_GZIP)
        return 15 + 16;
    return (first & 15) == 8 && first >> 4 <= 7 ? 15 : -15;
}

static int begin_zlib(struct yk_decoder *decoder, unsigned char first)
{
    if (decoder->has_begun)
        return 0;
    decoder->has_begun = true;
    decoder->zlib = (z_stream){
        .zalloc = take_items, .zfree = leave_memory, .opaque = decoder};
    int bits = window_bits(decoder->coding, first);
    return zlib.inflateInit2__fn(&decoder->zlib, bits, ZLIB_VERSION,
                                 (int)sizeof(z_stream)) == Z_OK
               ? 0
               : -ENOMEM;
}

/* A gzip file may have several members (RFC 1952 section 2.2); behind anything
 * else nothing follows. */
static int end_member(struct yk_decoder *decoder)
{
    decoder->is_done = true;
    if (decoder->zlib.avail_in == 0)
        return 0;
    if (decoder->coding != YK_CODING_GZIP)
        return -EINVAL;
    decoder->is_done = false;
    return zlib.inflateReset_fn(&decoder->zlib) == Z_OK ? 0 : -EINVAL;
}

/* What has been decoded since the last call, to `fn`. */
static int step_zlib(struct yk_decoder *decoder, yk_decoded_fn *fn, void *data)
{
    char out[PIECE_LEN];
    z_stream *z = &decoder->zlib;
    z->next_out = (Bytef *)out;
    z->avail_out = sizeof(out);
    int result = zlib.inflate_fn(z, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR)
        return -ENOMEM;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return -EINVAL;
    size_t len = sizeof(out) - z->avail_out;
    int err = len > 0 ? fn(data, out, len) : 0;
    if (!err && result == Z_STREAM_END)
        err = end_member(decoder);
    return err;
}

static int feed_zlib(struct yk_decoder *decoder, const char *ptr, size_t len,
                     yk_decoded_fn *fn, void *data)
{
    z_stream *z = &decoder->zlib;
    int err = begin_zlib(decoder, (unsigned char)*ptr);
    if (err)
        return err;
    z->next_in = (Bytef *)(uintptr_t)ptr;
    z->avail_in = (uInt)len;
    if (decoder->is_done) /* The last piece has ended with a member. */
        err = end_member(decoder);
    do
        err = err ? err : step_zlib(decoder, fn, data);
    while (!err && !decoder->is_done && (z->avail_in > 0 || z->avail_out == 0));
    return err;
}

/* ---- br ---- */

static int feed_brotli(struct yk_decoder *decoder, const char *ptr, size_t len,
                       yk_decoded_fn *fn, void *data)
{
    uint8_t out[PIECE_LEN];
    const uint8_t *in = (const uint8_t *)ptr;
    BrotliDecoderResult result;
    do {
        uint8_t *end = out;
        size_t room = sizeof(out);
        result = brotli.BrotliDecoderDecompressStream_fn(
            decoder->brotli, &len, &in, &room, &end, NULL);
        size_t out_len = (size_t)(end - out);
        int err = out_len > 0 ? fn(data, (const char *)out, out_len) : 0;
        if (err)
            return err;
    } while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
    decoder->is_done = result == BROTLI_DECODER_RESULT_SUCCESS;
    return result == BROTLI_DECODER_RESULT_ERROR || len > 0 ? -EINVAL : 0;
}

/* ---- Either ---- */

enum yk_coding yk_coding_of(const char *text)
{
    if (!text || strcasecmp(text, "identity") == 0)
        return YK_CODING_IDENTITY;
    if (strcasecmp(text, "gzip") == 0 || strcasecmp(text, "x-gzip") == 0)
        return YK_CODING_GZIP;
    if (strcasecmp(text, "deflate") == 0)
        return YK_CODING_DEFLATE;
    return strcasecmp(text, "br") == 0 ? YK_CODING_BR : YK_CODING_UNKNOWN;
}

struct yk_decoder *yk_decoder_new(yoke_req *req, enum yk_coding coding,
                                  size_t limit)
{
    bool is_brotli = coding == YK_CODING_BR;
    if (!(is_brotli ? load_brotli() : load_zlib()))
        return NULL;
    struct yk_decoder *decoder = yoke_req_alloc(req, sizeof(*decoder));
    *decoder = (struct yk_decoder){.req = req, .coding = coding};
    if (limit > SIZE_MAX / 4)
        limit = SIZE_MAX / 4;
    decoder->budget = FIXED_BUDGET + limit * 2;
    if (is_brotli)
        decoder->brotli = brotli.BrotliDecoderCreateInstance_fn(
            take_memory, leave_memory, decoder);
    return is_brotli && !decoder->brotli ? NULL : decoder;
}

int yk_decoder_feed(struct yk_decoder *decoder, const char *ptr, size_t len,
                    yk_decoded_fn *fn, void *data)
{
    if (len == 0)
        return 0;
    if (decoder->coding == YK_CODING_BR)
        return feed_brotli(decoder, ptr, len, fn, data);
    return feed_zlib(decoder, ptr, len, fn, data);
}

int yk_decoder_end(const struct yk_decoder *decoder)
{
    return decoder->is_done ? 0 : -EINVAL;
}
