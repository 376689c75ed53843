/* What all expectations have in common: how a sentence "expected X, got Y"
 * begins, and how it is told. */
#ifndef YK_TEST_EXPECT_H
#define YK_TEST_EXPECT_H

#include <stdbool.h>

#include "core/slice.h"
#include "test/bytes.h"
#include "test/exchange.h"

/* Whether the answer can be looked at: it is whole and well-formed, or of a
 * stream so far. */
bool yk_expect_is_sound(const yoke_tr *r);

/* Adds ", got " and, when the answer is not sound, what it is instead; then
 * false. */
bool yk_expect_add_got(const yoke_tr *r, struct yk_bytes *text);

/* Adds a field's value in quotes; NULL: that there is none. */
void yk_expect_add_value(struct yk_bytes *text, const char *value);

/* Ends the sentence and reports it, with the exchange below. */
void yk_expect_fail(const yoke_tr *r, struct yk_bytes *text, const char *file,
                    int line);

#endif
