/* Whole numbers and text, strictly: digits only, no sign but a leading `-`
 * where it is allowed, no space, no overflow. */
#ifndef YK_CORE_NUMBER_H
#define YK_CORE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

/* Digits as a number of at most `max`. Returns 0, -EINVAL when `text` is empty
 * or has anything but digits, or -ERANGE. */
int yk_parse_u64(struct yk_slice text, uint64_t max, uint64_t *ret_value);

/* The same for an int with an optional `-`. */
int yk_parse_int(struct yk_slice text, int *ret_value);

/* Room that any 64-bit number fits in. */
#define YK_DIGITS_MAX 20

/* Writes `value` in decimal at `out`, without a NUL; returns its length. */
size_t yk_format_u64(char *out, uint64_t value);

#endif
