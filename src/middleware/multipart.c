/* From the pieces of a body to fields and files:
 *
 *     pieces -> parser -> a field, in memory            -> yoke_req_form
 *                 |   `-> a file: memory | hook | spool -> yoke_req_upload
 *                 |                               |
 *                 `<-- stops while it is written -'   the client waits
 *
 * While something is written or a hook wants no more, the rest of the piece is
 * kept, and the request is paused. Nothing is parsed then, so an error never
 * comes while a file is in use by another thread; only the client's going does,
 * and it waits until the write is over. */
#include <yoke/middleware/multipart.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/form.h>
#include <yoke/log.h>
#include <yoke/negotiate.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/charset.h"
#include "middleware/decoder.h"
#include "middleware/form_part.h"
#include "middleware/form_tree.h"
#include "middleware/multipart_options.h"
#include "middleware/multipart_parser.h"
#include "middleware/spool.h"
#include "middleware/upload.h"

#include "core/banned.h"

/* First room for a value in memory. */
#define FIRST_CAPACITY 256
/* Room for what is left of a piece: mostly enough. */
#define REST_CAPACITY  32768
#define MAX_DEPTH      32
#define MAX_INDEX      1000

/* The parser's codes, and ours. */
enum problem {
    MALFORMED = 1,
    HEAD_LONG,
    NAME_MISSING,
    NAME_LONG,
    FILE_UNEXPECTED,
    TOO_DEEP,
    TOTAL_LARGE,
    FILE_LARGE,
    FIELD_LARGE,
    PARTS_MANY,
    FILES_MANY,
    FIELDS_MANY,
    STORAGE_FAILED,
    CONSUMER_FAILED,
    MEMORY_FULL,
};

/* Where the bytes of the part go that is being read. */
enum sink {
    TO_NOBODY,
    TO_MEMORY,
    TO_DISK,
    TO_HOOK
};

struct reader {
    yoke_req *req;
    const struct yoke_multipart_options *options;
    struct yk_multipart_parser parser;
    struct yk_form_tree tree;
    struct yk_spool *spool; /* NULL: no file is on disk yet. */

    /* The part. */
    enum sink sink;
    const char *field;        /* Its name, if it is no file. */
    struct yk_upload *upload; /* Else the file. */
    char *ptr;                /* TO_MEMORY: its bytes; */
    size_t len, capacity;     /* a NUL fits behind `capacity`. */

    size_t total_len, part_count, file_count, field_count;
    char *rest; /* What has not been parsed yet of the last piece. */
    size_t rest_len, rest_capacity;
    bool must_write;  /* The spool is full, or its file complete. */
    bool is_writing;  /* A file is in use. */
    bool is_waiting;  /* A hook wants no more. */
    bool is_refused;  /* An error is on its way; what still comes is ignored. */
    bool is_deserted; /* The client went while a file was written. */
    enum problem pending; /* Found meanwhile; 0: none. */
};

static const char reader_key;

/* ---- What is wrong ---- */

static const struct {
    int status;
    const char *type, *text;
} problems[] = {
    [MALFORMED] = {400, "multipart.malformed",
                   "the body is malformed, or its end is missing"},
    [HEAD_LONG] = {400, "multipart.head.too.large",
                   "the head of a part is too long"},
    [NAME_MISSING] = {400, "multipart.name.missing", "a part has no name"},
    [NAME_LONG] = {400, "multipart.name.too.long",
                   "the name of a field or of a file is too long"},
    [FILE_UNEXPECTED] = {400, "multipart.file.unexpected",
                         "a file that is not expected here"},
    [TOO_DEEP] = {400, "querystring.parse.rangeError",
                  "a name in the form nests too deeply"},
    [TOTAL_LARGE] = {413, "multipart.too.large", "the body is too long"},
    [FILE_LARGE] = {413, "multipart.file.too.large", "a file is too long"},
    [FIELD_LARGE] = {413, "multipart.field.too.large", "a field is too long"},
    [PARTS_MANY] = {413, "multipart.parts.too.many", "too many parts"},
    [FILES_MANY] = {413, "multipart.files.too.many", "too many files"},
    [FIELDS_MANY] = {413, "multipart.fields.too.many", "too many fields"},
    [STORAGE_FAILED] = {500, "multipart.storage.failed",
                        "a file cannot be stored"},
    [CONSUMER_FAILED] = {500, "multipart.consumer.failed",
                         "a file cannot be taken"},
    [MEMORY_FULL] = {503, "entity.no.memory", "no memory for the body"},
};

