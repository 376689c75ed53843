/* Who the client is, and how it reached the server: address, protocol, host.
 * (Express: req.ip, req.ips, req.protocol, req.secure, req.host, req.hostname,
 * req.subdomains, req.xhr.)
 *
 * Behind a proxy the connection is the proxy's, and what the client did stands
 * in fields that the proxy adds: `X-Forwarded-For`, `-Proto`, `-Host`. Anybody
 * can send these, so they are ignored until the setting "trust proxy" says
 * whom to believe:
 *
 *     yoke_app_set_str(app, "trust proxy", "loopback, 10.0.0.0/8");
 *     yoke_app_set_int(app, "trust proxy", 1);
 *
 *     text      addresses and networks, with commas; also "loopback",
 *               "linklocal" and "uniquelocal", which stand for the networks of
 *               that kind
 *     number    so many hops, the connection's being the first; for proxies
 *               whose address is not known
 *     true      every hop: the first address in X-Forwarded-For is taken for
 *               the client's. Only where the proxy removes what clients send.
 *     pointer   a `struct yoke_trust`, which decides for each
 *
 * A mounted application that has no such setting has its parent's. `Forwarded`
 * (RFC 7239) is not read. What is returned is borrowed until the answer has
 * been ended. */
#ifndef YOKE_CLIENT_H
#define YOKE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Decides whether a proxy is trusted: its address, and its place, 0 for the one
 * that has the connection. It is asked for one after the other until it says
 * no.
 *
 *     static const struct yoke_trust ours = {is_ours, NULL};
 *     yoke_app_set_ptr(app, "trust proxy", (void *)&ours, NULL);
 */
struct yoke_trust {
    bool (*fn)(const char *address, int hop, void *data);
    void *data;
};

/* The address of the client: "127.0.0.1", "::1"; an IPv4 client of a dual-stack
 * listener is shown as IPv4. With trusted proxies the first address, from the
 * connection backwards, that is none of theirs; what is no address, with a port
 * or without one, ends the search, and so does the hundredth. "" over a UNIX
 * socket, whose peer counts as trusted when the setting is "loopback", a number
 * or true. (Express: req.ip.) */
const char *yoke_req_ip(const yoke_req *req);

/* The number of addresses from the client to the last proxy but one, and the
 * n-th; 0 is the client's. None without trusted proxies. NULL when there is no
 * n-th. (Express: req.ips.) */
size_t yoke_req_ip_count(const yoke_req *req);
const char *yoke_req_ip_at(const yoke_req *req, size_t n);

/* The protocol, "http" or "https"; by X-Forwarded-Proto from a trusted proxy.
 * Any other word there is ignored. (Express: req.protocol.) */
const char *yoke_req_protocol(const yoke_req *req);

/* True when that is "https". (Express: req.secure.) */
bool yoke_req_is_secure(const yoke_req *req);

/* The host that the client asked for, with its port: "example.com:8080"; by
 * X-Forwarded-Host from a trusted proxy, of a list the first; what is no host is
 * ignored. NULL when there is none (HTTP/1.0). (Express: req.host.) */
const char *yoke_req_host(const yoke_req *req);

/* The same without the port: "example.com", "[::1]". (Express: req.hostname.)
 */
const char *yoke_req_hostname(const yoke_req *req);

/* The number of subdomains, and the n-th, the one next to the domain first: of
 * "a.b.example.com" 0 is "b" and 1 is "a". The setting "subdomain offset" says
 * how many parts the domain has: 2. An address is one part. NULL when there is
 * no n-th. (Express: req.subdomains.) */
size_t yoke_req_subdomain_count(const yoke_req *req);
const char *yoke_req_subdomain(const yoke_req *req, size_t n);

/* True when `X-Requested-With` is "XMLHttpRequest", as some libraries for pages
 * say. (Express: req.xhr.) */
bool yoke_req_is_xhr(const yoke_req *req);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
