#include "test/encode.h"

#include <stdint.h>
#include <string.h>

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
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = ptr;

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        char text[4] = {0, 0, '=', '='};
        if (n > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (n > 2)
            group |= bytes[i + 2];
        for (size_t digit = 0; digit <= n; digit++)
            text[digit] = digits[group >> (18 - 6 * digit) & 63];
        yk_bytes_append(out, text, sizeof(text));
    }
}
