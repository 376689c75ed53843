#include "middleware/coder.h"

#include <dlfcn.h>
#include <string.h>

#include <yoke/log.h>

#include "core/banned.h"

bool yk_coder_find(void *library, const char *name, void *to)
{
    void *function = library ? dlsym(library, name) : NULL;
    if (!function) {
        yoke_log(YOKE_LOG_WARN, "%s; answers are not compressed by it",
                 dlerror());
        return false;
    }
    memcpy(to, &function, sizeof(function));
    return true;
}
