/* The page that a request is for: what it is kept under, and that it is void
 * when a request has changed it. */
#ifndef YK_MIDDLEWARE_CACHE_PAGE_H
#define YK_MIDDLEWARE_CACHE_PAGE_H

#include <yoke/app.h>

struct yk_cache_layer;

/* Its key; NULL when it has none, or one that is too long. In the request's
 * memory. */
const char *yk_page_key(const struct yk_cache_layer *layer, yoke_req *req);

/* To be called before the head of an answer to a method that is not safe (a
 * callback of yoke_res_on_head, `data` is the layer): unless it is an error,
 * the page is void, and those that `Location` and `Content-Location` name, if
 * they are of this host. RFC 9111 section 4.4. The answer waits for it. */
void yk_page_forget(yoke_res *res, void *data);

#endif
