/* A state is a quarter of a megabyte that has to be made, but can be used
 * again. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

#include <zlib.h>

#include "middleware/coder.h"

#include "core/banned.h"

/* What comes out at a time. */
#define PIECE_LEN 16384

/* zlib's defaults; and what needs 32 KiB instead of 256. */
#define WINDOW_BITS        15
#define MEM_LEVEL          8
#define FRUGAL_WINDOW_BITS 12
#define FRUGAL_MEM_LEVEL   5
#define GZIP_WRAPPER       16

#define FUNCTIONS(XX)                                                          \
    XX(deflateInit2_)                                                          \
    XX(deflateReset)                                                           \
    XX(deflateEnd)                                                             \
    XX(deflate)

/* Written once, by load(). */
static struct {
#define XX(name) __typeof__(name) *name##_fn;
    FUNCTIONS(XX)
#undef XX
} zlib;

static bool load(void)
{
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_there = true;
#define XX(name)                                                               \
    is_there = is_there && yk_coder_find(library, #name, &zlib.name##_fn);
    FUNCTIONS(XX)
#undef XX
    return is_there;
}

static void *begin(const struct yk_encoder_options *options)
{
    int bits = options->is_frugal ? FRUGAL_WINDOW_BITS : WINDOW_BITS;
    int memory = options->is_frugal ? FRUGAL_MEM_LEVEL : MEM_LEVEL;
    z_stream *z = calloc(1, sizeof(*z));
    if (z && zlib.deflateInit2__fn(
                 z, options->level, Z_DEFLATED, bits + GZIP_WRAPPER, memory,
                 Z_DEFAULT_STRATEGY, ZLIB_VERSION, (int)sizeof(*z)) == Z_OK)
        return z;
    free(z);
    return NULL;
}

static bool reset(void *state)
{
    return zlib.deflateReset_fn(state) == Z_OK;
}

static void end(void *state)
{
    zlib.deflateEnd_fn(state);
    free(state);
}

static int run(void *state, yoke_filter *filter, const void *ptr, size_t len,
               enum yoke_filter_step step)
{
    static const int flushes[] = {
        [YOKE_FILTER_MORE] = Z_NO_FLUSH,
        [YOKE_FILTER_FLUSH] = Z_SYNC_FLUSH,
        [YOKE_FILTER_END] = Z_FINISH,
    };
    unsigned char out[PIECE_LEN];
    z_stream *z = state;
    z->next_in = (unsigned char *)(uintptr_t)ptr;
    z->avail_in = (uInt)len;
    do {
        z->next_out = out;
        z->avail_out = sizeof(out);
        if (zlib.deflate_fn(z, flushes[step]) == Z_STREAM_ERROR)
            return -EIO;
        int err = yoke_filter_pass(filter, out, sizeof(out) - z->avail_out);
        if (err < 0)
            return err;
    } while (z->avail_out == 0);
    return 0;
}

const struct yk_coder yk_coder_gzip = {
    .load = load, .begin = begin, .reset = reset, .end = end, .run = run};
