/* Several sites behind one port, told apart by the host that is asked for.
 *
 *     yoke_app_vhost(app, "blog.example.com", make_blog());
 *     yoke_app_vhost(app, "*.example.com", make_users());
 *
 * A pattern is a host name without regard to case; "*" stands for characters of
 * one label, of which the handlers below find what was there by
 * yoke_vhost_part(req, n). With a port ("example.com:8080") that port has to be
 * asked for, too; without one any will do. The host is yoke_req_host's, so a
 * trusted proxy's word counts. Requests to other hosts go on to the next layer.
 * (npm: vhost.) */
#ifndef YOKE_MIDDLEWARE_VHOST_H
#define YOKE_MIDDLEWARE_VHOST_H

#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Mounts an application, which is taken over, for a host. */
void yoke_app_vhost(yoke_app *app, const char *pattern, yoke_app *site);

/* The same as the first layer of a router or of a mounted application, which a
 * request to another host then leaves (yoke_next_router). */
struct yoke_handler yoke_vhost(const char *pattern);

/* What the n-th "*" of the pattern stands for in this request, from 0; NULL when
 * there is no n-th. */
const char *yoke_vhost_part(const yoke_req *req, size_t n);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
