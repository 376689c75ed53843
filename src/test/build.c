/* The calls that build a request: each changes the draft. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <yoke/error.h>

#include "core/alloc.h"
#include "core/slice.h"
#include "test/client.h"
#include "test/encode.h"
#include "test/exchange.h"
#include "test/lines.h"

#include "core/banned.h"

/* ---- Requests ---- */

yoke_tr *yoke_test_request(yoke_test *t, const char *method, const char *path)
{
    yoke_tr *r = yk_tr_new(t);
    r->draft.method = yk_strdup(method);
    r->draft.path = yk_strdup(path);
    return r;
}

yoke_tr *yoke_test_get(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "GET", path);
}

yoke_tr *yoke_test_head(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "HEAD", path);
}

yoke_tr *yoke_test_post(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "POST", path);
}

yoke_tr *yoke_test_put(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "PUT", path);
}

yoke_tr *yoke_test_patch(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "PATCH", path);
}

yoke_tr *yoke_test_delete(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "DELETE", path);
}

yoke_tr *yoke_test_options(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "OPTIONS", path);
}

yoke_tr *yoke_test_query(yoke_test *t, const char *path)
{
    return yoke_test_request(t, "QUERY", path);
}

yoke_tr *yoke_test_raw(yoke_test *t, const void *ptr, size_t len)
{
    yoke_tr *r = yk_tr_new(t);
    r->may_be_followed = true;
    yk_bytes_append(&r->draft.body, ptr, len);
    return r;
}

yoke_tr *yoke_test_raw_text(yoke_test *t, const char *text)
{
    return yoke_test_raw(t, text, strlen(text));
}

/* ---- Header fields ---- */

static bool is_cookie(const char *name)
{
    return strcasecmp(name, "Cookie") == 0;
}

/* Cookies go into one field, whoever gives them (RFC 6265 section 5.4). */
static void add_cookies(yoke_tr *r, const char *pairs)
{
    struct yk_bytes *cookies = &r->draft.cookies;
    yk_bytes_printf(cookies, "%s%s", cookies->len > 0 ? "; " : "", pairs);
}

void yoke_tr_append(yoke_tr *r, const char *name, const char *value)
{
    yk_tr_check_unsent(r);
    if (is_cookie(name))
        add_cookies(r, value);
    else
        yk_lines_add(&r->draft.fields, name, value);
}

static void remove_field(yoke_tr *r, const char *name)
{
    yk_tr_check_unsent(r);
    if (is_cookie(name))
        r->draft.cookies.len = 0;
    yk_lines_remove(&r->draft.fields, name);
}

void yoke_tr_set(yoke_tr *r, const char *name, const char *value)
{
    remove_field(r, name);
    yoke_tr_append(r, name, value);
}

void yoke_tr_setf(yoke_tr *r, const char *name, const char *fmt, ...)
{
    struct yk_bytes value = {0};
    va_list args;
    yk_tr_check_unsent(r);
    va_start(args, fmt);
    yk_bytes_vprintf(&value, fmt, args);
    va_end(args);
    yoke_tr_set(r, name, yk_bytes_text(&value));
    yk_bytes_done(&value);
}

void yoke_tr_unset(yoke_tr *r, const char *name)
{
    remove_field(r, name);
    yk_lines_add(&r->draft.unset, name, "");
}

void yoke_test_set(yoke_test *t, const char *name, const char *value)
{
    yoke_test_unset(t, name);
    yk_lines_add(&t->fields, name, value);
}

void yoke_test_unset(yoke_test *t, const char *name)
{
    yk_lines_remove(&t->fields, name);
}

void yoke_test_https(yoke_test *t)
{
    t->is_https = true;
    yoke_test_set(t, "X-Forwarded-Proto", "https");
}

void yoke_tr_host(yoke_tr *r, const char *authority)
{
    yoke_tr_set(r, "Host", authority);
}

void yoke_tr_type(yoke_tr *r, const char *type)
{
    yoke_tr_set(r, "Content-Type", type);
}

void yoke_tr_http10(yoke_tr *r)
{
    yk_tr_check_unsent(r);
    r->draft.is_http10 = true;
}

