#include "store/lmdb_library.h"

#include <stddef.h>

#include "store/library.h"

struct yk_lmdb_library yk_lmdb;

int yk_lmdb_load(char *why)
{
#define XX(name) {#name, &yk_lmdb.name},
    static const struct yk_library_symbol symbols[] = {
        YK_LMDB_FUNCTIONS(XX){NULL, NULL},
    };
#undef XX
    if (yk_lmdb.mdb_strerror)
        return 0;
    return yk_library_load("liblmdb.so.0", "liblmdb0", symbols, why);
}
