/* The middleware that ships with yoke. Each has its header, which is its
 * manual, and its file in src/middleware/, which knows nothing of yoke but the
 * public headers: so it is also an example for middleware of your own.
 *
 * What needs options is made by a macro; its options are the fields of a
 * struct, and zero is every field's default:
 *
 *     yoke_app_use(app, yoke_method_override());
 *     yoke_app_use(app, yoke_method_override(.query = "_method"));
 *
 * This header brings in all of it. (Express: the middleware that it has, and
 * that which its users add from elsewhere.) */
#ifndef YOKE_MIDDLEWARE_H
#define YOKE_MIDDLEWARE_H

#include <yoke/middleware/access_log.h>
#include <yoke/middleware/basic_auth.h>
#include <yoke/middleware/body.h>
#include <yoke/middleware/compress.h>
#include <yoke/middleware/cors.h>
#include <yoke/middleware/csrf.h>
#include <yoke/middleware/http_cache.h>
#include <yoke/middleware/method_override.h>
#include <yoke/middleware/multipart.h>
#include <yoke/middleware/rate_limit.h>
#include <yoke/middleware/request_id.h>
#include <yoke/middleware/secure_headers.h>
#include <yoke/middleware/session.h>
#include <yoke/middleware/static.h>
#include <yoke/middleware/timeout.h>
#include <yoke/middleware/vhost.h>

#endif
