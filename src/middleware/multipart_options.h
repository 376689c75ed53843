/* The options of a multipart parser, as it keeps them. */
#ifndef YK_MIDDLEWARE_MULTIPART_OPTIONS_H
#define YK_MIDDLEWARE_MULTIPART_OPTIONS_H

#include <yoke/middleware/multipart.h>

/* A copy with defaults filled in. */
struct yoke_multipart_options *
yk_multipart_options_copy(const struct yoke_multipart_options *options);

void yk_multipart_options_free(void *options);

#endif
