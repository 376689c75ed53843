#include "middleware/form_reader.h"

#include <string.h>

#include <yoke/error.h>
#include <yoke/form.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/form_part.h"
#include "middleware/spool.h"
#include "middleware/upload.h"

#include "core/banned.h"

/* First room for a value in memory. */
#define FIRST_CAPACITY 256
#define MAX_DEPTH      32
#define MAX_INDEX      1000

/* ---- What is wrong ---- */

#define LIMIT(field) offsetof(struct yoke_multipart_options, field)

/* Where the limit stands, 0: it has none; how it is told. */
static const struct {
    int status;
    const char *type, *text;
    size_t limit;
} problems[] = {
    [YK_FORM_MALFORMED] = {400, "multipart.malformed",
                           "the body is malformed, or its end is missing", 0},
    [YK_FORM_HEAD_LONG] = {400, "multipart.head.too.large",
                           "the head of a part is too long",
                           LIMIT(max_head_len)},
    [YK_FORM_NAME_MISSING] = {400, "multipart.name.missing",
                              "a part has no name", 0},
    [YK_FORM_NAME_LONG] = {400, "multipart.name.too.long",
                           "the name of a field or of a file is too long",
                           LIMIT(max_name_len)},
    [YK_FORM_FILE_UNEXPECTED] = {400, "multipart.file.unexpected",
                                 "a file that is not expected here", 0},
    [YK_FORM_TOO_DEEP] = {400, "querystring.parse.rangeError",
                          "a name in the form nests too deeply", 0},
    [YK_FORM_TOTAL_LARGE] = {413, "multipart.too.large", "the body is too long",
                             LIMIT(max_total_len)},
    [YK_FORM_FILE_LARGE] = {413, "multipart.file.too.large",
                            "a file is too long", LIMIT(max_file_len)},
    [YK_FORM_FIELD_LARGE] = {413, "multipart.field.too.large",
                             "a field is too long", LIMIT(max_field_len)},
    [YK_FORM_PARTS_MANY] = {413, "multipart.parts.too.many", "too many parts",
                            LIMIT(max_parts)},
    [YK_FORM_FILES_MANY] = {413, "multipart.files.too.many", "too many files",
                            LIMIT(max_files)},
    [YK_FORM_FIELDS_MANY] = {413, "multipart.fields.too.many",
                             "too many fields", LIMIT(max_fields)},
    [YK_FORM_FILES_OF_FIELD_MANY] = {413, "multipart.files.too.many",
                                     "too many files in one field", 0},
    [YK_FORM_STORAGE_FAILED] = {500, "multipart.storage.failed",
                                "a file cannot be stored", 0},
    [YK_FORM_CONSUMER_FAILED] = {500, "multipart.consumer.failed",
                                 "a file cannot be taken", 0},
    [YK_FORM_MEMORY_FULL] = {503, "entity.no.memory", "no memory for the body",
                             0},
};

#undef LIMIT

