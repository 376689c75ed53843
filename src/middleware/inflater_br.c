#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>

#include <brotli/decode.h>

#include <yoke/req.h>

#include "middleware/inflater.h"

#include "core/banned.h"

/* Decoded at a time. */
#define PIECE_LEN 16384

#define FUNCTIONS(XX)                                                          \
    XX(BrotliDecoderCreateInstance)                                            \
    XX(BrotliDecoderDecompressStream)

/* Written once, by load(). */
static struct {
    bool is_loaded;
#define XX(name) __typeof__(name) *name##_fn;
    FUNCTIONS(XX)
#undef XX
} brotli;

static bool load(void)
{
    if (brotli.is_loaded)
        return true;
    void *library = dlopen("libbrotlidec.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_loaded = true;
#define XX(name)                                                               \
    is_loaded =                                                                \
        is_loaded && yk_inflater_find(library, #name, &brotli.name##_fn);
    FUNCTIONS(XX)
#undef XX
    brotli.is_loaded = is_loaded;
    return is_loaded;
}

static void *take_memory(void *opaque, size_t len)
{
    return yk_decoder_alloc(opaque, len);
}

static void leave_memory(void *opaque, void *ptr)
{
    (void)opaque, (void)ptr;
}

static void *begin(struct yk_decoder *decoder, enum yk_coding coding)
{
    (void)coding;
    return brotli.BrotliDecoderCreateInstance_fn(take_memory, leave_memory,
                                                 decoder);
}

static int feed(void *state, const char *ptr, size_t len, yk_decoded_fn *fn,
                void *data, bool *is_done)
{
    uint8_t out[PIECE_LEN];
    const uint8_t *in = (const uint8_t *)ptr;
    BrotliDecoderResult result;
    do {
        uint8_t *end = out;
        size_t room = sizeof(out);
        result = brotli.BrotliDecoderDecompressStream_fn(state, &len, &in,
                                                         &room, &end, NULL);
        size_t out_len = (size_t)(end - out);
        int err = out_len > 0 ? fn(data, (const char *)out, out_len) : 0;
        if (err)
            return err;
    } while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT);
    *is_done = result == BROTLI_DECODER_RESULT_SUCCESS;
    return result == BROTLI_DECODER_RESULT_ERROR || len > 0 ? -EINVAL : 0;
}

const struct yk_inflater yk_inflater_br = {
    .load = load, .begin = begin, .feed = feed};
