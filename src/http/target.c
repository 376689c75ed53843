#include "http/target.h"

#include <string.h>

#include "http/chars.h"

static inline bool is_port(const char *ptr, size_t len)
{
    unsigned number = 0;
    if (len == 0 || len > 5)
        return false;
    for (const char *end = ptr + len; ptr < end; ptr++) {
        unsigned digit = (unsigned char)*ptr - (unsigned)'0';
        if (digit > 9)
            return false;
        number = number * 10 + digit;
    }
    return number <= 65535;
}

/* Hex digits, colons and dots between brackets: enough to know that it is an
 * IPv6 literal and nothing else; whether it names a host is not our business.
 */
static size_t ip6_literal_len(struct yk_slice text)
{
    size_t n = 1;
    while (n < text.len && (yk_char_is(text.ptr[n], YK_CHAR_HEX) ||
                            text.ptr[n] == ':' || text.ptr[n] == '.'))
        n++;
    return n >= 3 && n < text.len && text.ptr[n] == ']' ? n + 1 : 0;
}

bool yk_authority_is_legal(struct yk_slice authority)
{
    if (authority.len == 0)
        return false;
    size_t n = authority.ptr[0] == '['
                   ? ip6_literal_len(authority)
                   : yk_chars_span(authority.ptr, authority.len, YK_CHAR_HOST);
    if (n == 0)
        return false;
    if (n == authority.len)
        return true;
    return authority.ptr[n] == ':' &&
           is_port(authority.ptr + n + 1, authority.len - n - 1);
}

/* The length of "http://" or "https://", or 0. */
static uint16_t scheme_len(struct yk_slice target)
{
    static const struct yk_slice schemes[] = {YK_LIT("http://"),
                                              YK_LIT("https://")};
    for (size_t i = 0; i < 2; i++) {
        struct yk_slice head = {target.ptr, schemes[i].len};
        if (target.len > head.len && yk_slice_eq_nocase(head, schemes[i]))
            return (uint16_t)head.len;
    }
    return 0;
}

/* Before and after, with and without a path:
 *
 *     http://host/a   ->   http:/host|/a       | is the NUL
 *     http://host?a   ->   http:host|/?a
 */
static enum yk_h1_error parse_absolute(struct yk_request *req,
                                       struct yk_span target, uint16_t path_end)
{
    char *start = req->base + target.off;
    uint16_t scheme = scheme_len((struct yk_slice){start, target.len});
    if (!scheme)
        return YK_H1_TARGET;

    uint16_t len = 0;
    while (scheme + len < path_end && start[scheme + len] != '/')
        len++;
    if (!yk_authority_is_legal((struct yk_slice){start + scheme, len}))
        return YK_H1_HOST;

    bool has_path = scheme + len < path_end;
    uint16_t to = (uint16_t)(scheme - (has_path ? 1 : 2));
    uint16_t path = (uint16_t)(scheme + len - (has_path ? 0 : 1));
    memmove(start + to, start + scheme, len);
    start[to + len] = '\0';
    start[path] = '/';
    req->is_absolute = true;
    req->host = (struct yk_span){(uint16_t)(target.off + to), len};
    req->target = (struct yk_span){(uint16_t)(target.off + path),
                                   (uint16_t)(target.len - path)};
    req->path_len = (uint16_t)(path_end - path);
    return YK_H1_OK;
}

enum yk_h1_error yk_target_parse(struct yk_request *req, struct yk_span target,
                                 uint16_t path_len)
{
    struct yk_slice method = yk_request_slice(req, req->method);
    const char *start = req->base + target.off;

    /* Whatever its target is: others take what follows for a tunnel. */
    if (method.len == 7 && memcmp(method.ptr, "CONNECT", 7) == 0)
        return YK_H1_CONNECT;
    req->target = target;
    req->path_len = path_len;
    if (*start == '/')
        return YK_H1_OK;
    if (target.len == 1 && *start == '*')
        return method.len == 7 && memcmp(method.ptr, "OPTIONS", 7) == 0
                   ? YK_H1_OK
                   : YK_H1_TARGET;
    return parse_absolute(req, target, path_len);
}
