/* Takes compressed bodies apart, with the libraries that made them. */
#ifndef YK_TESTS_UNPACK_H
#define YK_TESTS_UNPACK_H

#include "../unit.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <brotli/decode.h>
#include <zlib.h>

#include <yoke/yoke.h>

#define UNPACKED_MAX (4 << 20)

static inline void *library_function(const char *library, const char *name)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(handle);
    void *function = dlsym(handle, name);
    assert_non_null(function);
    return function;
}

#define FROM(library, name)                                                    \
    __typeof__(name) *name##_fn;                                               \
    *(void **)&name##_fn = library_function(library, #name)

/* As much as can be had of what may be the beginning of a body; a NUL follows.
 * The caller frees it. `*ret_is_whole` says whether that was all. */
static inline char *unpack_gzip(const char *ptr, size_t len, size_t *ret_len,
                                bool *ret_is_whole)
{
    FROM("libz.so.1", inflateInit2_);
    FROM("libz.so.1", inflate);
    FROM("libz.so.1", inflateEnd);
    char *out = malloc(UNPACKED_MAX + 1);
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)ptr,
                  .avail_in = (unsigned)len,
                  .next_out = (unsigned char *)out,
                  .avail_out = UNPACKED_MAX};
    assert_int_equal(inflateInit2__fn(&z, 31, ZLIB_VERSION, sizeof(z)), Z_OK);
    int err = inflate_fn(&z, Z_SYNC_FLUSH);
    assert_true(err == Z_OK || err == Z_STREAM_END || err == Z_BUF_ERROR);
    *ret_len = z.total_out;
    *ret_is_whole = err == Z_STREAM_END && z.avail_in == 0;
    out[*ret_len] = '\0';
    inflateEnd_fn(&z);
    return out;
}

static inline char *unpack_br(const char *ptr, size_t len, size_t *ret_len,
                              bool *ret_is_whole)
{
    FROM("libbrotlidec.so.1", BrotliDecoderCreateInstance);
    FROM("libbrotlidec.so.1", BrotliDecoderDecompressStream);
    FROM("libbrotlidec.so.1", BrotliDecoderDestroyInstance);
    char *out = malloc(UNPACKED_MAX + 1);
    BrotliDecoderState *state =
        BrotliDecoderCreateInstance_fn(NULL, NULL, NULL);
    const uint8_t *next_in = (const uint8_t *)ptr;
    uint8_t *next_out = (uint8_t *)out;
    size_t room = UNPACKED_MAX;
    BrotliDecoderResult result = BrotliDecoderDecompressStream_fn(
        state, &len, &next_in, &room, &next_out, NULL);
    assert_int_not_equal(result, BROTLI_DECODER_RESULT_ERROR);
    *ret_len = UNPACKED_MAX - room;
    *ret_is_whole = result == BROTLI_DECODER_RESULT_SUCCESS && len == 0;
    out[*ret_len] = '\0';
    BrotliDecoderDestroyInstance_fn(state);
    return out;
}

/* The answer's body, by its Content-Encoding. */
static inline char *unpack(yoke_tr *r, size_t *ret_len, bool *ret_is_whole)
{
    const char *encoding = yoke_tr_header(r, "Content-Encoding");
    assert_non_null(encoding);
    return strcmp(encoding, "br") == 0
               ? unpack_br(yoke_tr_text(r), yoke_tr_len(r), ret_len,
                           ret_is_whole)
               : unpack_gzip(yoke_tr_text(r), yoke_tr_len(r), ret_len,
                             ret_is_whole);
}

#endif
