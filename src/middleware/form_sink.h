/* Where the bytes of a part go: to memory, to a file or to a hook. */
#ifndef YK_MIDDLEWARE_FORM_SINK_H
#define YK_MIDDLEWARE_FORM_SINK_H

#include <stddef.h>

struct yk_form_reader;

/* The part that begins goes to memory; its upload goes to a file. Return 0 or a
 * problem, negated. */
int yk_form_to_memory(struct yk_form_reader *reader);
int yk_form_to_disk(struct yk_form_reader *reader);

/* Puts bytes of the part where they go. Returns 0, YK_MULTIPART_STOP when that
 * takes its time, or a problem, negated. */
int yk_form_put(struct yk_form_reader *reader, const char *ptr, size_t len);

#endif
