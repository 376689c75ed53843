/* Fuzzes the decoder of chunked bodies, http/h1_chunk.
 *
 * The text is decoded whole, in pieces of chosen sizes, and byte by byte, each
 * piece in memory of exactly its size. All ways must give the same data, use
 * the same number of bytes and come to the same end.
 *
 * A body that is accepted is read again by a naive reader that shares no code
 * with the decoder, and must hold the same data there. */
#include <stdbool.h>

#include "fuzz.h"
#include "http/h1_chunk.h"

/* One way of decoding, and where it led. */
struct outcome {
    struct yk_h1_chunked chunked;
    char *data; /* All pieces of data, one behind the other. */
    size_t data_len;
    size_t used;
    ssize_t error; /* 0, or what the decoder returned. */
};

/* ---- Decoding ---- */

static void start(struct outcome *o, struct yk_slice text)
{
    *o = (struct outcome){.data = malloc(text.len + 1)};
    if (!o->data)
        abort();
    yk_h1_chunked_init(&o->chunked);
}

static bool is_over(const struct outcome *o)
{
    return o->error || yk_h1_chunked_is_last(&o->chunked);
}

/* One call of the decoder; returns the bytes it has used. */
static size_t decode(struct outcome *o, const char *ptr, size_t len)
{
    struct yk_slice data;
    ssize_t n = yk_h1_chunked_decode(&o->chunked, ptr, len, &data);
    if (n < 0) {
        o->error = n;
        return 0;
    }
    MUST((size_t)n <= len, "it has used more than there was");
    MUST(n > 0 || len == 0, "it does not move");
    MUST(data.len == 0 || (data.ptr >= ptr && data.ptr + data.len == ptr + n),
         "data is the end of what was used");
    memcpy(o->data + o->data_len, data.ptr, data.len);
    o->data_len += data.len;
    o->used += (size_t)n;
    return (size_t)n;
}

/* All of a piece, as far as the body goes. */
static void feed(struct outcome *o, const char *ptr, size_t len)
{
    char *copy = fuzz_copy((struct yk_slice){ptr, len});
    size_t n = 0;
    do
        n += decode(o, copy + n, len - n);
    while (n < len && !is_over(o));
    free(copy);
}

static void decode_whole(struct outcome *o, struct yk_slice text)
{
    start(o, text);
    feed(o, text.ptr, text.len);
}

static void decode_in_pieces(struct outcome *o, struct fuzz_input *in)
{
    size_t at = 0;
    start(o, in->text);
    do {
        size_t len = fuzz_choose_piece(in, in->text.len - at);
        feed(o, in->text.ptr + at, len);
        at += len;
    } while (at < in->text.len && !is_over(o));
}

static void decode_bytewise(struct outcome *o, struct yk_slice text)
{
    start(o, text);
    for (size_t at = 0; at < text.len && !is_over(o); at++)
        feed(o, text.ptr + at, 1);
}

static void compare(const struct outcome *a, const struct outcome *b)
{
    MUST(a->error == b->error, "splitting changes the result");
    MUST(a->data_len == b->data_len, "splitting changes the data's length");
    MUST(memcmp(a->data, b->data, a->data_len) == 0,
         "splitting changes the data");
    /* A piece that ends in an error is not used at all. */
    MUST(a->error || a->used == b->used, "splitting changes what is used");
    MUST(is_over(a) == is_over(b), "splitting changes the end");
}

/* ---- A naive reader ---- */

/* Takes the size's line off the front; returns the size. An extension cannot
 * have a CR or LF in it, so the line ends at the first of either. */
static uint64_t read_size(struct yk_slice *text)
{
    size_t len = 0;
    while (len < text->len && text->ptr[len] != '\r' && text->ptr[len] != '\n')
        len++;
    MUST(len + 2 <= text->len && memcmp(text->ptr + len, "\r\n", 2) == 0,
         "the line of a size ends in CR LF");

    char digits[17] = "";
    size_t n = 0;
    while (n < len && text->ptr[n] &&
           strchr("0123456789abcdefABCDEF", text->ptr[n]))
        n++;
    MUST(n >= 1 && n <= 16, "a size has one to sixteen digits");
    MUST(n == len || text->ptr[n] == ';', "only an extension follows a size");
    memcpy(digits, text->ptr, n);
    for (size_t i = n; i < len; i++)
        MUST((unsigned char)text->ptr[i] >= ' ' || text->ptr[i] == '\t',
             "a control character in an extension");
    text->ptr += len + 2;
    text->len -= len + 2;
    return strtoull(digits, NULL, 16);
}

/* Reads a body that was accepted whole: its data must be `data`. */
static void read_naively(struct yk_slice text, struct yk_slice data)
{
    uint64_t size;
    while ((size = read_size(&text)) > 0) {
        MUST(size <= data.len && size + 2 <= text.len, "a size is too large");
        MUST(memcmp(text.ptr, data.ptr, size) == 0, "data differs");
        MUST(memcmp(text.ptr + size, "\r\n", 2) == 0,
             "data is followed by CR LF");
        text.ptr += size + 2;
        text.len -= size + 2;
        data.ptr += size;
        data.len -= size;
    }
    MUST(data.len == 0, "there is more data than the sizes say");
    MUST(text.len == 0, "bytes behind the last chunk were used");
}

static void check(const struct outcome *o, struct yk_slice text)
{
    if (o->error) {
        MUST(o->error < 0, "an error is negative");
        return;
    }
    if (!yk_h1_chunked_is_last(&o->chunked)) {
        MUST(o->used == text.len, "it has stopped too early");
        return;
    }
    read_naively((struct yk_slice){text.ptr, o->used},
                 (struct yk_slice){o->data, o->data_len});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    struct outcome whole, split;

    decode_whole(&whole, in.text);
    check(&whole, in.text);
    decode_in_pieces(&split, &in);
    compare(&whole, &split);
    free(split.data);
    decode_bytewise(&split, in.text);
    compare(&whole, &split);
    free(split.data);
    free(whole.data);
    return 0;
}
