/* Media types by file extension: a table in the program, so that no file of
 * the system's is read and every machine answers alike. */
#ifndef YK_APP_MIME_H
#define YK_APP_MIME_H

#include "core/arena.h"
#include "core/slice.h"

/* The type for an extension without its dot, in any case: "text/html" for
 * "html". Empty for one that is not known. Static. */
struct yk_slice yk_mime_of_extension(struct yk_slice extension);

/* The type for a name: "html", ".html", "page.html"; what has a "/" is a type
 * already, and is returned as it is. Empty when it is not known. */
struct yk_slice yk_mime_of(struct yk_slice text);

/* The same type with its charset where it is text: "text/html; charset=utf-8".
 * One that has parameters already stays as it is. In the arena, if need be; a
 * NUL follows what was added. */
struct yk_slice yk_mime_with_charset(struct yk_slice type,
                                     struct yk_arena *arena);

#endif
