/* What is kept in Redis, under the user's key:
 *
 *     \x01  version, 8 bytes  value           what set, add and replace store
 *     decimal digits, perhaps a minus         a number: what incr leaves
 *     anything else                           another program's: version 0
 *
 * So a get is a GET, a set a SET, and a counter is a counter to every other
 * client. A version is a random number below 2^63, made where the value is
 * stored; that of a number has the highest bit set, and the number's own low
 * bits: it changes when the number does.
 *
 * A lock is the key "lock {.NAME}", with the fencing number for a value and the
 * lease for its time to live, and beside it the counter "fence {.NAME}", which
 * stays. The blank in them is what no user's key has; the braces keep the two
 * together in a cluster. Channels are channels. */
#ifndef YK_STORE_REDIS_LAYOUT_H
#define YK_STORE_REDIS_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/random.h"
#include "core/slice.h"

#define YK_REDIS_HEAD_LEN 9

/* Makes the head of a value that is to be stored, of a new version. */
uint64_t yk_redis_make_head(char out[YK_REDIS_HEAD_LEN],
                            struct yk_random *random);

/* The head that has that version. */
void yk_redis_head(char out[YK_REDIS_HEAD_LEN], uint64_t version);

/* Takes what is kept apart. Returns its version. */
uint64_t yk_redis_parse(struct yk_slice kept, struct yk_slice *ret_value);

/* The version of a number. */
uint64_t yk_redis_number_version(int64_t number);

/* If the version is that of a number, the two numbers that have it. */
bool yk_redis_version_numbers(uint64_t version, int64_t ret_numbers[2]);

/* Reads a number as Redis writes it, and every store with it; false when it is
 * none, or has more than 64 bits. */
bool yk_redis_parse_number(struct yk_slice text, int64_t *ret_number);

/* A pattern that matches what begins with `prefix`; `out` has room for twice
 * its length and two more. Returns the pattern's length. */
size_t yk_redis_pattern(char *out, struct yk_slice prefix);

#endif
