#include "middleware/credentials.h"

#include <string.h>
#include <strings.h>

#include <yoke/req.h>

#include "core/base64.h"

#include "core/banned.h"

/* NULL when it is not base64, or has a NUL in it. */
static char *decode(yoke_req *req, const char *text)
{
    struct yk_slice slice = yk_slice_of(text);
    char *out = yoke_req_alloc(req, YK_BASE64_BYTES_MAX(slice.len) + 1);
    size_t len;
    if (yk_base64_decode(slice, out, &len) < 0)
        return NULL;
    out[len] = '\0';
    return memchr(out, '\0', len) ? NULL : out;
}

bool yk_credentials_read(yoke_req *req, const char **ret_name,
                         const char **ret_password)
{
    const char *field = yoke_req_get(req, "Authorization");
    if (!field || strncasecmp(field, "Basic ", 6) != 0)
        return false;
    field += 6;
    char *text = decode(req, field + strspn(field, " "));
    char *colon = text ? strchr(text, ':') : NULL;
    if (!colon)
        return false;
    *colon = '\0';
    *ret_name = text;
    *ret_password = colon + 1;
    return true;
}
