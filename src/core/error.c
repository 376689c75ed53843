#include <yoke/error.h>

#include <string.h>

const char *yoke_strerror(int err)
{
    switch (-err) {
#define XX(name, number, text)                                                 \
    case YOKE_##name:                                                          \
        return text;
        YOKE_ERROR_MAP(XX)
#undef XX
    case 0:
        return "no error";
    }
    const char *text = strerrordesc_np(-err);
    return text ? text : "unknown error";
}
