/* libcrypto is loaded at the first use: linked, it would cost every process a
 * megabyte and a half of memory and four million instructions at its start, and
 * most applications neither sign cookies nor hash their answers. What is loaded
 * is what the headers that were compiled with belong to.
 *
 * The functions are the old ones, SHA1_Init and its kin: OpenSSL 3 prefers its
 * EVP, which costs a malloc and a thousand instructions for each hash; here a
 * request in the steady state costs no malloc. They are there as long as
 * libcrypto.so.3 is. */
#include "app/hash.h"

#include <dlfcn.h>
#include <stdlib.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/opensslv.h>
#include <openssl/sha.h>

#include <yoke/log.h>

#include "core/banned.h"

#define SHA256_BLOCK 64
#define TEXT_OF(x)   #x
#define NAME_OF(x)   "libcrypto.so." TEXT_OF(x)

/* The functions of libcrypto that are used here. */
#define FUNCTIONS(XX)                                                          \
    XX(SHA1_Init)                                                              \
    XX(SHA1_Update)                                                            \
    XX(SHA1_Final)                                                             \
    XX(SHA256_Init)                                                            \
    XX(SHA256_Update)                                                          \
    XX(SHA256_Final)

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
             "%s: %s; signed cookies, entity tags and limits that are "
             "shared need libcrypto",
             what, why ? why : "failed");
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
    if (crypto.SHA256_Final)
        return;
    const char *name = NAME_OF(OPENSSL_SHLIB_VERSION);
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        give_up(name, dlerror());
#define XX(name) *(void **)&crypto.name = find(library, #name);
    FUNCTIONS(XX)
#undef XX
}

void yk_sha1(struct yk_slice text, uint8_t out[YK_SHA1_LEN])
{
    SHA_CTX ctx;
    load();
    if (!crypto.SHA1_Init(&ctx) ||
        !crypto.SHA1_Update(&ctx, text.ptr, text.len) ||
        !crypto.SHA1_Final(out, &ctx))
        give_up("SHA-1", NULL);
}

/* The hash of two texts in a row. */
static void sha256(struct yk_slice first, struct yk_slice second,
                   uint8_t out[YK_HMAC_SHA256_LEN])
{
    SHA256_CTX ctx;
    load();
    if (!crypto.SHA256_Init(&ctx) ||
        !crypto.SHA256_Update(&ctx, first.ptr, first.len) ||
        !crypto.SHA256_Update(&ctx, second.ptr, second.len) ||
        !crypto.SHA256_Final(out, &ctx))
        give_up("SHA-256", NULL);
}

void yk_sha256(struct yk_slice text, uint8_t out[YK_SHA256_LEN])
{
    sha256(text, YK_LIT(""), out);
}

/* The key, made as long as a block, each byte with `pad`. */
static void pad_key(struct yk_slice key, uint8_t pad, uint8_t out[SHA256_BLOCK])
{
    memset(out, 0, SHA256_BLOCK);
    if (key.len > SHA256_BLOCK)
        sha256(key, YK_LIT(""), out);
    else if (key.len > 0)
        memcpy(out, key.ptr, key.len);
    for (int i = 0; i < SHA256_BLOCK; i++)
        out[i] ^= pad;
}

void yk_hmac_sha256(struct yk_slice key, struct yk_slice text,
                    uint8_t out[YK_HMAC_SHA256_LEN])
{
    uint8_t block[SHA256_BLOCK];
    struct yk_slice padded = {(const char *)block, SHA256_BLOCK};
    struct yk_slice inner = {(const char *)out, YK_HMAC_SHA256_LEN};
    pad_key(key, 0x36, block);
    sha256(padded, text, out);
    pad_key(key, 0x5c, block);
    sha256(padded, inner, out);
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
