#include "middleware/form_reader.h"

#include <string.h>

#include <yoke/error.h>
#include <yoke/form.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/form_part.h"
#include "middleware/form_sink.h"
#include "middleware/spool.h"
#include "middleware/upload.h"

#include "core/banned.h"

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
        return options->dir ? yk_form_to_disk(reader)
                            : yk_form_to_memory(reader);
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
    return yk_form_to_memory(reader);
}

/* ---- Its bytes ---- */

static int on_data(void *data, const char *ptr, size_t len)
{
    struct yk_form_reader *reader = data;
    const struct yoke_multipart_options *options = reader->options;
    const struct yk_upload *upload = reader->upload;
    uint64_t before = upload ? upload->file.len : reader->len;
    size_t limit = upload ? options->max_file_len : options->max_field_len;
    if (reader->sink == YK_TO_NOBODY)
        return 0;
    if (len > limit - before)
        return upload ? -YK_FORM_FILE_LARGE : -YK_FORM_FIELD_LARGE;
    return yk_form_put(reader, ptr, len);
}

/* ---- A part ends ---- */

static int end_field(struct yk_form_reader *reader)
{
    reader->ptr[reader->len] = '\0';
    if (memchr(reader->ptr, '\0', reader->len))
        return -YK_FORM_MALFORMED;
    yoke_req_form_add(reader->req, reader->field, reader->ptr);
    return 0;
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
    };
}
