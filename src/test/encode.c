#include "test/encode.h"

#include <stdint.h>
#include <string.h>

#include "core/base64.h"
#include "test/bytes.h"

#include "core/banned.h"

static int is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

void yk_encode_percent(struct yk_bytes *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (is_unreserved((unsigned char)*p))
            yk_bytes_append(out, p, 1);
        else
            yk_bytes_printf(out, "%%%02X", (unsigned char)*p);
    }
}

void yk_encode_base64(struct yk_bytes *out, const void *ptr, size_t len)
{
    const uint8_t *bytes = ptr;

    for (size_t i = 0; i < len; i += 3) {
        char text[] = {'=', '=', '=', '='};
        yk_base64_encode(bytes + i, len - i < 3 ? len - i : 3, text);
        yk_bytes_append(out, text, sizeof(text));
    }
}
