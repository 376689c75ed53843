#include "middleware/json_text.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/utf8.h"

#include "core/banned.h"

/* What is deeper is left to jansson, which has a limit, too. */
#define DEPTH_MAX  16
#define DIGITS_MAX 18 /* So many always fit into 64 bits. */
#define ROOM       512

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Which of eight bytes are below `limit`, at most 0x80: the highest bit of the
 * lowest such byte is set, and none when there is no such byte. */
static uint64_t below(uint64_t bytes, unsigned char limit)
{
    return (bytes - EACH(limit)) & ~bytes & EACH(0x80);
}

/* Whether eight bytes stand as they are. */
static bool are_plain(uint64_t bytes)
{
    return !(below(bytes, ' ') | below(bytes ^ EACH('"'), 1) |
             below(bytes ^ EACH('\\'), 1));
}

/* How far text goes that stands as it is: up to a quote, a backslash or a control
 * character, or the end. */
static size_t plain_len(const char *ptr, size_t len, bool *ret_is_ascii)
{
    uint64_t all = 0, bytes;
    size_t i = 0;
    for (; len - i >= sizeof(bytes); i += sizeof(bytes)) {
        memcpy(&bytes, ptr + i, sizeof(bytes));
        if (!are_plain(bytes))
            break;
        all |= bytes;
    }
    for (; i < len; i++) {
        unsigned char c = (unsigned char)ptr[i];
        if (c < ' ' || c == '"' || c == '\\')
            break;
        all |= c;
    }
    *ret_is_ascii = !(all & EACH(0x80));
    return i;
}

/* ---- Reading ---- */

struct reader {
    const char *at, *end;
    int depth;
};

