#include "middleware/form_sink.h"

#include <string.h>

#include <yoke/log.h>
#include <yoke/req.h>

#include "middleware/form_reader.h"
#include "middleware/spool.h"
#include "middleware/upload.h"

#include "core/banned.h"

/* First room for a value in memory. */
#define FIRST_CAPACITY 256

int yk_form_to_memory(struct yk_form_reader *reader)
{
    reader->sink = YK_TO_MEMORY;
    reader->len = 0;
    reader->capacity = FIRST_CAPACITY;
    reader->ptr = yoke_req_try_alloc(reader->req, FIRST_CAPACITY + 1);
    return reader->ptr ? 0 : -YK_FORM_MEMORY_FULL;
}

int yk_form_to_disk(struct yk_form_reader *reader)
{
    reader->sink = YK_TO_DISK;
    int fd =
        yk_spool_open(reader->req, reader->options->dir, &reader->upload->path);
    if (fd < 0) {
        yoke_log(YOKE_LOG_ERROR, "yoke_multipart: no file in %s: %s",
                 reader->options->dir, strerror(-fd));
        return -(int)yk_form_storage_problem(fd);
    }
    reader->upload->file.fd = fd;
    if (!reader->spool)
        reader->spool =
            yk_spool_new(reader->req, reader->on_written, reader->data);
    return 0;
}

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

int yk_form_put(struct yk_form_reader *reader, const char *ptr, size_t len)
{
    struct yk_upload *upload = reader->upload;
    uint64_t before = upload ? upload->file.len : 0;
    if (upload)
        upload->file.len += len;
    if (reader->sink == YK_TO_MEMORY)
        return to_memory(reader, ptr, len);
    return reader->sink == YK_TO_DISK ? to_disk(reader, ptr, len, before)
                                      : to_hook(reader, ptr, len);
}
