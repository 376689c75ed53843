/* Functions of libc that this code base does without, and what to use instead.
 * Included last by .c files that handle text; a use does not compile. */
#ifndef YK_CORE_BANNED_H
#define YK_CORE_BANNED_H

/* The fortified libc defines some of them as macros, which cannot be banned. */
#undef strcpy
#undef strcat
#undef stpcpy
#undef sprintf
#undef vsprintf

/* No bound on the destination: memcpy with a checked length, or snprintf. */
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets
/* No error, silent overflow: yk_parse_int. */
#pragma GCC poison atoi atol atoll
/* Hidden state, modified input: memchr and slices. */
#pragma GCC poison strtok
/* Hidden state, time zone: http/date. */
#pragma GCC poison localtime gmtime asctime ctime

#endif
