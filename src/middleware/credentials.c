#include "middleware/credentials.h"

#include <string.h>
#include <strings.h>

#include <yoke/req.h>

#include "core/banned.h"

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* base64 (RFC 4648 section 4), perhaps without its padding; NULL when it is
 * none, or has a NUL in it. */
static char *decode(yoke_req *req, const char *text)
{
    size_t len = strlen(text), n = 0;
    char *out = yoke_req_alloc(req, len + 1);
    unsigned bits = 0, count = 0;
    while (len > 0 && text[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return NULL;
        bits = bits << 6 | (unsigned)digit;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        out[n++] = (char)(bits >> count);
    }
    out[n] = '\0';
    return memchr(out, '\0', n) ? NULL : out;
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
