#include "store/redis_library.h"

#include <stddef.h>

#include "store/library.h"

#define TEXT_OF(x) #x
#define NAME_OF(x) "libhiredis.so." TEXT_OF(x)

struct yk_hiredis_library yk_hiredis;

int yk_hiredis_load(char *why)
{
#define XX(name) {#name, &yk_hiredis.name},
    static const struct yk_library_symbol symbols[] = {
        YK_HIREDIS_FUNCTIONS(XX){NULL, NULL},
    };
#undef XX
    if (yk_hiredis.freeReplyObject)
        return 0;
    return yk_library_load(NAME_OF(HIREDIS_SONAME), "libhiredis0.14", symbols,
                           why);
}
