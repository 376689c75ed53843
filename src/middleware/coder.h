/* The libraries that compress, zlib and libbrotli, behind one face (encoder.h).
 * Both are loaded at the first use: linked, they would cost every process
 * memory, and most never compress. */
#ifndef YK_MIDDLEWARE_CODER_H
#define YK_MIDDLEWARE_CODER_H

#include <stdbool.h>
#include <stddef.h>

#include "middleware/encoder.h"

/* What one library does for one body. `state` is its own. */
struct yk_coder {
    /* Loads the library; false, and said in the log, when it is not there. */
    bool (*load)(void);
    /* Begins a body; NULL: there is no memory. */
    void *(*begin)(const struct yk_encoder_options *options);
    /* Makes it as new, for the next body; false: it cannot. */
    bool (*reset)(void *state);
    void (*end)(void *state);
    int (*run)(void *state, yoke_filter *filter, const void *ptr, size_t len,
               enum yoke_filter_step step);
};

extern const struct yk_coder yk_coder_gzip, yk_coder_br;

/* Finds a function of a library, whose name is for the log; false when library
 * or function is missing. `to` is a pointer to a function. */
bool yk_coder_find(void *library, const char *name, void *to);

#endif
