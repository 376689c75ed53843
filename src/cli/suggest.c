/* The distance is Damerau's, restricted to swaps of neighbours (optimal string
 * alignment), row by row:
 *
 *     cost[i][j] = distance of the first i letters of a, first j of b
 *
 * A row needs the two above it, the second one only for swaps. */
#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>

#include "core/banned.h"

#define LETTERS_MAX 63

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

size_t yk_edit_distance(const char *a, const char *b)
{
    size_t rows[3][LETTERS_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > LETTERS_MAX || b_len > LETTERS_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1,
                           above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1, SIZE_MAX);
        }
    }
    return rows[a_len % 3][b_len];
}

const char *yk_suggest(const char *word, const char *const *words, size_t n)
{
    const char *nearest = NULL;
    size_t least_distance = (strlen(word) + 2) / 3 + 1;

    for (size_t i = 0; i < n; i++) {
        size_t distance =
            words[i] ? yk_edit_distance(word, words[i]) : SIZE_MAX;
        if (distance < least_distance && distance < strlen(words[i])) {
            least_distance = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