void yoke_tr_cookie(yoke_tr *r, const char *name, const char *value)
{
    struct yk_bytes pair = {0};
    yk_tr_check_unsent(r);
    yk_bytes_printf(&pair, "%s=", name);
    yk_encode_percent(&pair, value);
    add_cookies(r, pair.ptr);
    yk_bytes_done(&pair);
}

void yoke_tr_basic(yoke_tr *r, const char *user, const char *password)
{
    struct yk_bytes pair = {0}, value = {0};
    yk_tr_check_unsent(r);
    yk_bytes_printf(&pair, "%s:%s", user, password);
    yk_bytes_add(&value, "Basic ");
    yk_encode_base64(&value, pair.ptr, pair.len);
    yoke_tr_set(r, "Authorization", value.ptr);
    yk_bytes_done(&pair);
    yk_bytes_done(&value);
}

void yoke_tr_bearer(yoke_tr *r, const char *token)
{
    yoke_tr_setf(r, "Authorization", "Bearer %s", token);
}

void yoke_tr_query(yoke_tr *r, const char *name, const char *value)
{
    struct yk_bytes *query = &r->draft.query;
    yk_tr_check_unsent(r);
    if (query->len > 0)
        yk_bytes_add(query, "&");
    yk_encode_percent(query, name);
    if (!value)
        return;
    yk_bytes_add(query, "=");
    yk_encode_percent(query, value);
}

/* ---- The body ---- */

/* One kind of body at a time. */
static void start_body(yoke_tr *r, enum yk_draft_body kind)
{
    yk_tr_check_unsent(r);
    if (r->draft.body_kind != kind) {
        r->draft.body.len = r->draft.parts.len = 0;
        r->draft.type = NULL;
    }
    r->draft.body_kind = kind;
}

void yoke_tr_body_bytes(yoke_tr *r, const void *ptr, size_t len)
{
    start_body(r, YK_DRAFT_BYTES);
    r->draft.body.len = 0;
    r->draft.type = NULL;
    yk_bytes_append(&r->draft.body, ptr, len);
}

void yoke_tr_body(yoke_tr *r, const char *text)
{
    yoke_tr_body_bytes(r, text, strlen(text));
}

void yoke_tr_json(yoke_tr *r, struct json_t *value)
{
    char *text =
        value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(value);
    if (r->link) {
        free(text);
        yk_tr_check_unsent(r);
        return;
    }
    if (!text)
        yk_test_fail(r->test, "the JSON value of a body is NULL or cannot be "
                              "written");
    yoke_tr_body(r, text ? text : "");
    r->draft.type = "application/json";
    free(text);
}

void yoke_tr_jsonf(yoke_tr *r, const char *fmt, ...)
{
    struct yk_bytes text = {0};
    va_list args;
    yk_tr_check_unsent(r);
    va_start(args, fmt);
    yk_bytes_vprintf(&text, fmt, args);
    va_end(args);
    yoke_tr_body_bytes(r, yk_bytes_text(&text), text.len);
    r->draft.type = "application/json";
    yk_bytes_done(&text);
}

void yoke_tr_form(yoke_tr *r, const char *name, const char *value)
{
    struct yk_bytes *body = &r->draft.body;
    start_body(r, YK_DRAFT_FORM);
    if (body->len > 0)
        yk_bytes_add(body, "&");
    yk_encode_percent(body, name);
    yk_bytes_add(body, "=");
    yk_encode_percent(body, value);
    r->draft.type = "application/x-www-form-urlencoded";
}

void yoke_tr_field(yoke_tr *r, const char *name, const char *value)
{
    start_body(r, YK_DRAFT_MULTIPART);
    yk_multipart_add(&r->draft, name, NULL, NULL, value, strlen(value));
}

void yoke_tr_file(yoke_tr *r, const char *name, const char *filename,
                  const char *type, const void *ptr, size_t len)
{
    start_body(r, YK_DRAFT_MULTIPART);
    yk_multipart_add(&r->draft, name, filename,
                     type ? type : "application/octet-stream", ptr, len);
}

