/* Hashes and signatures, by libcrypto; the only file here that knows it. */
#ifndef YK_APP_HASH_H
#define YK_APP_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

#define YK_SHA1_LEN        20
#define YK_SHA256_LEN      32
#define YK_HMAC_SHA256_LEN 32

/* SHA-1, to tell versions of a content apart; for nothing that an attacker
 * could want to forge. */
void yk_sha1(struct yk_slice text, uint8_t out[YK_SHA1_LEN]);

/* SHA-256, for names of what must not be mistaken for something else. */
void yk_sha256(struct yk_slice text, uint8_t out[YK_SHA256_LEN]);

/* A key of HMAC-SHA-256 (RFC 2104), made ready for many texts: half of what a
 * short one costs is the key's. Never NULL; freed by its owner, which wipes it. */
struct yk_hmac_key *yk_hmac_key_new(struct yk_slice key);
void yk_hmac_key_free(struct yk_hmac_key *key);

/* The HMAC of a text. */
void yk_hmac_sha256(const struct yk_hmac_key *key, struct yk_slice text,
                    uint8_t out[YK_HMAC_SHA256_LEN]);

/* Whether the two are equal, in a time that does not tell where they differ. */
bool yk_is_equal_in_constant_time(struct yk_slice a, struct yk_slice b);

#endif
