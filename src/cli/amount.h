/* Amounts as people read them, in at most seven columns. */
#ifndef YK_CLI_AMOUNT_H
#define YK_CLI_AMOUNT_H

#include <stdint.h>

#define YK_AMOUNT_MAX 24

/* "85us", "1.2ms", "340ms", "2.1s". */
const char *yk_amount_us(uint64_t us, char out[YK_AMOUNT_MAX]);

/* "950ms", "12s", "3m20s", "2h13m", "5d4h". */
const char *yk_amount_age(uint64_t ms, char out[YK_AMOUNT_MAX]);

/* "512", "3.4K", "12M", "1.2G": powers of 1024. */
const char *yk_amount_bytes(uint64_t bytes, char out[YK_AMOUNT_MAX]);

/* "999999", "1.2M", "34M", "1.2G": powers of 1000. */
const char *yk_amount_count(uint64_t count, char out[YK_AMOUNT_MAX]);

#endif