/* Nothing of the reader may be used afterwards: the error may have been
 * answered. */
static void refuse(struct reader *reader, enum problem problem)
{
    reader->is_refused = true;
    yoke_next_typed(reader->req, problems[problem].status,
                    problems[problem].type, "%s", problems[problem].text);
}

/* ---- A part begins ---- */

static const struct yoke_upload_field *
expected(const struct yoke_multipart_options *options, const char *name)
{
    const struct yoke_upload_field *field = options->fields;
    while (field->name && strcmp(field->name, name) != 0)
        field++;
    return field->name ? field : NULL;
}

/* Files that a field has already. */
static size_t count_of(const struct reader *reader, const char *name)
{
    const struct yoke_upload *file;
    size_t count = 0;
    for (size_t i = 0; (file = yoke_req_upload_at(reader->req, i)); i++)
        count += strcmp(file->name, name) == 0;
    return count;
}

static int check_file(const struct reader *reader, const char *name)
{
    const struct yoke_multipart_options *options = reader->options;
    if (options->no_files)
        return -FILE_UNEXPECTED;
    if (reader->file_count > options->max_files)
        return -FILES_MANY;
    if (!options->fields)
        return 0;
    const struct yoke_upload_field *field = expected(options, name);
    if (!field)
        return -FILE_UNEXPECTED;
    return field->max_files && count_of(reader, name) >= field->max_files
               ? -FILES_MANY
               : 0;
}

static int begin_memory(struct reader *reader)
{
    reader->sink = TO_MEMORY;
    reader->len = 0;
    reader->capacity = FIRST_CAPACITY;
    reader->ptr = yoke_req_try_alloc(reader->req, FIRST_CAPACITY + 1);
    return reader->ptr ? 0 : -MEMORY_FULL;
}

static void on_empty(void *data, int err);

static int begin_disk(struct reader *reader)
{
    reader->sink = TO_DISK;
    int fd =
        yk_spool_open(reader->req, reader->options->dir, &reader->upload->path);
    if (fd < 0) {
        yoke_log(YOKE_LOG_ERROR, "yoke_multipart: no file in %s: %s",
                 reader->options->dir, strerror(-fd));
        return -STORAGE_FAILED;
    }
    reader->upload->file.fd = fd;
    if (!reader->spool)
        reader->spool = yk_spool_new(reader->req, on_empty, reader);
    return 0;
}

static int begin_file(struct reader *reader, const struct yk_form_part *part)
{
    const struct yoke_multipart_options *options = reader->options;
    reader->sink = TO_NOBODY;
    if (!*part->filename)
        return 0;
    reader->file_count++;
    int err = check_file(reader, part->name);
    if (err < 0)
        return err;
    reader->upload =
        yk_upload_new(reader->req, part->name, part->filename, part->type);
    enum yoke_upload_action action = YOKE_UPLOAD_STORE;
    if (options->on_file)
        action =
            options->on_file(reader->req, &reader->upload->file, options->data);
    switch (action) {
    case YOKE_UPLOAD_STORE:
        return options->dir ? begin_disk(reader) : begin_memory(reader);
    case YOKE_UPLOAD_STREAM:
        reader->sink = TO_HOOK;
        return 0;
    case YOKE_UPLOAD_SKIP:
        reader->upload = NULL;
        return 0;
    case YOKE_UPLOAD_REFUSE:
        break;
    }
    return -FILE_UNEXPECTED;
}