void yk_form_reader_refuse(const struct yk_form_reader *reader,
                           enum yk_form_problem problem)
{
    size_t limit = 0;
    if (problems[problem].limit) {
        memcpy(&limit, (const char *)reader->options + problems[problem].limit,
               sizeof(limit));
        yoke_next_typed(reader->req, problems[problem].status,
                        problems[problem].type, "%s; the limit is %zu",
                        problems[problem].text, limit);
    } else {
        yoke_next_typed(reader->req, problems[problem].status,
                        problems[problem].type, "%s", problems[problem].text);
    }
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
static size_t count_of(const struct yk_form_reader *reader, const char *name)
{
    const struct yoke_upload *file;
    size_t count = 0;
    for (size_t i = 0; (file = yoke_req_upload_at(reader->req, i)); i++)
        count += strcmp(file->name, name) == 0;
    return count;
}

static int check_file(const struct yk_form_reader *reader, const char *name)
{
    const struct yoke_multipart_options *options = reader->options;
    if (options->no_files)
        return -YK_FORM_FILE_UNEXPECTED;
    if (reader->file_count > options->max_files)
        return -YK_FORM_FILES_MANY;
    if (!options->fields)
        return 0;
    const struct yoke_upload_field *field = expected(options, name);
    if (!field)
        return -YK_FORM_FILE_UNEXPECTED;
    return field->max_files && count_of(reader, name) >= field->max_files
               ? -YK_FORM_FILES_OF_FIELD_MANY
               : 0;
}

static int begin_memory(struct yk_form_reader *reader)
{
    reader->sink = YK_TO_MEMORY;
    reader->len = 0;
    reader->capacity = FIRST_CAPACITY;
    reader->ptr = yoke_req_try_alloc(reader->req, FIRST_CAPACITY + 1);
    return reader->ptr ? 0 : -YK_FORM_MEMORY_FULL;
}

static int begin_disk(struct yk_form_reader *reader)
{
    reader->sink = YK_TO_DISK;
    int fd =
        yk_spool_open(reader->req, reader->options->dir, &reader->upload->path);
    if (fd < 0) {
        yoke_log(YOKE_LOG_ERROR, "yoke_multipart: no file in %s: %s",
                 reader->options->dir, strerror(-fd));
        return -YK_FORM_STORAGE_FAILED;
    }
    reader->upload->file.fd = fd;
    if (!reader->spool)
        reader->spool =
            yk_spool_new(reader->req, reader->on_written, reader->data);
    return 0;
}

static int begin_file(struct yk_form_reader *reader,
                      const struct yk_form_part *part)
{
    const struct yoke_multipart_options *options = reader->options;
    reader->sink = YK_TO_NOBODY;
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
        reader->sink = YK_TO_HOOK;
        return 0;
    case YOKE_UPLOAD_SKIP:
        reader->upload = NULL;
        return 0;
    case YOKE_UPLOAD_REFUSE:
        break;
    }
    return -YK_FORM_FILE_UNEXPECTED;
}

static int on_part(void *data, char *head, size_t len)
{
    struct yk_form_reader *reader = data;
    size_t max_name_len = reader->options->max_name_len;
    struct yk_form_part part;
    reader->upload = NULL;
    if (++reader->part_count > reader->options->max_parts)
        return -YK_FORM_PARTS_MANY;
    if (!yk_form_part_read(head, len, &part))
        return -YK_FORM_MALFORMED;
    if (!part.name)
        return -YK_FORM_NAME_MISSING;
    if (strlen(part.name) > max_name_len ||
        (part.filename && strlen(part.filename) > max_name_len))
        return -YK_FORM_NAME_LONG;
    if (part.filename)
        return begin_file(reader, &part);
    if (++reader->field_count > reader->options->max_fields)
        return -YK_FORM_FIELDS_MANY;
    reader->field = yoke_req_strdup(reader->req, part.name);
    return begin_memory(reader);
}

/* ---- Its bytes ---- */

char *yk_form_reader_grow(void *data, const char *old, size_t len,
                          size_t capacity)
{
    const struct yk_form_reader *reader = data;
    char *ptr = yoke_req_try_alloc(reader->req, capacity);
    if (ptr && len > 0)
        memcpy(ptr, old, len);
    return ptr;
}

static int to_memory(struct yk_form_reader *reader, const char *ptr, size_t len)
{
    size_t need = reader->len + len;
    if (need > reader->capacity) {
        size_t capacity =
            reader->capacity * 2 > need ? reader->capacity * 2 : need;
        char *grown =
            yk_form_reader_grow(reader, reader->ptr, reader->len, capacity + 1);
        if (!grown)
            return -YK_FORM_MEMORY_FULL;
        reader->ptr = grown;
        reader->capacity = capacity;
    }
    memcpy(reader->ptr + reader->len, ptr, len);
    reader->len = need;
    return 0;
}

