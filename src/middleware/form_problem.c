#include "middleware/form_problem.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <yoke/value.h>

#include "core/banned.h"

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
    [YK_FORM_DISK_FULL] = {507, "file.disk.full", "there is no room for a file",
                           0},
    [YK_FORM_CONSUMER_FAILED] = {500, "multipart.consumer.failed",
                                 "a file cannot be taken", 0},
    [YK_FORM_MEMORY_FULL] = {503, "entity.no.memory", "no memory for the body",
                             0},
};

#undef LIMIT

enum yk_form_problem yk_form_storage_problem(int err)
{
    bool is_full = err == -ENOSPC || err == -EFBIG || err == -EDQUOT;
    return is_full ? YK_FORM_DISK_FULL : YK_FORM_STORAGE_FAILED;
}

void yk_form_refuse(yoke_req *req, const struct yoke_multipart_options *options,
                    enum yk_form_problem problem)
{
    size_t limit = 0;
    if (problems[problem].limit) {
        memcpy(&limit, (const char *)options + problems[problem].limit,
               sizeof(limit));
        yoke_next_typed(req, problems[problem].status, problems[problem].type,
                        "%s; the limit is %zu", problems[problem].text, limit);
    } else {
        yoke_next_typed(req, problems[problem].status, problems[problem].type,
                        "%s", problems[problem].text);
    }
}