static int on_part(void *data, char *head, size_t len)
{
    struct reader *reader = data;
    size_t max_name_len = reader->options->max_name_len;
    struct yk_form_part part;
    reader->upload = NULL;
    if (++reader->part_count > reader->options->max_parts)
        return -PARTS_MANY;
    if (!yk_form_part_read(head, len, &part))
        return -MALFORMED;
    if (!part.name)
        return -NAME_MISSING;
    if (strlen(part.name) > max_name_len ||
        (part.filename && strlen(part.filename) > max_name_len))
        return -NAME_LONG;
    if (part.filename)
        return begin_file(reader, &part);
    if (++reader->field_count > reader->options->max_fields)
        return -FIELDS_MANY;
    reader->field = yoke_req_strdup(reader->req, part.name);
    return begin_memory(reader);
}

/* ---- Its bytes ---- */

/* Memory for `capacity` bytes, of which the first `len` are those of `old`. */
static char *grow(void *data, const char *old, size_t len, size_t capacity)
{
    const struct reader *reader = data;
    char *ptr = yoke_req_try_alloc(reader->req, capacity);
    if (ptr && len > 0)
        memcpy(ptr, old, len);
    return ptr;
}

static int to_memory(struct reader *reader, const char *ptr, size_t len)
{
    size_t need = reader->len + len;
    if (need > reader->capacity) {
        size_t capacity =
            reader->capacity * 2 > need ? reader->capacity * 2 : need;
        char *grown = grow(reader, reader->ptr, reader->len, capacity + 1);
        if (!grown)
            return -MEMORY_FULL;
        reader->ptr = grown;
        reader->capacity = capacity;
    }
    memcpy(reader->ptr + reader->len, ptr, len);
    reader->len = need;
    return 0;
}

static int to_hook(struct reader *reader, const char *ptr, size_t len)
{
    const struct yoke_multipart_options *options = reader->options;
    int result = options->on_data
                     ? options->on_data(reader->req, &reader->upload->file, ptr,
                                        len, options->data)
                     : 0;
    if (result < 0)
        return -CONSUMER_FAILED;
    reader->is_waiting = result > 0;
    return result > 0 ? YK_MULTIPART_STOP : 0;
}

static int to_disk(struct reader *reader, const char *ptr, size_t len,
                   uint64_t offset)
{
    int fd = reader->upload->file.fd;
    int result = yk_spool_add(reader->spool, fd, offset, ptr, len);
    if (result < 0)
        return -MEMORY_FULL;
    reader->must_write = result > 0;
    return result > 0 ? YK_MULTIPART_STOP : 0;
}

static int on_data(void *data, const char *ptr, size_t len)
{
    struct reader *reader = data;
    const struct yoke_multipart_options *options = reader->options;
    struct yk_upload *upload = reader->upload;
    uint64_t before = upload ? upload->file.len : reader->len;
    size_t limit = upload ? options->max_file_len : options->max_field_len;
    if (reader->sink == TO_NOBODY)
        return 0;
    if (len > limit - before)
        return upload ? -FILE_LARGE : -FIELD_LARGE;
    if (upload)
        upload->file.len += len;
    if (reader->sink == TO_MEMORY)
        return to_memory(reader, ptr, len);
    return reader->sink == TO_DISK ? to_disk(reader, ptr, len, before)
                                   : to_hook(reader, ptr, len);
}

/* ---- A part ends ---- */

static int end_field(struct reader *reader)
{
    reader->ptr[reader->len] = '\0';
    if (memchr(reader->ptr, '\0', reader->len))
        return -MALFORMED;
    yoke_req_form_add(reader->req, reader->field, reader->ptr);
    return yk_form_tree_add(&reader->tree, reader->field, reader->ptr) < 0
               ? -TOO_DEEP
               : 0;
}

