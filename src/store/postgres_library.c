#include "store/postgres_library.h"

#include <stddef.h>

#include "store/library.h"

struct yk_libpq_library yk_libpq;

int yk_libpq_load(char *why)
{
#define XX(name) {#name, &yk_libpq.name},
    static const struct yk_library_symbol symbols[] = {
        YK_LIBPQ_FUNCTIONS(XX){NULL, NULL},
    };
#undef XX
    if (yk_libpq.PQclear)
        return 0;
    /* Its number has been 5 since 2007; an older one has no pipelines, and that
     * is said. */
    return yk_library_load("libpq.so.5", "libpq5", symbols, why);
}
