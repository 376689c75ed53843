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

#include "core/alloc.h"

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

static void begin(SHA256_CTX *ctx)
{
    load();
    if (!crypto.SHA256_Init(ctx))
        give_up("SHA-256", NULL);
}

static void add(SHA256_CTX *ctx, const void *ptr, size_t len)
{
    if (!crypto.SHA256_Update(ctx, ptr, len))
        give_up("SHA-256", NULL);
}

static void end(SHA256_CTX *ctx, uint8_t out[YK_SHA256_LEN])
{
    if (!crypto.SHA256_Final(out, ctx))
        give_up("SHA-256", NULL);
}

void yk_sha256(struct yk_slice text, uint8_t out[YK_SHA256_LEN])
{
    SHA256_CTX ctx;
    begin(&ctx);
    add(&ctx, text.ptr, text.len);
    end(&ctx, out);
}

/* Both hashes of an HMAC begin with a block that only depends on the key. */
struct yk_hmac_key {
    SHA256_CTX inner, outer; /* Behind that block. */
};

static void begin_padded(SHA256_CTX *ctx, const uint8_t key[SHA256_BLOCK],
                         uint8_t pad)
{
    uint8_t block[SHA256_BLOCK];
    for (int i = 0; i < SHA256_BLOCK; i++)
        block[i] = key[i] ^ pad;
    begin(ctx);
    add(ctx, block, sizeof(block));
    explicit_bzero(block, sizeof(block));
}

struct yk_hmac_key *yk_hmac_key_new(struct yk_slice key)
{
    uint8_t block[SHA256_BLOCK] = {0};
    struct yk_hmac_key *made = yk_alloc(sizeof(*made));
    if (key.len > SHA256_BLOCK)
        yk_sha256(key, block);
    else if (key.len > 0)
        memcpy(block, key.ptr, key.len);
    begin_padded(&made->inner, block, 0x36);
    begin_padded(&made->outer, block, 0x5c);
    explicit_bzero(block, sizeof(block));
    return made;
}

void yk_hmac_key_free(struct yk_hmac_key *key)
{
    if (key)
        explicit_bzero(key, sizeof(*key));
    free(key);
}

void yk_hmac_sha256(const struct yk_hmac_key *key, struct yk_slice text,
                    uint8_t out[YK_HMAC_SHA256_LEN])
{
    SHA256_CTX ctx = key->inner;
    add(&ctx, text.ptr, text.len);
    end(&ctx, out);
    ctx = key->outer;
    add(&ctx, out, YK_HMAC_SHA256_LEN);
    end(&ctx, out);
    explicit_bzero(&ctx, sizeof(ctx));
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
