/* What the fuzz targets share: how an input is laid out, and how a target says
 * that it has found something.
 *
 * An input is a text, the bytes a client sends, and behind its last NUL the
 * choices: how the text is cut into pieces, which limits hold, and what else
 * can happen. So no choice is 0, and without a NUL there are none: a plain
 * request in a file is an input, and a corpus can be read and written by
 * hand. */
#ifndef YK_FUZZ_FUZZ_H
#define YK_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/slice.h"

/* The entry point of a target, called by libFuzzer with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process when the claim does not hold: libFuzzer keeps the input. A
 * macro, so that the line that is reported is the claim's. */
#define MUST(claim, what)                                                      \
    do {                                                                       \
        if (!(claim)) {                                                        \
            fprintf(stderr, "%s:%d: %s\n    %s\n", __FILE__, __LINE__, what,   \
                    #claim);                                                   \
            abort();                                                           \
        }                                                                      \
    } while (0)

struct fuzz_input {
    struct yk_slice text;
    const uint8_t *choice, *end; /* Choices that have not been taken. */
};

static inline struct fuzz_input fuzz_input_of(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memrchr(data, 0, size) : NULL;
    const uint8_t *end = data + size;
    return (struct fuzz_input){
        .text = {(const char *)data, nul ? (size_t)(nul - data) : size},
        .choice = nul ? nul + 1 : end,
        .end = end,
    };
}

static inline bool fuzz_has_choice(const struct fuzz_input *in)
{
    return in->choice < in->end;
}

/* The next choice; 0 when there are no more. */
static inline uint8_t fuzz_choose(struct fuzz_input *in)
{
    return fuzz_has_choice(in) ? *in->choice++ : 0;
}

/* The length of the next piece of a text of which `left` bytes remain: mostly
 * short, sometimes 0, and all of the rest when there are no more choices. */
static inline size_t fuzz_choose_piece(struct fuzz_input *in, size_t left)
{
    if (!fuzz_has_choice(in))
        return left;
    size_t choice = fuzz_choose(in);
    size_t len = choice < 128 ? choice & 15 : (choice - 127) * 8;
    return len < left ? len : left;
}

/* A copy in memory of exactly that size, so that the first byte that is read
 * behind its end is noticed. Released with free(3). */
static inline char *fuzz_copy(struct yk_slice bytes)
{
    char *copy = malloc(bytes.len);
    if (!copy)
        abort();
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return copy;
}

/* Without the spaces and tabs around it. */
static inline struct yk_slice fuzz_trim(struct yk_slice text)
{
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t'))
        text.ptr++, text.len--;
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Whether a comma-separated list has the element, in any case. */
static inline bool fuzz_list_has(struct yk_slice list, const char *element)
{
    for (;;) {
        const char *comma = memchr(list.ptr, ',', list.len);
        size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
        if (yk_slice_eq_nocase(fuzz_trim((struct yk_slice){list.ptr, len}),
                               yk_slice_of(element)))
            return true;
        if (!comma)
            return false;
        list = (struct yk_slice){comma + 1, list.len - len - 1};
    }
}

#endif
