#include "store/library.h"

#include <dlfcn.h>
#include <errno.h>

#include "store/url.h"

int yk_library_load(const char *file, const char *package,
                    const struct yk_library_symbol *symbols, char *why)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

    if (!library)
        return yk_store_why(why, -ENOTSUP,
                            "%s cannot be loaded (Debian: %s): %s", file,
                            package, dlerror());
    for (; symbols->name; symbols++) {
        void *function = dlsym(library, symbols->name);
        if (!function)
            return yk_store_why(why, -ENOTSUP,
                                "%s has no %s: another version "
                                "of the library is needed",
                                file, symbols->name);
        *(void **)symbols->place = function;
    }
    return 0;
}
