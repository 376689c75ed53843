/* Client libraries, loaded when a URL needs them: a server that uses none of
 * them pays for none, neither with memory nor with time at its start. They stay
 * loaded. */
#ifndef YK_STORE_LIBRARY_H
#define YK_STORE_LIBRARY_H

struct yk_library_symbol {
    const char *name;
    void *place; /* Of the pointer to the function. */
};

/* Loads the library and fills in every place; `symbols` ends with a NULL name.
 * Returns 0; or -ENOTSUP, with the reason and the package in `why`. */
int yk_library_load(const char *file, const char *package,
                    const struct yk_library_symbol *symbols, char *why);

#endif
