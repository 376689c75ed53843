/* A state cannot be used again; its window is made no larger than the body, so
 * that a small body has a small one. */
#include <dlfcn.h>
#include <errno.h>

#include <brotli/encode.h>

#include "middleware/coder.h"

#include "core/banned.h"

/* Half a megabyte; larger windows gain little for pages and scripts. */
#define WINDOW_MAX 19

#define FUNCTIONS(XX)                                                          \
    XX(BrotliEncoderCreateInstance)                                            \
    XX(BrotliEncoderDestroyInstance)                                           \
    XX(BrotliEncoderSetParameter)                                              \
    XX(BrotliEncoderHasMoreOutput)                                             \
    XX(BrotliEncoderTakeOutput)                                                \
    XX(BrotliEncoderCompressStream)

/* Written once, by load(). */
static struct {
#define XX(name) __typeof__(name) *name##_fn;
    FUNCTIONS(XX)
#undef XX
} brotli;

static bool load(void)
{
    void *library = dlopen("libbrotlienc.so.1", RTLD_NOW | RTLD_LOCAL);
    bool is_there = true;
#define XX(name)                                                               \
    is_there = is_there && yk_coder_find(library, #name, &brotli.name##_fn);
    FUNCTIONS(XX)
#undef XX
    return is_there;
}

static uint32_t window_for(int64_t len)
{
    uint32_t bits = BROTLI_MIN_WINDOW_BITS;
    while (bits < WINDOW_MAX && (len < 0 || (int64_t)1 << bits < len))
        bits++;
    return bits;
}

static void *begin(const struct yk_encoder_options *options)
{
    BrotliEncoderState *state =
        brotli.BrotliEncoderCreateInstance_fn(NULL, NULL, NULL);
    if (!state)
        return NULL;
    brotli.BrotliEncoderSetParameter_fn(state, BROTLI_PARAM_QUALITY,
                                        (uint32_t)options->level);
    brotli.BrotliEncoderSetParameter_fn(state, BROTLI_PARAM_LGWIN,
                                        window_for(options->len));
    if (options->len > 0 && options->len < (1 << 30))
        brotli.BrotliEncoderSetParameter_fn(state, BROTLI_PARAM_SIZE_HINT,
                                            (uint32_t)options->len);
    return state;
}

static bool reset(void *state)
{
    (void)state;
    return false;
}

static void end(void *state)
{
    brotli.BrotliEncoderDestroyInstance_fn(state);
}

static int run(void *state, yoke_filter *filter, const void *ptr, size_t len,
               enum yoke_filter_step step)
{
    static const BrotliEncoderOperation operations[] = {
        [YOKE_FILTER_MORE] = BROTLI_OPERATION_PROCESS,
        [YOKE_FILTER_FLUSH] = BROTLI_OPERATION_FLUSH,
        [YOKE_FILTER_END] = BROTLI_OPERATION_FINISH,
    };
    const uint8_t *next = ptr;
    do {
        size_t no_room = 0;
        if (!brotli.BrotliEncoderCompressStream_fn(
                state, operations[step], &len, &next, &no_room, NULL, NULL))
            return -EIO;
        size_t n = 0;
        const uint8_t *out = brotli.BrotliEncoderTakeOutput_fn(state, &n);
        int err = yoke_filter_pass(filter, out, n);
        if (err < 0)
            return err;
    } while (len > 0 || brotli.BrotliEncoderHasMoreOutput_fn(state));
    return 0;
}

const struct yk_coder yk_coder_br = {
    .load = load, .begin = begin, .reset = reset, .end = end, .run = run};
