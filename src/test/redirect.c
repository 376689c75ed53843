/* Following redirects (RFC 9110 section 15.4), as a browser does: 303 becomes a
 * GET, and so do 301 and 302 of a POST; 307 and 308 are sent again as they
 * were. Credentials and cookies of the test's own do not go to another host. */
#include "test/exchange.h"

#include <stdio.h>

#include "core/alloc.h"
#include "test/client.h"
#include "test/lines.h"

#include "core/banned.h"

static bool is_redirect(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

static const char *method_after(int status, const char *method)
{
    if (strcmp(method, "HEAD") == 0 || strcmp(method, "GET") == 0)
        return method;
    if (status == 303 || (status < 303 && strcmp(method, "POST") == 0))
        return "GET";
    return method;
}

/* ---- Where to ---- */

/* Drops "." and "..", which mean the path they stand in (RFC 3986 section
 * 5.2.4). Works in place. */
static void remove_dots(char *path)
{
    char *end = path + strcspn(path, "?#");
    char *to = path, *from = path;
    while (from < end) {
        size_t len = 1 + strcspn(from + 1, "/?#");
        bool is_dot = len == 2 && from[1] == '.';
        bool is_up = len == 3 && from[1] == '.' && from[2] == '.';
        bool is_last = from + len >= end;
        if (is_up)
            while (to > path && *--to != '/')
                continue;
        if (!is_dot && !is_up) {
            memmove(to, from, len);
            to += len;
        } else if (is_last) {
            *to++ = '/';
        }
        from += len;
    }
    memmove(to, end, strlen(end) + 1);
}

/* The target that a location means, seen from `base`, a path. */
static char *resolve(struct yk_slice base, const char *location)
{
    struct yk_bytes out = {0};

    if (*location == '?')
        yk_bytes_printf(&out, "%.*s%s", (int)base.len, base.ptr, location);
    else if (*location == '/')
        yk_bytes_add(&out, location);
    else {
        while (base.ptr[base.len - 1] != '/')
            base.len--;
        yk_bytes_printf(&out, "%.*s%s", (int)base.len, base.ptr, location);
    }
    out.ptr[strcspn(out.ptr, "#")] = '\0';
    remove_dots(out.ptr);
    return out.ptr;
}

/* The authority of an absolute location, "//host/..." included; empty when it
 * has none. `*location` is then moved behind it. */
static struct yk_slice take_authority(const char **location)
{
    const char *start = *location;
    if (strncasecmp(start, "http:", 5) == 0)
        start += 5;
    else if (strncasecmp(start, "https:", 6) == 0)
        start += 6;
    if (strncmp(start, "//", 2) != 0)
        return YK_LIT("");
    start += 2;
    struct yk_slice host = {start, strcspn(start, "/?#")};
    *location = host.ptr + host.len;
    return host;
}

/* ---- The next request ---- */

static void move_to_host(yoke_tr *hop, const yoke_tr *r, struct yk_slice host)
{
    struct yk_slice fields = yk_bytes_slice(&r->test->fields);
    struct yk_slice old = yk_draft_host(&r->draft, fields);
    struct yk_bytes *lines = &hop->draft.fields;

    if (host.len == 0)
        return;
    yk_lines_remove(lines, "Host");
    yk_bytes_printf(lines, "Host: %.*s\r\n", (int)host.len, host.ptr);
    if (yk_slice_eq_nocase(yk_draft_host(&hop->draft, fields), old))
        return;
    yk_lines_remove(lines, "Authorization");
    yk_lines_add(&hop->draft.unset, "Authorization", "");
    hop->draft.cookies.len = 0;
}

static void keep_host(yoke_tr *hop, const yoke_tr *r)
{
    struct yk_slice host;
    const char *start = strstr(r->draft.path, "://");
    if (*r->draft.path == '/' || !start ||
        yk_lines_find(yk_bytes_slice(&hop->draft.fields), YK_LIT("Host"),
                      &host))
        return;
    start += 3;
    yk_bytes_printf(&hop->draft.fields, "Host: %.*s\r\n",
                    (int)strcspn(start, "/?#"), start);
}

yoke_tr *yk_tr_follow(yoke_tr *r)
{
    const struct yk_answer *answer = &r->answer;
    const char *location = yk_answer_field(answer, "Location");
    if (r->hop)
        return r->hop;
    if (r->redirects_left <= 0 || answer->state != YK_ANSWER_COMPLETE ||
        !is_redirect(answer->status) || !location || !r->draft.method)
        return NULL;

    const char *method = method_after(answer->status, r->draft.method);
    struct yk_slice host = take_authority(&location);
    struct yk_slice base =
        host.len > 0 ? YK_LIT("/") : yk_draft_path(&r->draft);
    yoke_tr *hop = yk_tr_new(r->test);
    yk_draft_copy(&hop->draft, &r->draft);
    hop->draft.method = yk_strdup(method);
    hop->draft.path = resolve(base, location);
    hop->peer = r->peer;
    hop->split = r->split;
    hop->pace = r->pace;
    hop->is_stream = r->is_stream;
    hop->redirects_left = r->redirects_left - 1;
    hop->origin = r;
    keep_host(hop, r);
    move_to_host(hop, r, host);
    if (strcmp(method, r->draft.method) != 0)
        yk_draft_drop_body(&hop->draft);
    r->hop = hop;
    return hop;
}

void yoke_tr_redirects(yoke_tr *r, int most)
{
    yk_tr_check_unsent(r);
    r->redirects_left = most;
}

int yoke_tr_redirect_count(yoke_tr *r)
{
    int n = 0;
    for (const yoke_tr *hop = yk_tr_end(r); hop->origin; hop = hop->origin)
        n++;
    return n;
}

const char *yoke_tr_path(yoke_tr *r)
{
    const char *path = yk_tr_end(r)->draft.path;
    return path ? path : "";
}
