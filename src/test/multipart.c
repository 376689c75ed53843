/* multipart/form-data (RFC 7578). The parts are kept one behind the other, each
 * as a record; only when the last is there can a boundary be chosen that stands
 * in none. */
#include "test/draft.h"

#include <stdio.h>

#include "core/banned.h"

struct record {
    size_t head_len; /* Of the part's head, which follows; */
    size_t len;      /* and of its content, behind that. */
};

/* A name in quotes: what would end it is percent-encoded, as browsers do. */
static void add_quoted(struct yk_bytes *out, const char *name)
{
    yk_bytes_add(out, "\"");
    for (const char *p = name; *p; p++) {
        if (*p == '"' || *p == '\r' || *p == '\n')
            yk_bytes_printf(out, "%%%02X", (unsigned char)*p);
        else
            yk_bytes_append(out, p, 1);
    }
    yk_bytes_add(out, "\"");
}

void yk_multipart_add(struct yk_draft *draft, const char *name,
                      const char *filename, const char *type, const void *ptr,
                      size_t len)
{
    struct yk_bytes head = {0};
    yk_bytes_add(&head, "Content-Disposition: form-data; name=");
    add_quoted(&head, name);
    if (filename) {
        yk_bytes_add(&head, "; filename=");
        add_quoted(&head, filename);
    }
    if (type)
        yk_bytes_printf(&head, "\r\nContent-Type: %s", type);
    yk_bytes_add(&head, "\r\n\r\n");

    struct record record = {head.len, len};
    yk_bytes_append(&draft->parts, &record, sizeof(record));
    yk_bytes_add_slice(&draft->parts, yk_bytes_slice(&head));
    yk_bytes_append(&draft->parts, ptr, len);
    yk_bytes_done(&head);
}

static void choose_boundary(const struct yk_bytes *parts,
                            char boundary[YK_BOUNDARY_MAX])
{
    unsigned n = 0;
    do
        snprintf(boundary, YK_BOUNDARY_MAX, "yoke-test-boundary-%u", n++);
    while (memmem(parts->ptr, parts->len, boundary, strlen(boundary)));
}

void yk_multipart_close(struct yk_draft *draft, char boundary[YK_BOUNDARY_MAX])
{
    const struct yk_bytes *parts = &draft->parts;
    struct record record;

    choose_boundary(parts, boundary);
    draft->body.len = 0;
    for (size_t at = 0; at < parts->len; at += record.head_len + record.len) {
        memcpy(&record, parts->ptr + at, sizeof(record));
        at += sizeof(record);
        yk_bytes_printf(&draft->body, "--%s\r\n", boundary);
        yk_bytes_append(&draft->body, parts->ptr + at,
                        record.head_len + record.len);
        yk_bytes_add(&draft->body, "\r\n");
    }
    yk_bytes_printf(&draft->body, "--%s--\r\n", boundary);
}
