/* Forms with files: whatever the body, however it is cut, the parser says the
 * same; and the middleware answers each request once. The boundary is "B". */
#include "fuzz.h"

#include <yoke/yoke.h>

#include "core/utf8.h"
#include "middleware/form_part.h"
#include "middleware/multipart_parser.h"

#define HEAD_MAX 700

/* What the parser has said, one thing behind the other. */
struct said {
    char *text;
    size_t len;
    char last; /* Of what kind the last was: data in a row is one. */
};

static void add(struct said *said, char kind, const char *ptr, size_t len)
{
    said->text = realloc(said->text, said->len + len + 1);
    if (!said->text)
        abort();
    if (kind != 'd' || said->last != 'd')
        said->text[said->len++] = kind;
    if (len > 0)
        memcpy(said->text + said->len, ptr, len);
    said->len += len;
    said->last = kind;
}

static int on_part(void *data, char *head, size_t len)
{
    struct yk_form_part part;
    add(data, 'p', head, len);
    MUST(head[len] == '\0', "a head is text");
    struct yk_slice copy = {head, len + 1};
    char *text = fuzz_copy(copy);
    if (yk_form_part_read(text, len, &part) && part.filename)
        MUST(!strpbrk(part.filename, "/\\\r\n") &&
                 yk_is_utf8(part.filename, strlen(part.filename)),
             "a name is text, and no path");
    free(text);
    return 0;
}

static int on_data(void *data, const char *ptr, size_t len)
{
    MUST(len > 0, "a piece has bytes");
    add(data, 'd', ptr, len);
    return 0;
}

static int on_part_end(void *data)
{
    add(data, 'e', "", 0);
    return 0;
}

/* It is not freed before the whole input has been read. */
static char *grow(void *data, const char *old, size_t len, size_t capacity)
{
    static char *memory;
    char *grown = malloc(capacity);
    (void)data;
    MUST(grown && capacity <= HEAD_MAX + 1, "a head has a limit");
    if (len > 0)
        memcpy(grown, old, len);
    free(memory);
    return memory = grown;
}

static const struct yk_multipart_events events = {
    .on_part = on_part,
    .on_data = on_data,
    .on_part_end = on_part_end,
    .grow = grow,
    .malformed = -1,
    .head_too_long = -2,
    .no_memory = -3,
};

/* Returns 0 or the parser's code. `in` NULL: in one piece. */
static int parse(struct yk_slice text, struct fuzz_input *in, struct said *said)
{
    struct yk_multipart_parser parser;
    yk_multipart_parser_init(&parser, &events, said, "B", HEAD_MAX);
    while (text.len > 0) {
        size_t len = in ? fuzz_choose_piece(in, text.len) : text.len;
        char *piece = fuzz_copy((struct yk_slice){text.ptr, len});
        ssize_t used = yk_multipart_parser_feed(&parser, piece, len);
        free(piece);
        if (used < 0)
            return (int)used;
        MUST((size_t)used == len, "nobody has stopped it");
        text.ptr += len;
        text.len -= len;
    }
    return yk_multipart_parser_end(&parser);
}

static void compare(struct yk_slice text, struct fuzz_input *in)
{
    struct said whole = {0}, cut = {0};
    int err = parse(text, NULL, &whole);
    MUST(parse(text, in, &cut) == err, "cutting changes no result");
    MUST(whole.len == cut.len &&
             (!whole.len || memcmp(whole.text, cut.text, whole.len) == 0),
         "cutting changes nothing that was said");
    free(whole.text);
    free(cut.text);
}

/* ---- The middleware ---- */

static void show(yoke_req *req, yoke_res *res)
{
    for (size_t i = 0; i < yoke_req_upload_count(req); i++) {
        const struct yoke_upload *file = yoke_req_upload_at(req, i);
        MUST(file->ptr && file->ptr[file->len] == '\0' && file->len <= 1000,
             "a file is in memory");
        MUST(*file->filename && !strchr(file->filename, '/'),
             "a file has a name that is no path");
    }
    yoke_res_text(res, "ok");
}

static void ask(struct yk_slice text, uint8_t split)
{
    yoke_app *app = yoke_app_new();
    yoke_app_post(app, "/",
                  yoke_multipart(.max_file_len = 1000, .max_field_len = 1000,
                                 .max_parts = 20, .extended = true),
                  show);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_type(r, "multipart/form-data; boundary=B");
    yoke_tr_body_bytes(r, text.ptr, text.len);
    yoke_tr_split(r, split);
    int status = yoke_tr_status(r);
    MUST(!yoke_tr_error(r), "the answer is well-formed");
    MUST(status == 200 || status == 400 || status == 413,
         "the body is taken or refused");
    yoke_test_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    yoke_log_set_level(YOKE_LOG_OFF);
    uint8_t split = fuzz_choose(&in);
    compare(in.text, &in);
    ask(in.text, split);
    return 0;
}
