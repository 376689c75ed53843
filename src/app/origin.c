/* Who the client is, as far as the connection and trusted proxies tell. */
#include <yoke/client.h>

#include "app/accept.h"
#include "app/app.h"
#include "app/req.h"
#include "app/trust.h"
#include "core/arena.h"
#include "http/target.h"

#include "core/banned.h"

static const struct yk_setting *trust_of(const struct yoke_req *req)
{
    return yk_setting(req->app, YK_SETTING_TRUST_PROXY);
}

static bool is_proxied(const struct yoke_req *req)
{
    const struct yk_setting *trust = trust_of(req);
    return yk_trust_is_on(trust) && yk_trust(trust, req->x->peer, 0);
}

/* ---- Addresses ---- */

/* More proxies than these stand behind each other nowhere. */
#define HOPS_MAX 100

/* A way back through the fields that proxies add an address to, the last one
 * first. */
struct trail {
    const struct yk_request *head;
    uint16_t n;           /* Fields before the one at hand. */
    struct yk_slice rest; /* Of the one at hand; NULL: nothing is left. */
};

/* Takes the last element off a list with commas. */
static struct yk_slice take_last(struct yk_slice *list)
{
    const char *comma = list->len ? memrchr(list->ptr, ',', list->len) : NULL;
    size_t start = comma ? (size_t)(comma - list->ptr) + 1 : 0;
    struct yk_slice last = {list->ptr + start, list->len - start};
    *list = comma ? (struct yk_slice){list->ptr, start - 1}
                  : (struct yk_slice){NULL, 0};
    return last;
}

static bool is_forwarded_for(const struct yk_request *head, uint16_t n)
{
    return yk_slice_eq_nocase(yk_request_slice(head, head->fields[n].name),
                              YK_LIT("X-Forwarded-For"));
}

static bool step_back(struct trail *trail, struct yk_slice *ret_element)
{
    const struct yk_request *head = trail->head;
    while (!trail->rest.ptr && trail->n > 0)
        if (is_forwarded_for(head, --trail->n))
            trail->rest = yk_request_slice(head, head->fields[trail->n].value);
    if (!trail->rest.ptr)
        return false;
    *ret_element = take_last(&trail->rest);
    return true;
}

/* Goes from the connection towards the client, as long as the addresses are
 * those of trusted proxies; returns how many steps that were, and in `*peer`
 * the address there. At most `most` steps. */
static size_t walk(const struct yoke_req *req, size_t most,
                   struct yk_peer *peer)
{
    const struct yk_setting *trust = trust_of(req);
    const struct yk_request *head = req->x->request;
    struct trail trail = {.head = head, .n = head->field_count};
    struct yk_slice text;
    struct yk_peer next;
    size_t steps = 0;
    *peer = *req->x->peer;
    if (!yk_trust_is_on(trust) ||
        !yk_request_find(head, YK_LIT("X-Forwarded-For")))
        return 0;
    while (steps < most && yk_trust(trust, peer, (int)steps) &&
           step_back(&trail, &text) && yk_trust_parse_address(text, &next)) {
        *peer = next;
        steps++;
    }
    return steps;
}

static const char *text_of(const struct yoke_req *req,
                           const struct yk_peer *peer)
{
    return yk_peer_text(peer, yk_arena_alloc(req->x->arena, YK_PEER_TEXT_MAX));
}

const char *yoke_req_ip(const yoke_req *req)
{
    struct yk_peer peer;
    walk(req, HOPS_MAX, &peer);
    return text_of(req, &peer);
}

size_t yoke_req_ip_count(const yoke_req *req)
{
    struct yk_peer peer;
    return walk(req, HOPS_MAX, &peer);
}

const char *yoke_req_ip_at(const yoke_req *req, size_t n)
{
    struct yk_peer peer;
    size_t count = yoke_req_ip_count(req);
    if (n >= count)
        return NULL;
    walk(req, count - n, &peer);
    return text_of(req, &peer);
}

/* ---- Protocol and host ---- */

/* The first element of a field that only proxies send; empty: none. */
static struct yk_slice forwarded(const struct yoke_req *req,
                                 struct yk_slice name)
{
    struct yk_slice first = {NULL, 0};
    if (!is_proxied(req))
        return first;
    struct yk_slice list = yk_req_list(req, name);
    yk_accept_next(&list, &first);
    return first;
}

const char *yoke_req_protocol(const yoke_req *req)
{
    struct yk_slice text = forwarded(req, YK_LIT("X-Forwarded-Proto"));
    return yk_slice_eq_nocase(text, YK_LIT("https")) ? "https" : "http";
}

bool yoke_req_is_secure(const yoke_req *req)
{
    return strcmp(yoke_req_protocol(req), "https") == 0;
}

const char *yoke_req_host(const yoke_req *req)
{
    struct yk_slice text = forwarded(req, YK_LIT("X-Forwarded-Host"));
    if (yk_authority_is_legal(text))
        return yk_arena_strndup(req->x->arena, text.ptr, text.len);
    return yoke_req_get(req, "Host");
}

const char *yoke_req_hostname(const yoke_req *req)
{
    const char *host = yoke_req_host(req);
    if (!host)
        return NULL;
    const char *end = *host == '[' ? strchr(host, ']') : NULL;
    const char *colon = strchr(end ? end : host, ':');
    if (!colon)
        return host;
    return yk_arena_strndup(req->x->arena, host, (size_t)(colon - host));
}

/* ---- Subdomains ---- */

static bool is_address(const char *hostname)
{
    struct yk_peer peer;
    return *hostname == '[' || yk_peer_parse(&peer, hostname) == 0;
}

/* The n-th part from the end; NULL when there are fewer. */
static const char *part(const struct yoke_req *req, size_t n)
{
    const char *hostname = yoke_req_hostname(req);
    if (!hostname || !*hostname)
        return NULL;
    if (is_address(hostname))
        return n == 0 ? hostname : NULL;
    const char *end = hostname + strlen(hostname);
    for (;;) {
        const char *dot = memrchr(hostname, '.', (size_t)(end - hostname));
        const char *start = dot ? dot + 1 : hostname;
        if (n-- == 0)
            return yk_arena_strndup(req->x->arena, start,
                                    (size_t)(end - start));
        if (!dot)
            return NULL;
        end = dot;
    }
}

static size_t offset_of(const struct yoke_req *req)
{
    int64_t offset = yk_setting(req->app, YK_SETTING_SUBDOMAIN_OFFSET)->number;
    return offset > 0 ? (size_t)offset : 0;
}

size_t yoke_req_subdomain_count(const yoke_req *req)
{
    size_t n = 0, offset = offset_of(req);
    while (part(req, offset + n))
        n++;
    return n;
}

const char *yoke_req_subdomain(const yoke_req *req, size_t n)
{
    return part(req, offset_of(req) + n);
}

bool yoke_req_is_xhr(const yoke_req *req)
{
    const char *text = yoke_req_get(req, "X-Requested-With");
    return text && strcasecmp(text, "XMLHttpRequest") == 0;
}
