/* What was probably meant: the known word that is nearest to a mistyped one. */
#ifndef YK_CLI_SUGGEST_H
#define YK_CLI_SUGGEST_H

#include <stddef.h>

/* The fewest changes that make one word of the other: a letter added, left out,
 * replaced, or two neighbours swapped. Words of over 63 letters are as far
 * apart as can be: SIZE_MAX. */
size_t yk_edit_distance(const char *a, const char *b);

/* The nearest of `n` words, if it is near enough to be meant: a third of the
 * letters may be wrong. NULL when none is; of equally near ones the first.
 * NULL among the words is passed over. */
const char *yk_suggest(const char *word, const char *const *words, size_t n);

#endif
