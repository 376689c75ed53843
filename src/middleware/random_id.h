/* Random words: names that nobody has, and that nobody can guess. From the
 * system's random numbers, fetched for many words at a time. */
#ifndef YK_MIDDLEWARE_RANDOM_ID_H
#define YK_MIDDLEWARE_RANDOM_ID_H

#include <stddef.h>

/* `len` letters, digits, "-" and "_", six random bits each, and a NUL. Ends the
 * process when the system has no random numbers. At most 64. */
void yk_random_word(char *out, size_t len);

/* A UUID of version 4 (RFC 9562), 36 characters and a NUL. */
void yk_random_uuid(char out[37]);

#endif
