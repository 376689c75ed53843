/* Lets clients that can only send POST, such as forms in pages, ask for another
 * method. (Express: method-override.)
 *
 *     yoke_app_use(app, yoke_method_override());
 *     yoke_app_use(app, yoke_method_override(.query = "_method"));
 *     yoke_app_use(app, yoke_urlencoded(), yoke_method_override(.form = "_method"));
 *
 * The layers below look for the method that was asked for, and
 * `yoke_req_method` is it. What is no method's name is 400. Put it in front of
 * the layers that look at the method, those against forged requests among them
 * (yoke/middleware/csrf.h): behind them, a request that they let pass as a GET
 * could become another. */
#ifndef YOKE_MIDDLEWARE_METHOD_OVERRIDE_H
#define YOKE_MIDDLEWARE_METHOD_OVERRIDE_H

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Where the method stands; what is not NULL is looked at, in this order. With
 * none of them it is the header field X-HTTP-Method-Override, which adds itself
 * to `Vary`. What they point to is copied. */
struct yoke_method_override_options {
    int reserved_;      /* Leave it; it lets the macro be called without any. */
    const char *header; /* A header field. What is no name of one is an error of
                           registration. */
    const char *query;  /* A query parameter. */
    const char *form;   /* A field of a form that has been read. */
    /* The methods that may be changed; NULL: POST alone. YOKE_TEXTS(...). */
    const char *const *methods;
};

#define yoke_method_override(...)                                              \
    yoke_method_override_with(                                                 \
        YOKE_OPTIONS_(yoke_method_override_options, __VA_ARGS__))
struct yoke_handler
yoke_method_override_with(const struct yoke_method_override_options *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
