/* Cookies as the test client keeps them. An input has a field of Set-Cookie in
 * each line: it is kept or refused; what is kept is sent where it belongs, once,
 * and to nobody else. */
#include "fuzz.h"

#include <errno.h>

#include "test/bytes.h"
#include "test/cookie.h"
#include "test/jar.h"

static struct yk_jar_url url_of(const char *host, const char *path)
{
    return (struct yk_jar_url){.host = yk_slice_of(host),
                               .path = yk_slice_of(path),
                               .is_https = true,
                               .now_s = 1700000000};
}

static void check_within(struct yk_slice part, struct yk_slice whole)
{
    MUST(!part.ptr || (part.ptr >= whole.ptr &&
                       part.ptr + part.len <= whole.ptr + whole.len),
         "a part is within the field");
}

static void check_cookie(struct yk_slice field, int64_t now_s)
{
    struct yk_cookie cookie;
    int err = yk_cookie_parse(&cookie, field, now_s);
    MUST(err == 0 || err == -EINVAL, "it is a cookie or none");
    if (err < 0)
        return;
    check_within(cookie.name, field);
    check_within(cookie.value, field);
    check_within(cookie.domain, field);
    check_within(cookie.path, field);
    check_within(cookie.expires, field);
    check_within(cookie.max_age, field);
    MUST(cookie.name.len > 0, "it has a name");
    MUST(!cookie.is_cleared || cookie.is_persistent,
         "what has ended has said so");
}

static size_t sent_to(struct yk_jar *jar, const char *host, const char *path)
{
    struct yk_jar_url url = url_of(host, path);
    struct yk_bytes out = {.ptr = NULL}, again = {.ptr = NULL};
    yk_jar_add(jar, &url, &out);
    size_t len = out.len;
    yk_jar_add(jar, &url, &again);
    MUST(again.len == len &&
             strcmp(yk_bytes_text(&out), yk_bytes_text(&again)) == 0,
         "sending changes nothing");
    yk_bytes_done(&out);
    yk_bytes_done(&again);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yk_jar_url url = url_of("www.a.example", "/dir/page");
    const char *at = (const char *)data, *end = at + size;
    struct yk_jar jar;
    size_t kept = 0;
    yk_jar_init(&jar);
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((lf ? lf : end) - at);
        char *line = fuzz_copy((struct yk_slice){at, len});
        struct yk_slice field = {line, len};
        check_cookie(field, url.now_s);
        int err = yk_jar_store(&jar, field, &url);
        MUST(err == 0 || err == -EINVAL || err == -EPERM, "kept or refused");
        kept += err == 0;
        free(line);
        at += len + 1;
    }
    MUST(kept > 0 || sent_to(&jar, "www.a.example", "/dir/page") == 0,
         "what is sent has been kept");
    MUST(sent_to(&jar, "other.example", "/dir/page") == 0,
         "nobody else gets any");
    sent_to(&jar, "x.www.a.example", "/");
    yk_jar_done(&jar);
    return 0;
}
