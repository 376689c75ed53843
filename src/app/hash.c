/* libcrypto is loaded at the first use: linked, it would cost every process a
 * megabyte and a half of memory and four million instructions at its start, and
 * most applications neither sign cookies nor hash their answers. What is loaded
 * is what the headers that were compiled with belong to.
 *
 * Its objects are made once and used again, so that a request in the steady
 * state costs no malloc; that makes them state of the process, of which there
 * is one, with one thread. */
#include "app/hash.h"

#include <dlfcn.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/opensslv.h>

#include <yoke/log.h>

#include "core/banned.h"

#define SHA256_BLOCK 64
#define TEXT_OF(x)   #x
#define NAME_OF(x)   "libcrypto.so." TEXT_OF(x)

/* The functions of libcrypto that are used here. */
#define FUNCTIONS(XX)                                                          \
    XX(EVP_MD_CTX_new)                                                         \
    XX(EVP_MD_fetch)                                                           \
    XX(EVP_DigestInit_ex2)                                                     \
    XX(EVP_DigestUpdate)                                                       \
    XX(EVP_DigestFinal_ex)

/* Written once, by load(). */
static struct {
#define XX(name) __typeof__(name) *name;
    FUNCTIONS(XX)
#undef XX
} crypto;

/* Nothing that could be answered instead of a hash would be right. */
static void give_up(const char *what, const char *why)
{
    yoke_log(YOKE_LOG_ERROR,
             "%s: %s; signed cookies and entity tags need libcrypto", what,
             why ? why : "failed");
    abort();
}

static void *find(void *library, const char *name)
{
    void *function = dlsym(library, name);
    if (!function)
        give_up(name, dlerror());
    return function;
}

static void load(void)
{
    if (crypto.EVP_MD_CTX_new)
        return;
    const char *name = NAME_OF(OPENSSL_SHLIB_VERSION);
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        give_up(name, dlerror());
#define XX(name) *(void **)&crypto.name = find(library, #name);
    FUNCTIONS(XX)
#undef XX
}

/* A way to hash. Each has a context of its own, for one that changes its
 * algorithm allocates. Written once, by hash(). */
struct hasher {
    const char *name;
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

static void hash(struct hasher *hasher, const struct yk_slice *texts, size_t n,
                 uint8_t *out)
{
    load();
    if (!hasher->ctx)
        hasher->ctx = crypto.EVP_MD_CTX_new();
    if (!hasher->md)
        hasher->md = crypto.EVP_MD_fetch(NULL, hasher->name, NULL);
    EVP_MD_CTX *ctx = hasher->ctx;
    bool is_done =
        ctx && hasher->md && crypto.EVP_DigestInit_ex2(ctx, hasher->md, NULL);
    for (size_t i = 0; i < n; i++)
        is_done =
            is_done && crypto.EVP_DigestUpdate(ctx, texts[i].ptr, texts[i].len);
    if (!is_done || !crypto.EVP_DigestFinal_ex(ctx, out, NULL))
        give_up(hasher->name, NULL);
}

void yk_sha1(struct yk_slice text, uint8_t out[YK_SHA1_LEN])
{
    static struct hasher sha1 = {.name = "SHA1"};
    hash(&sha1, &text, 1, out);
}

static void sha256(const struct yk_slice *texts, size_t n,
                   uint8_t out[YK_HMAC_SHA256_LEN])
{
    static struct hasher sha256 = {.name = "SHA256"};
    hash(&sha256, texts, n, out);
}

/* The key, made as long as a block, each byte with `pad`. */
static void pad_key(struct yk_slice key, uint8_t pad, uint8_t out[SHA256_BLOCK])
{
    memset(out, 0, SHA256_BLOCK);
    if (key.len > SHA256_BLOCK)
        sha256(&key, 1, out);
    else if (key.len > 0)
        memcpy(out, key.ptr, key.len);
    for (int i = 0; i < SHA256_BLOCK; i++)
        out[i] ^= pad;
}

/* libcrypto's own HMAC takes several mallocs for each. */
void yk_hmac_sha256(struct yk_slice key, struct yk_slice text,
                    uint8_t out[YK_HMAC_SHA256_LEN])
{
    uint8_t block[SHA256_BLOCK];
    pad_key(key, 0x36, block);
    sha256((struct yk_slice[]){{(const char *)block, SHA256_BLOCK}, text}, 2,
           out);
    pad_key(key, 0x5c, block);
    sha256((struct yk_slice[]){{(const char *)block, SHA256_BLOCK},
                               {(const char *)out, YK_HMAC_SHA256_LEN}},
           2, out);
    explicit_bzero(block, sizeof(block));
}

bool yk_is_equal_in_constant_time(struct yk_slice a, struct yk_slice b)
{
    unsigned char difference = 0;
    if (a.len != b.len)
        return false;
    /* Volatile, so that the compiler does not leave the loop early. */
    const volatile char *x = a.ptr, *y = b.ptr;
    for (size_t i = 0; i < a.len; i++)
        difference |= (unsigned char)(x[i] ^ y[i]);
    return difference == 0;
}

size_t yk_base64(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (i + 1 < len)
            three |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < len)
            three |= bytes[i + 2];
        size_t left = len - i < 3 ? len - i : 3;
        for (size_t digit = 0; digit <= left; digit++)
            out[n++] = digits[three >> (18 - 6 * digit) & 63];
    }
    return n;
}
