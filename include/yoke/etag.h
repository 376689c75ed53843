/* Entity tags that yoke makes for whole answers. */
#ifndef YOKE_ETAG_H
#define YOKE_ETAG_H

#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* A function of the application's own that makes the `ETag` of an answer from
 * its body, quotes included: "\"v7\"". Returns text that lives until the answer
 * has been ended (`yoke_req_printf`), or NULL for none.
 *
 *     static const struct yoke_etag versioned = {make_tag, NULL};
 *     yoke_app_set_ptr(app, "etag", (void *)&versioned, NULL);
 */
struct yoke_etag {
    const char *(*fn)(yoke_req *req, const void *body, size_t len, void *data);
    void *data;
};

/* The setting "etag": false (the default), "weak", "strong", or such a
 * function. With "weak" and "strong" a tag has the length of the body in hex
 * and its SHA-1 in base64, the very tags that Express makes:
 * `W/"c-Lve95gjOVATpfV8EL5X4nxwjKHE"`. An answer that has an `ETag` keeps it.
 *
 * Express does this for every answer. Here it has to be asked for, because the
 * hash costs more than all the rest of a short answer: see docs/express.md.
 * Files (yoke/file.h) always have theirs, which cost nothing. */

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
