#include "middleware/header_option.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <yoke/log.h>

#include "http/chars.h"

#include "core/banned.h"

bool yk_header_name_is_good(const char *who, const char *name)
{
    size_t len = strlen(name);
    if (len > 0 && yk_chars_span(name, len, YK_CHAR_TOKEN) == len)
        return true;
    yoke_log(YOKE_LOG_ERROR,
             "%s: \"%s\" is no name of a header field; it has letters, digits "
             "and \"-\"",
             who, name);
    return false;
}

bool yk_header_name_is_free(const char *who, const char *name)
{
    static const char *const ours[] = {"Connection", "Content-Length", "Date",
                                       "Transfer-Encoding"};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strcasecmp(name, ours[i]) != 0)
            continue;
        yoke_log(YOKE_LOG_ERROR, "%s: yoke sets the header field \"%s\" itself",
                 who, name);
        return false;
    }
    return yk_header_name_is_good(who, name);
}

bool yk_header_value_is_good(const char *who, const char *name,
                             const char *value)
{
    if (!value || yk_chars_are_value(value, strlen(value)))
        return true;
    yoke_log(YOKE_LOG_ERROR,
             "%s: the value of \"%s\" has a line end or another control "
             "character: \"%s\"",
             who, name, value);
    return false;
}
