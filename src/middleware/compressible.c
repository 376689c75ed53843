#include <yoke/middleware/compress.h>

#include <string.h>
#include <strings.h>

#include <yoke/res.h>

#include "core/banned.h"

static bool is_one_of(const char *type, size_t len, const char *const *names)
{
    for (; *names; names++)
        if (strlen(*names) == len && strncasecmp(type, *names, len) == 0)
            return true;
    return false;
}

static bool has_end(const char *type, size_t len, const char *end)
{
    size_t end_len = strlen(end);
    return len > end_len &&
           strncasecmp(type + len - end_len, end, end_len) == 0;
}

bool yoke_is_compressible(const yoke_res *res)
{
    static const char *const names[] = {
        "application/javascript",
        "application/json",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/rtf",
        "application/graphql",
        "application/manifest+json",
        "application/sql",
        "application/toml",
        "application/yaml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/vnd.microsoft.icon",
        "image/x-icon",
        NULL,
    };
    const char *type = yoke_res_get(res, "Content-Type");
    if (!type)
        return false;
    size_t len = strcspn(type, "; \t");
    return strncasecmp(type, "text/", 5) == 0 || has_end(type, len, "+json") ||
           has_end(type, len, "+xml") || has_end(type, len, "+text") ||
           is_one_of(type, len, names);
}
