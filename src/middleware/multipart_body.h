/* The body of a form with files, from its first piece to its last. */
#ifndef YK_MIDDLEWARE_MULTIPART_BODY_H
#define YK_MIDDLEWARE_MULTIPART_BODY_H

#include <yoke/middleware/multipart.h>

/* Reads it; then the next layer runs. What is wrong with it is passed on as an
 * error. The boundary lives as long as the request. */
void yk_multipart_read(yoke_req *req,
                       const struct yoke_multipart_options *options,
                       const char *boundary);

#endif
