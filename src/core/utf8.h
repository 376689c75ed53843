/* Whether bytes are UTF-8: of a body, of a name that goes into a header. */
#ifndef YK_CORE_UTF8_H
#define YK_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Whether all of them are, strictly: nothing longer than it must be, no
 * surrogates, nothing beyond U+10FFFF (RFC 3629 section 4). */
bool yk_is_utf8(const char *ptr, size_t len);

#endif
