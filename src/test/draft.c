#include "test/draft.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/lines.h"

#include "core/banned.h"

/* ---- The request line ---- */

static void add_request_line(const struct yk_draft *d, struct yk_bytes *out)
{
    yk_bytes_printf(out, "%s %s", d->method, d->path);
    if (d->query.len > 0)
        yk_bytes_printf(out, "%c%s", strchr(d->path, '?') ? '&' : '?',
                        d->query.ptr);
    yk_bytes_printf(out, " HTTP/1.%c\r\n", d->is_http10 ? '0' : '1');
}

/* ---- What is filled in ---- */

static bool is_given(const struct yk_draft *d, const char *name)
{
    return yk_lines_have(&d->fields, name) || yk_lines_have(&d->unset, name);
}

static void fill_in(const struct yk_draft *d, struct yk_bytes *out,
                    const char *name, const char *value)
{
    if (!is_given(d, name))
        yk_lines_add(out, name, value);
}

/* The client's own fields. Those that a test sets replace them, all of one
 * name. */
static void add_client_fields(const struct yk_draft *d, struct yk_slice fields,
                              struct yk_bytes *out)
{
    struct yk_slice line, name, value, other;
    while (yk_lines_next(&fields, &line, &name, &value)) {
        if (yk_lines_find(yk_bytes_slice(&d->fields), name, &other) ||
            yk_lines_find(yk_bytes_slice(&d->unset), name, &other))
            continue;
        yk_bytes_add_slice(out, line);
        yk_bytes_add(out, "\r\n");
    }
}

/* An authority in the target goes before, for the two have to agree (RFC 9112
 * section 3.2.2). */
static struct yk_slice authority(const struct yk_draft *d)
{
    const char *start = d->path ? strstr(d->path, "://") : NULL;
    if (!start || *d->path == '/')
        return YK_LIT("test");
    start += 3;
    return (struct yk_slice){start, strcspn(start, "/?#")};
}

static void add_host(const struct yk_draft *d, struct yk_slice client_fields,
                     struct yk_bytes *out)
{
    struct yk_slice host = authority(d), other;
    if (is_given(d, "Host") ||
        yk_lines_find(client_fields, YK_LIT("Host"), &other))
        return;
    yk_bytes_printf(out, "Host: %.*s\r\n", (int)host.len, host.ptr);
}

/* Methods whose requests have a body by nature say so when it is empty
 * (RFC 9110 section 8.6). */
static bool wants_length(const struct yk_draft *d)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH"};
    if (d->chunk_len > 0 || yk_lines_have(&d->fields, "Transfer-Encoding"))
        return false;
    for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
        if (strcmp(d->method, methods[i]) == 0)
            return true;
    return d->body_kind != YK_DRAFT_NO_BODY;
}

static void add_framing(const struct yk_draft *d, struct yk_bytes *out)
{
    char length[24];
    if (wants_length(d)) {
        snprintf(length, sizeof(length), "%zu", d->body.len);
        fill_in(d, out, "Content-Length", length);
    }
    if (d->chunk_len > 0)
        fill_in(d, out, "Transfer-Encoding", "chunked");
}

static void add_trailer_names(const struct yk_draft *d, struct yk_bytes *out)
{
    struct yk_slice rest = yk_bytes_slice(&d->trailers), line, name, value;
    const char *before = "Trailer: ";
    if (is_given(d, "Trailer"))
        return;
    while (yk_lines_next(&rest, &line, &name, &value)) {
        yk_bytes_printf(out, "%s%.*s", before, (int)name.len, name.ptr);
        before = ", ";
    }
    if (d->trailers.len > 0)
        yk_bytes_add(out, "\r\n");
}

/* ---- The body ---- */

static void add_chunks(const struct yk_draft *d, struct yk_bytes *out)
{
    for (size_t at = 0, len; at < d->body.len; at += len) {
        len = d->body.len - at;
        len = len < d->chunk_len ? len : d->chunk_len;
        yk_bytes_printf(out, "%zx\r\n", len);
        yk_bytes_append(out, d->body.ptr + at, len);
        yk_bytes_add(out, "\r\n");
    }
    yk_bytes_printf(out, "0\r\n%s\r\n", yk_bytes_text(&d->trailers));
}