/* '\0', which is nowhere in JSON: the end. */
static char next_of(const struct reader *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static bool take(struct reader *reader, char c)
{
    if (next_of(reader) != c)
        return false;
    reader->at++;
    return true;
}

/* A scalar that is not as usual: jansson's, which also finds what is wrong. */
static json_t *read_odd(struct reader *reader, const char *start,
                        const char *end)
{
    reader->at = end;
    return json_loadb(start, (size_t)(end - start), JSON_DECODE_ANY, NULL);
}

/* Behind the opening quote: text up to the closing one, which is taken. */
static bool read_plain(struct reader *reader, const char **ret_ptr,
                       size_t *ret_len)
{
    bool is_ascii;
    const char *ptr = reader->at;
    size_t len = plain_len(ptr, (size_t)(reader->end - ptr), &is_ascii);
    if (ptr + len == reader->end || ptr[len] != '"' ||
        (!is_ascii && !yk_is_utf8(ptr, len)))
        return false;
    reader->at = ptr + len + 1;
    *ret_ptr = ptr;
    *ret_len = len;
    return true;
}

static json_t *read_text(struct reader *reader)
{
    const char *start = reader->at++, *ptr;
    size_t len;
    if (read_plain(reader, &ptr, &len))
        return json_stringn_nocheck(ptr, len);
    const char *at = start + 1;
    while (at < reader->end && *at != '"')
        at += *at == '\\' && at + 1 < reader->end ? 2 : 1;
    return at < reader->end ? read_odd(reader, start, at + 1) : NULL;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_delimiter(char c)
{
    return c == ',' || c == '}' || c == ']' || c == '\0';
}

static json_t *read_number(struct reader *reader)
{
    const char *start = reader->at;
    bool is_negative = take(reader, '-');
    const char *digits = reader->at;
    json_int_t number = 0;
    for (; is_digit(next_of(reader)) && reader->at - digits < DIGITS_MAX;
         reader->at++)
        number = number * 10 + (*reader->at - '0');
    size_t len = (size_t)(reader->at - digits);
    if (len > 0 && (len == 1 || *digits != '0') &&
        is_delimiter(next_of(reader)))
        return json_integer(is_negative ? -number : number);
    while (!is_delimiter(next_of(reader)))
        reader->at++;
    return read_odd(reader, start, reader->at);
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(reader->end - reader->at) < len ||
        memcmp(reader->at, word, len) != 0)
        return false;
    reader->at += len;
    return true;
}

static json_t *read_word(struct reader *reader)
{
    if (take_word(reader, "true"))
        return json_true();
    if (take_word(reader, "false"))
        return json_false();
    return take_word(reader, "null") ? json_null() : NULL;
}

static json_t *read_value(struct reader *reader);

/* Both take over `value`, if there is one. */
static bool read_member(struct reader *reader, json_t *object)
{
    const char *name;
    size_t len;
    if (!take(reader, '"') || !read_plain(reader, &name, &len) ||
        !take(reader, ':'))
        return false;
    json_t *value = read_value(reader);
    return json_object_setn_new_nocheck(object, name, len, value) == 0;
}

static bool read_element(struct reader *reader, json_t *array)
{
    return json_array_append_new(array, read_value(reader)) == 0;
}

/* A name that comes twice makes fewer members than there were. */
static json_t *read_many(struct reader *reader, json_t *all, char end,
                         bool (*read_one)(struct reader *, json_t *))
{
    size_t count = 0;
    bool is_good = ++reader->depth <= DEPTH_MAX;
    reader->at++;
    if (is_good && !take(reader, end)) {
        do
            is_good = read_one(reader, all);
        while (is_good && ++count && take(reader, ','));
        is_good = is_good && take(reader, end);
    }
    reader->depth--;
    if (is_good && (end == ']' || json_object_size(all) == count))
        return all;
    json_decref(all);
    return NULL;
}

static json_t *read_value(struct reader *reader)
{
    switch (next_of(reader)) {
    case '{':
        return read_many(reader, json_object(), '}', read_member);
    case '[':
        return read_many(reader, json_array(), ']', read_element);
    case '"':
        return read_text(reader);
    case 't':
    case 'f':
    case 'n':
        return read_word(reader);
    default:
        return read_number(reader);
    }
}

json_t *yk_json_text_read(const char *ptr, size_t len)
{
    struct reader reader = {ptr, ptr + len, 0};
    bool is_ours = len > 0 && (*ptr == '{' || *ptr == '[');
    json_t *value = is_ours ? read_value(&reader) : NULL;
    if (value && reader.at == reader.end)
        return value;
    json_decref(value);
    return json_loadb(ptr, len, JSON_REJECT_DUPLICATES, NULL);
}

/* ---- Writing ---- */

static bool grow(struct yk_json_text *text, size_t len)
{
    size_t room = text->room ? text->room : ROOM;
    while (room - text->len < len)
        room *= 2;
    char *ptr = realloc(text->ptr, room);
    if (!ptr) {
        text->is_broken = true;
        return false;
    }
    text->ptr = ptr;
    text->room = room;
    return true;
}

void yk_json_text_put(struct yk_json_text *text, const char *ptr, size_t len)
{
    if (!text->counts) {
        if (text->room - text->len < len && !grow(text, len))
            return;
        memcpy(text->ptr + text->len, ptr, len);
    }
    text->len += len;
}

static void put_text(struct yk_json_text *text, const char *word)
{
    yk_json_text_put(text, word, strlen(word));
}

void yk_json_text_put_int(struct yk_json_text *text, int64_t number)
{
    char digits[20], *at = digits + sizeof(digits);
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    yk_json_text_put(text, at, (size_t)(digits + sizeof(digits) - at));
}

static int on_odd(const char *ptr, size_t len, void *data)
{
    struct yk_json_text *text = data;
    yk_json_text_put(text, ptr, len);
    return text->is_broken ? -1 : 0;
}

static void put_odd(struct yk_json_text *text, const json_t *value)
{
    if (!value || json_dump_callback(value, on_odd, text,
                                     JSON_COMPACT | JSON_ENCODE_ANY) < 0)
        text->is_broken = true;
}

static bool is_plain(const char *ptr, size_t len)
{
    bool is_ascii;
    return plain_len(ptr, len, &is_ascii) == len &&
           (is_ascii || yk_is_utf8(ptr, len));
}

static void put_plain(struct yk_json_text *text, const char *ptr, size_t len)
{
    yk_json_text_put(text, "\"", 1);
    yk_json_text_put(text, ptr, len);
    yk_json_text_put(text, "\"", 1);
}

static void put_string(struct yk_json_text *text, const json_t *value)
{
    const char *ptr = json_string_value(value);
    size_t len = json_string_length(value);
    if (is_plain(ptr, len))
        put_plain(text, ptr, len);
    else
        put_odd(text, value);
}

static void put_name(struct yk_json_text *text, const char *name, size_t len)
{
    if (is_plain(name, len)) {
        put_plain(text, name, len);
        return;
    }
    json_t *odd = json_stringn_nocheck(name, len);
    put_odd(text, odd);
    json_decref(odd);
}

static void put_value(struct yk_json_text *text, const json_t *value,
                      int depth);

static void put_object(struct yk_json_text *text, const json_t *value,
                       int depth)
{
    json_t *object = (json_t *)(uintptr_t)value; /* Iterators know no const. */
    void *at = json_object_iter(object);
    bool is_first = true;
    put_text(text, "{");
    for (; at && !text->is_broken; at = json_object_iter_next(object, at)) {
        if (!is_first)
            put_text(text, ",");
        is_first = false;
        put_name(text, json_object_iter_key(at), json_object_iter_key_len(at));
        put_text(text, ":");
        put_value(text, json_object_iter_value(at), depth + 1);
    }
    put_text(text, "}");
}

static void put_array(struct yk_json_text *text, const json_t *value, int depth)
{
    size_t count = json_array_size(value);
    put_text(text, "[");
    for (size_t i = 0; i < count && !text->is_broken; i++) {
        if (i > 0)
            put_text(text, ",");
        put_value(text, json_array_get(value, i), depth + 1);
    }
    put_text(text, "]");
}

/* What is inside itself gets deep, and jansson finds it then. */
static void put_value(struct yk_json_text *text, const json_t *value, int depth)
{
    if (json_is_string(value))
        put_string(text, value);
    else if (json_is_integer(value))
        yk_json_text_put_int(text, json_integer_value(value));
    else if (json_is_boolean(value))
        put_text(text, json_is_true(value) ? "true" : "false");
    else if (json_is_object(value) && depth < DEPTH_MAX)
        put_object(text, value, depth);
    else if (json_is_array(value) && depth < DEPTH_MAX)
        put_array(text, value, depth);
    else
        put_odd(text, value);
}

void yk_json_text_put_value(struct yk_json_text *text, const json_t *value)
{
    put_value(text, value, 0);
}

size_t yk_json_text_len(const json_t *value)
{
    struct yk_json_text text = {.counts = true};
    put_value(&text, value, 0);
    return text.is_broken ? 0 : text.len;
}
