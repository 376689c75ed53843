#include "middleware/multipart_options.h"

#include <stdint.h>
#include <stdlib.h>

#include "middleware/texts.h"

#include "core/banned.h"

#define MIB ((size_t)1024 * 1024)

static void fill_in(size_t *field, size_t value)
{
    if (*field == 0)
        *field = value;
}

static void *must(void *ptr)
{
    if (!ptr)
        abort();
    return ptr;
}

static struct yoke_upload_field *
copy_fields(const struct yoke_upload_field *fields)
{
    size_t n = 0;
    while (fields[n].name)
        n++;
    struct yoke_upload_field *copy = must(calloc(n + 1, sizeof(*copy)));
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct yoke_upload_field){yk_text_copy(fields[i].name),
                                             fields[i].max_files};
    return copy;
}

struct yoke_multipart_options *
yk_multipart_options_copy(const struct yoke_multipart_options *options)
{
    struct yoke_multipart_options *copy = must(malloc(sizeof(*copy)));
    *copy = *options;
    fill_in(&copy->max_total_len, 32 * MIB);
    fill_in(&copy->max_file_len, 8 * MIB);
    fill_in(&copy->max_field_len, MIB);
    fill_in(&copy->max_parts, 1000);
    fill_in(&copy->max_files, 16);
    fill_in(&copy->max_fields, 1000);
    fill_in(&copy->max_name_len, 255);
    fill_in(&copy->max_head_len, 2048);
    copy->dir = yk_text_copy(options->dir);
    if (options->fields)
        copy->fields = copy_fields(options->fields);
    return copy;
}

void yk_multipart_options_free(void *data)
{
    struct yoke_multipart_options *options = data;
    for (size_t i = 0; options->fields && options->fields[i].name; i++)
        yk_text_free(options->fields[i].name);
    free((void *)(uintptr_t)options->fields);
    yk_text_free(options->dir);
    free(options);
}
