/* The libraries that decode, zlib and libbrotli, behind one face (decoder.h).
 * Both are loaded at the first use, and stay. */
#ifndef YK_MIDDLEWARE_INFLATER_H
#define YK_MIDDLEWARE_INFLATER_H

#include <stdbool.h>
#include <stddef.h>

#include "middleware/decoder.h"

struct yk_inflater {
    /* False, and said in the log, when the library is not there. */
    bool (*load)(void);
    /* Begins a body; what it returns is its own. NULL: there is no memory. */
    void *(*begin)(struct yk_decoder *decoder, enum yk_coding coding);
    /* Takes a piece, of one byte at least. 0, or what `fn` returned, or -EINVAL,
     * or -ENOMEM. `*is_done` is then whether the body may end here. */
    int (*feed)(void *state, const char *ptr, size_t len, yk_decoded_fn *fn,
                void *data, bool *is_done);
};

extern const struct yk_inflater yk_inflater_zlib, yk_inflater_br;

/* Writes a function's address to `to`; false: library or function is missing. */
bool yk_inflater_find(void *library, const char *name, void *to);

/* Memory for a library: the request's, and freed with it; NULL when the body has
 * had its share. */
void *yk_decoder_alloc(struct yk_decoder *decoder, size_t len);

#endif