static int on_part_end(void *data)
{
    struct reader *reader = data;
    const struct yoke_multipart_options *options = reader->options;
    struct yk_upload *upload = reader->upload;
    if (reader->sink == TO_NOBODY)
        return 0;
    if (!upload)
        return end_field(reader);
    if (reader->sink == TO_MEMORY) {
        reader->ptr[reader->len] = '\0';
        upload->file.ptr = reader->ptr;
    }
    if (reader->sink != TO_HOOK)
        yk_upload_list(reader->req, upload);
    if (options->on_file_end)
        options->on_file_end(reader->req, &upload->file, options->data);
    reader->must_write =
        reader->sink == TO_DISK && yk_spool_is_filled(reader->spool);
    return reader->must_write ? YK_MULTIPART_STOP : 0;
}

static const struct yk_multipart_events events = {
    .on_part = on_part,
    .on_data = on_data,
    .on_part_end = on_part_end,
    .grow = grow,
    .malformed = -MALFORMED,
    .head_too_long = -HEAD_LONG,
    .no_memory = -MEMORY_FULL,
};

/* ---- Pieces ---- */

/* Keeps what the parser has not used, which may lie in `rest` already; with
 * `is_more`, behind what is there. */
static bool keep_rest(struct reader *reader, const char *ptr, size_t len,
                      bool is_more)
{
    size_t before = is_more ? reader->rest_len : 0;
    if (len == 0)
        return true;
    if (before + len > reader->rest_capacity) {
        size_t capacity = (before + len) * 2;
        if (capacity < REST_CAPACITY)
            capacity = REST_CAPACITY;
        char *rest = grow(reader, reader->rest, before, capacity);
        if (!rest)
            return false;
        reader->rest = rest;
        reader->rest_capacity = capacity;
    }
    memmove(reader->rest + before, ptr, len);
    reader->rest_len = before + len;
    return true;
}

/* Parses as far as it goes. Returns true when all of it has been used and
 * nothing is to be waited for; false also after an error. */
static bool parse(struct reader *reader, const char *ptr, size_t len)
{
    while (len > 0) {
        ssize_t used = yk_multipart_parser_feed(&reader->parser, ptr, len);
        if (used < 0) {
            refuse(reader, (enum problem) - used);
            return false;
        }
        ptr += used;
        len -= (size_t)used;
        if (!reader->is_waiting && !reader->must_write)
            continue;
        if (!keep_rest(reader, ptr, len, false)) {
            refuse(reader, MEMORY_FULL);
            return false;
        }
        yoke_req_pause(reader->req);
        if (reader->must_write) {
            reader->must_write = false;
            reader->is_writing = true;
            yk_spool_write(reader->spool);
        }
        return false;
    }
    return true;
}

/* What was waited for is over. */
static void go_on(struct reader *reader)
{
    yoke_req *req = reader->req;
    if (reader->is_writing || reader->is_waiting || reader->is_refused)
        return;
    size_t len = reader->rest_len;
    reader->rest_len = 0;
    if (parse(reader, reader->rest, len))
        yoke_req_resume(req);
}

static void fail_deserted(struct reader *reader)
{
    reader->is_refused = true;
    yoke_next_typed(reader->req, 400, "request.aborted",
                    "the client has gone before the end of the body");
}

static void on_empty(void *data, int err)
{
    struct reader *reader = data;
    reader->is_writing = false;
    if (reader->is_deserted) {
        fail_deserted(reader);
    } else if (reader->pending) {
        refuse(reader, reader->pending);
    } else if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "yoke_multipart: cannot write to %s: %s",
                 reader->options->dir, strerror(-err));
        refuse(reader, STORAGE_FAILED);
    } else {
        go_on(reader);
    }
}

void yoke_upload_resume(yoke_req *req)
{
    struct reader *reader = yoke_req_attached(req, &reader_key);
    if (!reader || !reader->is_waiting)
        return;
    reader->is_waiting = false;
    go_on(reader);
}

/* ---- The body ---- */

/* Not while a file is in use: its memory would go. */
static void refuse_later(struct reader *reader, enum problem problem)
{
    if (reader->is_writing)
        reader->pending = problem;
    else
        refuse(reader, problem);
}

