#include <yoke/version.h>

const char *yoke_version(void)
{
    return YOKE_VERSION;
}
