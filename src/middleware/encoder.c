/* zlib's state for one body is a quarter of a megabyte that has to be made, but
 * can be used again: a few that are idle are kept. libbrotli's cannot; its
 * window is made no larger than the body, so that a small body has a small
 * one. */
#include "middleware/encoder.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <brotli/encode.h>
#include <zlib.h>

#include <yoke/log.h>

#include "core/banned.h"

/* What comes out at a time. */
#define PIECE_LEN 16384
/* Idle encoders of gzip that are kept; a megabyte. */
#define IDLE_MAX  4

/* zlib's defaults; and what needs 32 KiB instead of 256. */
#define WINDOW_BITS        15
#define MEM_LEVEL          8
#define FRUGAL_WINDOW_BITS 12
#define FRUGAL_MEM_LEVEL   5
#define GZIP_WRAPPER       16

/* Half a megabyte; larger windows gain little for pages and scripts. */
#define BROTLI_WINDOW_MAX 19

struct yk_encoder {
    struct yk_encoder *next; /* Idle. */
    struct yk_encoder_options options;
    z_stream zlib;
    BrotliEncoderState *brotli;
    bool is_dirty; /* Something may be held back. */
};

/* ---- The libraries ---- */

#define ZLIB_FUNCTIONS(XX)                                                     \
    XX(deflateInit2_)                                                          \
    XX(deflateReset)                                                           \
    XX(deflateEnd)                                                             \
    XX(deflate)

#define BROTLI_FUNCTIONS(XX)                                                   \
    XX(BrotliEncoderCreateInstance)                                            \
    XX(BrotliEncoderDestroyInstance)                                           \
    XX(BrotliEncoderSetParameter)                                              \
    XX(BrotliEncoderHasMoreOutput)                                             \
    XX(BrotliEncoderTakeOutput)                                                \
    XX(BrotliEncoderCompressStream)

enum library_state {
    NOT_TRIED,
    LOADED,
    MISSING,
};

/* Written once, by load_zlib() and load_brotli(). */
static struct {
    enum library_state state;
#define XX(name) __typeof__(name) *name##_fn;
    ZLIB_FUNCTIONS(XX)
#undef XX
} zlib;

static struct {
    enum library_state state;
#define XX(name) __typeof__(name) *name##_fn;
    BROTLI_FUNCTIONS(XX)
#undef XX
} brotli;

/* Encoders of gzip that wait for the next body; the last one first. Written by
 * yk_encoder_take and _give. */
static struct yk_encoder *idle;
static int idle_count;

static bool find(void *library, const char *name, void *to)
{
    void *function = library ? dlsym(library, name) : NULL;
    if (!function) {
        yoke_log(YOKE_LOG_WARN, "%s; answers are not compressed by it",
                 dlerror());
        return false;
    }
    memcpy(to, &function, sizeof(function));
    return true;
}

static bool load_zlib(void)
{
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_there = true;
#define XX(name) is_there = is_there && find(library, #name, &zlib.name##_fn);
    ZLIB_FUNCTIONS(XX)
#undef XX
    return is_there;
}