static void on_body_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct reader *reader = data;
    (void)req;
    if (reader->is_refused || reader->pending)
        return;
    if (len > reader->options->max_total_len - reader->total_len) {
        refuse_later(reader, TOTAL_LARGE);
        return;
    }
    reader->total_len += len;
    if (!reader->is_writing && !reader->is_waiting)
        parse(reader, ptr, len);
    else if (!keep_rest(reader, ptr, len, true)) /* In spite of the pause. */
        refuse_later(reader, MEMORY_FULL);
}

static void on_body_end(yoke_req *req, int err, void *data)
{
    struct reader *reader = data;
    if (reader->is_refused)
        return;
    if (err < 0 && reader->is_writing) {
        reader->is_deserted = true;
        yoke_hold(req);
        return;
    }
    if (err == -YOKE_ECLOSED)
        fail_deserted(reader);
    if (err < 0)
        return;
    err = yk_multipart_parser_end(&reader->parser);
    if (err < 0) {
        refuse(reader, (enum problem) - err);
        return;
    }
    yk_form_tree_attach(&reader->tree, req);
    yoke_next(req);
}

/* ---- The handler ---- */

/* The boundary; NULL: an error has been passed on. */
static const char *boundary_of(yoke_req *req)
{
    const char *boundary =
        yk_param_of(req, yoke_req_get(req, "Content-Type"), "boundary");
    if (boundary && *boundary && strlen(boundary) <= YK_BOUNDARY_LEN_MAX &&
        !strpbrk(boundary, "\r\n"))
        return boundary;
    yoke_next_typed(req, 400, "multipart.boundary.missing",
                    "the Content-Type names no boundary of 1 to %d bytes",
                    YK_BOUNDARY_LEN_MAX);
    return NULL;
}

static bool is_readable(yoke_req *req,
                        const struct yoke_multipart_options *options)
{
    const char *coding = yoke_req_get(req, "Content-Encoding");
    const char *length = yoke_req_get(req, "Content-Length");
    if (yk_coding_of(coding) != YK_CODING_IDENTITY) {
        yoke_next_typed(req, 415, "encoding.unsupported",
                        "a form in the coding \"%s\" is not taken here",
                        coding);
        return false;
    }
    if (length && strtoull(length, NULL, 10) > options->max_total_len) {
        yoke_next_typed(req, 413, problems[TOTAL_LARGE].type, "%s",
                        problems[TOTAL_LARGE].text);
        return false;
    }
    return true;
}

static struct reader *reader_new(yoke_req *req,
                                 const struct yoke_multipart_options *options,
                                 const char *boundary)
{
    struct reader *reader = yoke_req_alloc(req, sizeof(*reader));
    *reader = (struct reader){
        .req = req,
        .options = options,
        .tree =
            {
                .is_extended = options->extended,
                .max_depth = MAX_DEPTH,
                .max_index = MAX_INDEX,
            },
    };
    yk_multipart_parser_init(&reader->parser, &events, reader, boundary,
                             options->max_head_len);
    return reader;
}

/* The rest is the request's memory. */
static void reader_free(void *value)
{
    struct reader *reader = value;
    yk_form_tree_done(&reader->tree);
}

static void run(yoke_req *req, yoke_res *res)
{
    const struct yoke_multipart_options *options = yoke_data(req);
    (void)res;
    if (!yoke_req_is(req, "multipart/form-data")) {
        yoke_next(req);
        return;
    }
    const char *boundary = is_readable(req, options) ? boundary_of(req) : NULL;
    if (!boundary)
        return;
    struct reader *reader = reader_new(req, options, boundary);
    yoke_req_attach(req, &reader_key, reader, reader_free);
    if (yoke_req_on_data(req, on_body_data, on_body_end, reader) < 0)
        yoke_next(req);
}

struct yoke_handler
yoke_multipart_with(const struct yoke_multipart_options *options)
{
    return yoke_with(run, yk_multipart_options_copy(options),
                     yk_multipart_options_free);
}