/* The whole of a file; returns 0 or -errno. */
static int read_file(const char *path, struct yk_bytes *out)
{
    char buf[16384];
    size_t n;
    FILE *file = fopen(path, "rbe");
    if (!file)
        return -errno;
    while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
        yk_bytes_append(out, buf, n);
    int err = ferror(file) ? -EIO : 0;
    fclose(file);
    return err;
}

void yoke_tr_attach(yoke_tr *r, const char *name, const char *path)
{
    struct yk_bytes content = {0};
    yk_tr_check_unsent(r);
    const char *slash = strrchr(path, '/');
    int err = read_file(path, &content);
    if (err < 0)
        yk_test_fail(r->test, "cannot attach \"%s\": %s", path,
                     yoke_strerror(err));
    else
        yoke_tr_file(r, name, slash ? slash + 1 : path, NULL,
                     yk_bytes_text(&content), content.len);
    yk_bytes_done(&content);
}

void yoke_tr_chunked(yoke_tr *r, size_t chunk_len)
{
    yk_tr_check_unsent(r);
    r->draft.chunk_len = chunk_len > 0 ? chunk_len : 1;
}

void yoke_tr_set_trailer(yoke_tr *r, const char *name, const char *value)
{
    yk_tr_check_unsent(r);
    if (r->draft.chunk_len == 0)
        r->draft.chunk_len = SIZE_MAX;
    yk_lines_add(&r->draft.trailers, name, value);
}

/* ---- The connection ---- */

void yoke_tr_remote_addr(yoke_tr *r, const char *ip)
{
    yk_tr_check_unsent(r);
    if (yk_peer_parse(&r->peer, ip) < 0)
        yk_test_fail(r->test, "not an IP address: \"%s\"", ip);
}

void yoke_tr_abort_after(yoke_tr *r, size_t n)
{
    yk_tr_check_unsent(r);
    r->abort_after = n;
}

void yoke_tr_reset_after(yoke_tr *r, size_t n)
{
    yk_tr_check_unsent(r);
    r->reset_after = n;
}

void yoke_tr_reset_after_answer(yoke_tr *r, size_t n)
{
    yk_tr_check_unsent(r);
    r->answer_max = n;
}

void yoke_tr_read_slowly(yoke_tr *r, size_t n)
{
    r->pace = n;
    if (r->link)
        yk_memory_set_pace(&r->link->memory, n);
}

/* ---- The jar ---- */

static struct yk_jar_url url_of(const yoke_test *t, const char *url)
{
    struct yk_jar_url where = {
        .host = YK_LIT("test"),
        .is_https = t->is_https,
        .now_s = yk_test_wall_s(t),
    };
    const char *host = strstr(url, "://");
    if (*url != '/' && host) {
        where.is_https |= strncasecmp(url, "https:", 6) == 0;
        url = host + 3 + strcspn(host + 3, "/?#");
        where.host = (struct yk_slice){host + 3, strcspn(host + 3, ":/?#")};
    } else {
        struct yk_draft none = {.path = NULL};
        where.host = yk_draft_host(&none, yk_bytes_slice(&t->fields));
    }
    where.path =
        *url == '/' ? (struct yk_slice){url, strcspn(url, "?#")} : YK_LIT("/");
    return where;
}

const char *yoke_test_cookie(yoke_test *t, const char *url, const char *name)
{
    struct yk_jar_url where = url_of(t, url);
    YK_LIST_EACH(node, &t->root->exchanges)
    {
        yoke_tr *r = YK_CONTAINER_OF(node, yoke_tr, node);
        if (r->test == t && r->link)
            yk_tr_read(r);
    }
    return yk_jar_find(&t->jar, &where, name);
}

void yoke_test_set_cookie(yoke_test *t, const char *url, const char *set_cookie)
{
    struct yk_jar_url where = url_of(t, url);
    int err = yk_jar_store(&t->jar, yk_slice_of(set_cookie), &where);
    t->has_jar = true;
    if (err < 0)
        yk_test_fail(t, "\"%s\" is no cookie that %.*s can set", set_cookie,
                     (int)where.host.len, where.host.ptr);
}

void yoke_test_clear_cookies(yoke_test *t)
{
    yk_jar_clear(&t->jar);
}