static int to_hook(struct yk_form_reader *reader, const char *ptr, size_t len)
{
    const struct yoke_multipart_options *options = reader->options;
    int result = options->on_data
                     ? options->on_data(reader->req, &reader->upload->file, ptr,
                                        len, options->data)
                     : 0;
    if (result < 0)
        return -YK_FORM_CONSUMER_FAILED;
    reader->is_waiting = result > 0;
    return result > 0 ? YK_MULTIPART_STOP : 0;
}

static int to_disk(struct yk_form_reader *reader, const char *ptr, size_t len,
                   uint64_t offset)
{
    int fd = reader->upload->file.fd;
    int result = yk_spool_add(reader->spool, fd, offset, ptr, len);
    if (result < 0)
        return -YK_FORM_MEMORY_FULL;
    reader->must_write = result > 0;
    return result > 0 ? YK_MULTIPART_STOP : 0;
}

static int on_data(void *data, const char *ptr, size_t len)
{
    struct yk_form_reader *reader = data;
    const struct yoke_multipart_options *options = reader->options;
    struct yk_upload *upload = reader->upload;
    uint64_t before = upload ? upload->file.len : reader->len;
    size_t limit = upload ? options->max_file_len : options->max_field_len;
    if (reader->sink == YK_TO_NOBODY)
        return 0;
    if (len > limit - before)
        return upload ? -YK_FORM_FILE_LARGE : -YK_FORM_FIELD_LARGE;
    if (upload)
        upload->file.len += len;
    if (reader->sink == YK_TO_MEMORY)
        return to_memory(reader, ptr, len);
    return reader->sink == YK_TO_DISK ? to_disk(reader, ptr, len, before)
                                      : to_hook(reader, ptr, len);
}

/* ---- A part ends ---- */

static int end_field(struct yk_form_reader *reader)
{
    reader->ptr[reader->len] = '\0';
    if (memchr(reader->ptr, '\0', reader->len))
        return -YK_FORM_MALFORMED;
    yoke_req_form_add(reader->req, reader->field, reader->ptr);
    return yk_form_tree_add(&reader->tree, reader->field, reader->ptr) < 0
               ? -YK_FORM_TOO_DEEP
               : 0;
}

static int on_part_end(void *data)
{
    struct yk_form_reader *reader = data;
    const struct yoke_multipart_options *options = reader->options;
    struct yk_upload *upload = reader->upload;
    if (reader->sink == YK_TO_NOBODY)
        return 0;
    if (!upload)
        return end_field(reader);
    if (reader->sink == YK_TO_MEMORY) {
        reader->ptr[reader->len] = '\0';
        upload->file.ptr = reader->ptr;
    }
    if (reader->sink != YK_TO_HOOK)
        yk_upload_list(reader->req, upload);
    if (options->on_file_end)
        options->on_file_end(reader->req, &upload->file, options->data);
    reader->must_write =
        reader->sink == YK_TO_DISK && yk_spool_is_filled(reader->spool);
    return reader->must_write ? YK_MULTIPART_STOP : 0;
}

const struct yk_multipart_events yk_form_reader_events = {
    .on_part = on_part,
    .on_data = on_data,
    .on_part_end = on_part_end,
    .grow = yk_form_reader_grow,
    .malformed = -YK_FORM_MALFORMED,
    .head_too_long = -YK_FORM_HEAD_LONG,
    .no_memory = -YK_FORM_MEMORY_FULL,
};

/* ---- Its start ---- */

void yk_form_reader_init(struct yk_form_reader *reader, yoke_req *req,
                         const struct yoke_multipart_options *options)
{
    *reader = (struct yk_form_reader){
        .req = req,
        .options = options,
        .tree =
            {
                .is_extended = options->extended,
                .max_depth = MAX_DEPTH,
                .max_index = MAX_INDEX,
            },
    };
}
