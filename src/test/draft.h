/* A request as a test builds it, until it becomes bytes.
 *
 * What a test does not say is filled in when it is written: Host, the fields
 * and cookies of the client, the type of a body that was made here, and how the
 * body is framed. What a test does say is sent as it is; so malformed requests
 * can be built, too. */
#ifndef YK_TEST_DRAFT_H
#define YK_TEST_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/slice.h"
#include "test/bytes.h"

/* Longest boundary of a multipart body, with its NUL. */
#define YK_BOUNDARY_MAX 40

enum yk_draft_body {
    YK_DRAFT_NO_BODY,
    YK_DRAFT_BYTES,     /* Given as a whole. */
    YK_DRAFT_FORM,      /* name=value&..., field by field. */
    YK_DRAFT_MULTIPART, /* Part by part; `parts` has them. */
};

/* A zeroed one is empty. */
struct yk_draft {
    char *method, *path; /* NULL for raw bytes, which are the `body`. */
    bool is_http10;
    struct yk_bytes query;   /* a=1&b=2, behind the path's own. */
    struct yk_bytes fields;  /* As they will be sent (lines.h). */
    struct yk_bytes unset;   /* Those that are not to be filled in. */
    struct yk_bytes cookies; /* a=1; b=2 */

    enum yk_draft_body body_kind;
    struct yk_bytes body;     /* A multipart's when it is closed. */
    struct yk_bytes parts;    /* Each as its head, length and content. */
    const char *type;         /* Of `body`, unless it is set; or NULL. */
    size_t chunk_len;         /* 0: not chunked. */
    struct yk_bytes trailers; /* Fields behind the last chunk. */
};

/* What the client adds. */
struct yk_draft_extras {
    struct yk_slice fields;  /* Lines; those the draft has are left out. */
    struct yk_slice cookies; /* What stands in Cookie; empty: no such field. */
};

/* Writes the request as it goes over the wire. */
void yk_draft_write(struct yk_draft *draft,
                    const struct yk_draft_extras *extras, struct yk_bytes *out);

/* The host that it is for, without a port, and the path without a query;
 * borrowed. */
struct yk_slice yk_draft_host(const struct yk_draft *draft,
                              struct yk_slice fields);
struct yk_slice yk_draft_path(const struct yk_draft *draft);

/* Copies all of it but the method and the path. */
void yk_draft_copy(struct yk_draft *to, const struct yk_draft *from);

/* Drops the body, and what speaks of it. */
void yk_draft_drop_body(struct yk_draft *draft);

void yk_draft_done(struct yk_draft *draft);

/* ---- multipart.c ---- */

/* Adds a part of a multipart/form-data body. `filename` and `type` may be
 * NULL. */
void yk_multipart_add(struct yk_draft *draft, const char *name,
                      const char *filename, const char *type, const void *ptr,
                      size_t len);

/* Makes the body of the parts, with a boundary that none of them has. */
void yk_multipart_close(struct yk_draft *draft, char boundary[YK_BOUNDARY_MAX]);

#endif
