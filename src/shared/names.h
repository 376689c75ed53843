/* Names of things in a store: any text becomes a key that every store takes.
 *
 * "NAME:k:TEXT" when TEXT is short and plain; else "NAME:h:HASH". Whoever keeps
 * something under a hash keeps the text with it, and compares: then a collision
 * is a miss, and nothing worse. */
#ifndef YK_SHARED_NAMES_H
#define YK_SHARED_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for one: a store's prefix of up to 100 bytes fits before it, and a number
 * behind it. */
#define YK_NAME_SIZE 140
/* Longest name of a cache, and of what else has one. */
#define YK_NAME_MAX  32

/* Letters, digits and ".:_-", 1 to YK_NAME_MAX of them. */
bool yk_is_name(const char *text);

/* Whether a text of up to `max_len` bytes can be a key as it is: no blanks, no
 * control characters, not empty. */
bool yk_is_plain(const char *text, size_t max_len);

/* FNV-1a, 64 bits. */
uint64_t yk_name_hash(const char *text);

/* Writes the key of `text`, of which there are several `kinds`, a letter
 * each. */
void yk_name_make(char out[YK_NAME_SIZE], const char *name, char kind,
                  const char *text);

#endif
