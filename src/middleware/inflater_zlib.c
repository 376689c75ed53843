#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#include <zlib.h>

#include <yoke/req.h>

#include "middleware/inflater.h"

#include "core/banned.h"

/* Decoded at a time. */
#define PIECE_LEN 16384

#define FUNCTIONS(XX)                                                          \
    XX(inflateInit2_)                                                          \
    XX(inflateReset)                                                           \
    XX(inflate)

/* Written once, by load(). */
static struct {
    bool is_loaded;
#define XX(name) __typeof__(name) *name##_fn;
    FUNCTIONS(XX)
#undef XX
} zlib;

struct state {
    struct yk_decoder *decoder;
    enum yk_coding coding;
    bool has_begun, is_done;
    z_stream zlib;
};

static bool load(void)
{
    if (zlib.is_loaded)
        return true;
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_loaded = true;
#define XX(name)                                                               \
    is_loaded = is_loaded && yk_inflater_find(library, #name, &zlib.name##_fn);
    FUNCTIONS(XX)
#undef XX
    zlib.is_loaded = is_loaded;
    return is_loaded;
}

static void *take_items(void *opaque, unsigned count, unsigned len)
{
    return yk_decoder_alloc(opaque, (size_t)count * len);
}

static void leave_memory(void *opaque, void *ptr)
{
    (void)opaque, (void)ptr;
}

/* Some clients leave zlib's wrapper out, which RFC 9110 section 8.4.1.2 calls
 * wrong. The first byte of the wrapper says 8, deflate, and a window of 32 KiB
 * at most; no block of plain deflate begins so, unless its padding is not 0. */
static int window_bits(enum yk_coding coding, unsigned char first)
{
    if (coding == YK_CODING_GZIP)
        return 15 + 16;
    return (first & 15) == 8 && first >> 4 <= 7 ? 15 : -15;
}

static int begin_zlib(struct state *state, unsigned char first)
{
    if (state->has_begun)
        return 0;
    state->has_begun = true;
    state->zlib = (z_stream){
        .zalloc = take_items, .zfree = leave_memory, .opaque = state->decoder};
    int bits = window_bits(state->coding, first);
    return zlib.inflateInit2__fn(&state->zlib, bits, ZLIB_VERSION,
                                 (int)sizeof(z_stream)) == Z_OK
               ? 0
               : -ENOMEM;
}

/* A gzip file may have several members (RFC 1952 section 2.2); behind anything
 * else nothing follows. */
static int end_member(struct state *state)
{
    state->is_done = true;
    if (state->zlib.avail_in == 0)
        return 0;
    if (state->coding != YK_CODING_GZIP)
        return -EINVAL;
    state->is_done = false;
    return zlib.inflateReset_fn(&state->zlib) == Z_OK ? 0 : -EINVAL;
}

/* What has been decoded since the last call, to `fn`. */
static int step_zlib(struct state *state, yk_decoded_fn *fn, void *data)
{
    char out[PIECE_LEN];
    z_stream *z = &state->zlib;
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
        err = end_member(state);
    return err;
}

static int feed_state(struct state *state, const char *ptr, size_t len,
                      yk_decoded_fn *fn, void *data)
{
    z_stream *z = &state->zlib;
    int err = begin_zlib(state, (unsigned char)*ptr);
    if (err)
        return err;
    z->next_in = (Bytef *)(uintptr_t)ptr;
    z->avail_in = (uInt)len;
    if (state->is_done) /* The last piece has ended with a member. */
        err = end_member(state);
    do
        err = err ? err : step_zlib(state, fn, data);
    while (!err && !state->is_done && (z->avail_in > 0 || z->avail_out == 0));
    return err;
}

static void *begin(struct yk_decoder *decoder, enum yk_coding coding)
{
    struct state *state = yk_decoder_alloc(decoder, sizeof(*state));
    if (state)
        *state = (struct state){.decoder = decoder, .coding = coding};
    return state;
}

static int feed(void *of, const char *ptr, size_t len, yk_decoded_fn *fn,
                void *data, bool *is_done)
{
    struct state *state = of;
    int err = feed_state(state, ptr, len, fn, data);
    *is_done = state->is_done;
    return err;
}

const struct yk_inflater yk_inflater_zlib = {
    .load = load, .begin = begin, .feed = feed};