static bool load_brotli(void)
{
    void *library = dlopen("libbrotlienc.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_there = true;
#define XX(name) is_there = is_there && find(library, #name, &brotli.name##_fn);
    BROTLI_FUNCTIONS(XX)
#undef XX
    return is_there;
}

bool yk_encoder_is_there(enum yk_encoding encoding)
{
    if (encoding == YK_ENCODING_BR && brotli.state == NOT_TRIED)
        brotli.state = load_brotli() ? LOADED : MISSING;
    if (encoding == YK_ENCODING_GZIP && zlib.state == NOT_TRIED)
        zlib.state = load_zlib() ? LOADED : MISSING;
    return (encoding == YK_ENCODING_BR ? brotli.state : zlib.state) == LOADED;
}

/* ---- gzip ---- */

static bool is_same_kind(const struct yk_encoder_options *a,
                         const struct yk_encoder_options *b)
{
    return a->level == b->level && a->is_frugal == b->is_frugal;
}

static struct yk_encoder *take_idle(const struct yk_encoder_options *options)
{
    struct yk_encoder **place = &idle;
    while (*place && !is_same_kind(&(*place)->options, options))
        place = &(*place)->next;
    struct yk_encoder *encoder = *place;
    if (!encoder)
        return NULL;
    *place = encoder->next;
    idle_count--;
    encoder->is_dirty = false;
    return encoder;
}

static bool begin_gzip(struct yk_encoder *encoder)
{
    const struct yk_encoder_options *options = &encoder->options;
    int bits = options->is_frugal ? FRUGAL_WINDOW_BITS : WINDOW_BITS;
    int memory = options->is_frugal ? FRUGAL_MEM_LEVEL : MEM_LEVEL;
    return zlib.deflateInit2__fn(&encoder->zlib, options->level, Z_DEFLATED,
                                 bits + GZIP_WRAPPER, memory,
                                 Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                                 (int)sizeof(z_stream)) == Z_OK;
}

static int run_gzip(struct yk_encoder *encoder, yoke_filter *filter,
                    const void *ptr, size_t len, int flush)
{
    unsigned char out[PIECE_LEN];
    z_stream *z = &encoder->zlib;
    z->next_in = (unsigned char *)(uintptr_t)ptr;
    z->avail_in = (uInt)len;
    do {
        z->next_out = out;
        z->avail_out = sizeof(out);
        if (zlib.deflate_fn(z, flush) == Z_STREAM_ERROR)
            return -EIO;
        int err = yoke_filter_pass(filter, out, sizeof(out) - z->avail_out);
        if (err < 0)
            return err;
    } while (z->avail_out == 0);
    return 0;
}

/* ---- br ---- */

static uint32_t window_for(int64_t len)
{
    uint32_t bits = BROTLI_MIN_WINDOW_BITS;
    while (bits < BROTLI_WINDOW_MAX && (len < 0 || (int64_t)1 << bits < len))
        bits++;
    return bits;
}

static bool begin_brotli(struct yk_encoder *encoder)
{
    const struct yk_encoder_options *options = &encoder->options;
    BrotliEncoderState *state =
        brotli.BrotliEncoderCreateInstance_fn(NULL, NULL, NULL);
    if (!state)
        return false;
    brotli.BrotliEncoderSetParameter_fn(state, BROTLI_PARAM_QUALITY,
                                        (uint32_t)options->level);
    brotli.BrotliEncoderSetParameter_fn(state, BROTLI_PARAM_LGWIN,
                                        window_for(options->len));
    if (options->len > 0 && options->len < (1 << 30))
        brotli.BrotliEncoderSetParameter_fn(state, BROTLI_PARAM_SIZE_HINT,
                                            (uint32_t)options->len);
    encoder->brotli = state;
    return true;
}

static int run_brotli(struct yk_encoder *encoder, yoke_filter *filter,
                      const void *ptr, size_t len, BrotliEncoderOperation step)
{
    BrotliEncoderState *state = encoder->brotli;
    const uint8_t *next = ptr;
    do {
        size_t no_room = 0;
        if (!brotli.BrotliEncoderCompressStream_fn(state, step, &len, &next,
                                                   &no_room, NULL, NULL))
            return -EIO;
        size_t n = 0;
        const uint8_t *out = brotli.BrotliEncoderTakeOutput_fn(state, &n);
        int err = yoke_filter_pass(filter, out, n);
        if (err < 0)
            return err;
    } while (len > 0 || brotli.BrotliEncoderHasMoreOutput_fn(state));
    return 0;
}

/* ---- Either ---- */

static void encoder_free(struct yk_encoder *encoder)
{
    if (encoder->brotli)
        brotli.BrotliEncoderDestroyInstance_fn(encoder->brotli);
    else if (encoder->options.encoding == YK_ENCODING_GZIP)
        zlib.deflateEnd_fn(&encoder->zlib);
    free(encoder);
}

struct yk_encoder *yk_encoder_take(const struct yk_encoder_options *options)
{
    bool is_gzip = options->encoding == YK_ENCODING_GZIP;
    struct yk_encoder *encoder = is_gzip ? take_idle(options) : NULL;
    if (encoder)
        return encoder;
    encoder = calloc(1, sizeof(*encoder));
    if (!encoder)
        return NULL;
    encoder->options = *options;
    if (is_gzip ? begin_gzip(encoder) : begin_brotli(encoder))
        return encoder;
    free(encoder);
    return NULL;
}

void yk_encoder_give(struct yk_encoder *encoder)
{
    if (!encoder)
        return;
    if (encoder->brotli || idle_count >= IDLE_MAX ||
        zlib.deflateReset_fn(&encoder->zlib) != Z_OK) {
        encoder_free(encoder);
        return;
    }
    encoder->next = idle;
    idle = encoder;
    idle_count++;
}

static int run(struct yk_encoder *encoder, yoke_filter *filter, const void *ptr,
               size_t len, enum yoke_filter_step step)
{
    static const int flushes[] = {
        [YOKE_FILTER_MORE] = Z_NO_FLUSH,
        [YOKE_FILTER_FLUSH] = Z_SYNC_FLUSH,
        [YOKE_FILTER_END] = Z_FINISH,
    };
    static const BrotliEncoderOperation operations[] = {
        [YOKE_FILTER_MORE] = BROTLI_OPERATION_PROCESS,
        [YOKE_FILTER_FLUSH] = BROTLI_OPERATION_FLUSH,
        [YOKE_FILTER_END] = BROTLI_OPERATION_FINISH,
    };
    if (encoder->brotli)
        return run_brotli(encoder, filter, ptr, len, operations[step]);
    return run_gzip(encoder, filter, ptr, len, flushes[step]);
}

/* zlib counts in 32 bits. */
#define STEP_MAX (1u << 30)

int yk_encoder_run(struct yk_encoder *encoder, yoke_filter *filter,
                   const void *ptr, size_t len, enum yoke_filter_step step)
{
    const char *at = ptr;
    int err = 0;
    if (step == YOKE_FILTER_FLUSH && !encoder->is_dirty)
        return 0;
    encoder->is_dirty = step == YOKE_FILTER_MORE;
    for (; err == 0 && len > STEP_MAX; at += STEP_MAX, len -= STEP_MAX)
        err = run(encoder, filter, at, STEP_MAX, YOKE_FILTER_MORE);
    return err < 0 ? err : run(encoder, filter, at, len, step);
}
