/* JSON as text, and back: what jansson does, with the same result, at a tenth of
 * its cost for what is usual. It reads and writes byte by byte, a hundred
 * instructions each, and a session is read by every request that has one.
 *
 * Here are done: objects, arrays, whole numbers, truth values, and text without
 * backslashes, all without blanks between them, as we write them ourselves. The
 * rest is jansson's: a value that is not so, or the whole of it. */
#ifndef YK_MIDDLEWARE_JSON_TEXT_H
#define YK_MIDDLEWARE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

/* What `ptr` says, an object or an array, as a new reference; NULL: it is no
 * JSON, has a name twice, or there is no memory. */
struct json_t *yk_json_text_read(const char *ptr, size_t len);

/* Text that is being written. Begin with zeroes. */
struct yk_json_text {
    char *ptr; /* malloc's; the caller's to free. */
    size_t len, room;
    bool counts;    /* Only `len` is wanted; `ptr` stays NULL. */
    bool is_broken; /* There was no memory, or a value that is no JSON: not in
                       UTF-8, or inside itself. What is there is of no use. */
};

void yk_json_text_put(struct yk_json_text *text, const char *ptr, size_t len);
void yk_json_text_put_int(struct yk_json_text *text, int64_t number);
void yk_json_text_put_value(struct yk_json_text *text,
                            const struct json_t *value);

/* How long a value is as text; 0: it is no JSON. */
size_t yk_json_text_len(const struct json_t *value);

#endif