static void close_body(struct yk_draft *d, struct yk_bytes *out)
{
    char boundary[YK_BOUNDARY_MAX], type[YK_BOUNDARY_MAX + 40];
    if (d->body_kind == YK_DRAFT_MULTIPART) {
        yk_multipart_close(d, boundary);
        snprintf(type, sizeof(type), "multipart/form-data; boundary=%s",
                 boundary);
        fill_in(d, out, "Content-Type", type);
    } else if (d->type) {
        fill_in(d, out, "Content-Type", d->type);
    }
}

static void add_head(struct yk_draft *d, const struct yk_draft_extras *extras,
                     struct yk_bytes *out)
{
    add_request_line(d, out);
    add_host(d, extras->fields, out);
    add_client_fields(d, extras->fields, out);
    yk_bytes_add_slice(out, yk_bytes_slice(&d->fields));
    if (extras->cookies.len > 0)
        yk_bytes_printf(out, "Cookie: %.*s\r\n", (int)extras->cookies.len,
                        extras->cookies.ptr);
    close_body(d, out);
    add_framing(d, out);
    add_trailer_names(d, out);
    yk_bytes_add(out, "\r\n");
}

void yk_draft_write(struct yk_draft *d, const struct yk_draft_extras *extras,
                    struct yk_bytes *out)
{
    if (d->method)
        add_head(d, extras, out);
    if (d->chunk_len > 0)
        add_chunks(d, out);
    else
        yk_bytes_add_slice(out, yk_bytes_slice(&d->body));
}

/* ---- What is asked ---- */

struct yk_slice yk_draft_host(const struct yk_draft *d, struct yk_slice fields)
{
    struct yk_slice host = authority(d);
    if (!yk_lines_find(yk_bytes_slice(&d->fields), YK_LIT("Host"), &host))
        yk_lines_find(fields, YK_LIT("Host"), &host);
    const char *bracket = memchr(host.ptr, ']', host.len);
    size_t from = bracket ? (size_t)(bracket - host.ptr) : 0;
    const char *colon = memchr(host.ptr + from, ':', host.len - from);
    if (colon)
        host.len = (size_t)(colon - host.ptr);
    return host;
}

struct yk_slice yk_draft_path(const struct yk_draft *d)
{
    const char *path = d->path ? d->path : "/";
    const char *scheme = *path != '/' ? strstr(path, "://") : NULL;
    if (scheme)
        path = scheme + 3 + strcspn(scheme + 3, "/?#");
    if (*path != '/')
        return YK_LIT("/");
    return (struct yk_slice){path, strcspn(path, "?#")};
}

void yk_draft_copy(struct yk_draft *to, const struct yk_draft *from)
{
    to->is_http10 = from->is_http10;
    to->body_kind = from->body_kind;
    to->type = from->type;
    to->chunk_len = from->chunk_len;
    yk_bytes_add_slice(&to->fields, yk_bytes_slice(&from->fields));
    yk_bytes_add_slice(&to->unset, yk_bytes_slice(&from->unset));
    yk_bytes_add_slice(&to->cookies, yk_bytes_slice(&from->cookies));
    yk_bytes_add_slice(&to->body, yk_bytes_slice(&from->body));
    yk_bytes_add_slice(&to->parts, yk_bytes_slice(&from->parts));
    yk_bytes_add_slice(&to->trailers, yk_bytes_slice(&from->trailers));
}

void yk_draft_drop_body(struct yk_draft *d)
{
    static const char *const names[] = {"Content-Type", "Content-Length",
                                        "Content-Encoding", "Transfer-Encoding",
                                        "Expect"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        yk_lines_remove(&d->fields, names[i]);
    d->body_kind = YK_DRAFT_NO_BODY;
    d->type = NULL;
    d->chunk_len = d->body.len = d->parts.len = d->trailers.len = 0;
}

void yk_draft_done(struct yk_draft *d)
{
    struct yk_bytes *const all[] = {&d->query,   &d->fields, &d->unset,
                                    &d->cookies, &d->body,   &d->parts,
                                    &d->trailers};
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        yk_bytes_done(all[i]);
    free(d->method);
    free(d->path);
}
