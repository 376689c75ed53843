/* Variants of a page: which fields of the request its answers depend on, and
 * which variants there are (RFC 9111 section 4.1).
 *
 * What is kept under the page's key, if it has variants, is their list; each is
 * kept under a key of its own, which has the list's number in it: so whoever
 * deletes the list deletes them all. */
#ifndef YK_MIDDLEWARE_VARY_H
#define YK_MIDDLEWARE_VARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#include "middleware/kept_answer.h"

#define YK_VARIANTS_MAX   64
#define YK_VARY_NAMES_MAX 256

struct yk_variants {
    uint64_t id;
    uint32_t count;
    uint64_t known[YK_VARIANTS_MAX]; /* Hashes of their keys. */
    char names[YK_VARY_NAMES_MAX];   /* "accept,accept-language", sorted. */
};

/* The names in the answer's `Vary`, in small letters, sorted, each once; "":
 * none. False for "*", and when they are too many to be remembered. */
bool yk_vary_names(const yoke_res *res, char out[YK_VARY_NAMES_MAX]);

/* The names of both; false when there is no room. */
bool yk_vary_join(char names[YK_VARY_NAMES_MAX], const char *more);

/* The key of the variant that the request wants. In its memory. */
const char *yk_variant_key(yoke_req *req, const char *key,
                           const struct yk_variants *variants);

uint64_t yk_variant_hash(const char *variant_key);
bool yk_variant_is_known(const struct yk_variants *variants, uint64_t hash);

/* As bytes, and back; false when these are none. */
void yk_variants_write(const struct yk_variants *variants,
                       struct yk_pile *pile);
bool yk_variants_read(const char *ptr, size_t len,
                      struct yk_variants *ret_variants);

#endif
