#include "test/jar.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "test/bytes.h"
#include "test/cookie.h"

#include "core/banned.h"

struct stored {
    struct yk_list node;
    char *name, *value, *domain, *path;
    int64_t expires_s;  /* If it is persistent. */
    bool is_persistent; /* Else it lives as long as the jar. */
    bool is_host_only;  /* Not for hosts below `domain`. */
    bool is_secure;     /* For https alone. */
};

static struct stored *stored_of(struct yk_list *node)
{
    return YK_CONTAINER_OF(node, struct stored, node);
}

static void drop(struct stored *cookie)
{
    yk_list_remove(&cookie->node);
    free(cookie->name);
    free(cookie->value);
    free(cookie->domain);
    free(cookie->path);
    free(cookie);
}

void yk_jar_init(struct yk_jar *jar)
{
    yk_list_init(&jar->cookies);
}

void yk_jar_clear(struct yk_jar *jar)
{
    YK_LIST_EACH(node, &jar->cookies)
    drop(stored_of(node));
}

void yk_jar_done(struct yk_jar *jar)
{
    yk_jar_clear(jar);
}

/* ---- Domains and paths (sections 5.1.3 and 5.1.4) ---- */

static bool is_address(struct yk_slice host)
{
    char text[64];
    unsigned char bytes[16];
    if (host.len > 0 && *host.ptr == '[')
        return true;
    if (host.len >= sizeof(text))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, bytes) == 1;
}

static bool is_below(struct yk_slice host, struct yk_slice domain)
{
    if (host.len <= domain.len || is_address(host))
        return false;
    size_t at = host.len - domain.len;
    struct yk_slice end = {host.ptr + at, domain.len};
    return host.ptr[at - 1] == '.' && yk_slice_eq_nocase(end, domain);
}

static bool is_path_match(struct yk_slice path, struct yk_slice cookie)
{
    if (path.len < cookie.len || memcmp(path.ptr, cookie.ptr, cookie.len) != 0)
        return false;
    return path.len == cookie.len || cookie.ptr[cookie.len - 1] == '/' ||
           path.ptr[cookie.len] == '/';
}

/* The path up to its last slash. */
static struct yk_slice default_path(struct yk_slice path)
{
    size_t len = path.len;
    if (len == 0 || *path.ptr != '/')
        return YK_LIT("/");
    while (path.ptr[len - 1] != '/')
        len--;
    return (struct yk_slice){path.ptr, len > 1 ? len - 1 : 1};
}

/* ---- Keeping (section 5.3) ---- */

static char *copy(struct yk_slice text)
{
    char *out = yk_alloc(text.len + 1);
    memcpy(out, text.ptr, text.len);
    return out;
}

static bool is_named(const struct stored *a, const struct stored *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->path, b->path) == 0 &&
           strcasecmp(a->domain, b->domain) == 0;
}

/* Puts it in the place of one with the same name, domain and path, which it
 * then has taken the age of; or at the end. */
static void put(struct yk_jar *jar, struct stored *cookie, bool is_cleared)
{
    struct yk_list *place = &jar->cookies;
    YK_LIST_EACH(node, &jar->cookies)
    {
        if (!is_named(stored_of(node), cookie))
            continue;
        place = node->next;
        drop(stored_of(node));
    }
    yk_list_add(place, &cookie->node);
    if (is_cleared)
        drop(cookie);
}

/* Whether a host may set cookies for a domain, or its own. */
static int check_domain(const struct yk_cookie *cookie, struct yk_slice host)
{
    struct yk_slice domain = cookie->domain;
    if (!domain.ptr || yk_slice_eq_nocase(domain, host))
        return 0;
    if (!memchr(domain.ptr, '.', domain.len) || !is_below(host, domain))
        return -EPERM;
    return 0;
}

int yk_jar_store(struct yk_jar *jar, struct yk_slice field,
                 const struct yk_jar_url *url)
{
    struct yk_cookie cookie;
    int err = yk_cookie_parse(&cookie, field, url->now_s);
    if (err == 0)
        err = check_domain(&cookie, url->host);
    if (err < 0)
        return err;

    bool has_path = cookie.path.len > 0 && *cookie.path.ptr == '/';
    struct stored *stored = yk_alloc(sizeof(*stored));
    *stored = (struct stored){
        .name = copy(cookie.name),
        .value = copy(cookie.value),
        .domain = copy(cookie.domain.ptr ? cookie.domain : url->host),
        .path = copy(has_path ? cookie.path : default_path(url->path)),
        .expires_s = cookie.expires_s,
        .is_persistent = cookie.is_persistent,
        .is_host_only = !cookie.domain.ptr,
        .is_secure = cookie.is_secure,
    };
    yk_list_init(&stored->node);
    put(jar, stored, cookie.is_cleared);
    return 0;
}

/* ---- Sending (section 5.4) ---- */

static bool is_wanted(const struct stored *cookie, const struct yk_jar_url *url)
{
    struct yk_slice domain = yk_slice_of(cookie->domain);
    if (cookie->is_secure && !url->is_https)
        return false;
    if (!yk_slice_eq_nocase(domain, url->host) &&
        (cookie->is_host_only || !is_below(url->host, domain)))
        return false;
    return is_path_match(url->path, yk_slice_of(cookie->path));
}

static void drop_expired(struct yk_jar *jar, int64_t now_s)
{
    YK_LIST_EACH(node, &jar->cookies)
    {
        struct stored *cookie = stored_of(node);
        if (cookie->is_persistent && cookie->expires_s <= now_s)
            drop(cookie);
    }
}

/* The next cookie to send after `last`, which is NULL at first: the longest
 * path that is not longer, and of equal ones the older. */
static struct stored *next_cookie(struct yk_jar *jar,
                                  const struct yk_jar_url *url,
                                  const struct stored *last)
{
    struct stored *best = NULL;
    bool is_after_last = false;
    size_t last_len = last ? strlen(last->path) : SIZE_MAX;

    YK_LIST_EACH(node, &jar->cookies)
    {
        struct stored *cookie = stored_of(node);
        size_t len = strlen(cookie->path);
        bool is_next = len < last_len || (len == last_len && is_after_last);
        is_after_last |= cookie == last;
        if (is_next && is_wanted(cookie, url) &&
            (!best || len > strlen(best->path)))
            best = cookie;
    }
    return best;
}

/* Whether "a=1; b=2" has that name. */
static bool has_name(const struct yk_bytes *pairs, size_t len, const char *name)
{
    const char *p = yk_bytes_text(pairs), *end = p + len;
    size_t name_len = strlen(name);
    while (p < end) {
        if ((size_t)(end - p) > name_len && p[name_len] == '=' &&
            memcmp(p, name, name_len) == 0)
            return true;
        const char *next = memchr(p, ';', (size_t)(end - p));
        p = next ? next + 1 : end;
        while (p < end && *p == ' ')
            p++;
    }
    return false;
}

void yk_jar_add(struct yk_jar *jar, const struct yk_jar_url *url,
                struct yk_bytes *out)
{
    size_t given = out->len;
    struct stored *cookie = NULL;

    drop_expired(jar, url->now_s);
    while ((cookie = next_cookie(jar, url, cookie)))
        if (!has_name(out, given, cookie->name))
            yk_bytes_printf(out, "%s%s=%s", out->len > 0 ? "; " : "",
                            cookie->name, cookie->value);
}

const char *yk_jar_find(struct yk_jar *jar, const struct yk_jar_url *url,
                        const char *name)
{
    struct stored *cookie = NULL;

    drop_expired(jar, url->now_s);
    while ((cookie = next_cookie(jar, url, cookie)))
        if (strcmp(cookie->name, name) == 0)
            return cookie->value;
    return NULL;
}
