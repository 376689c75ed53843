#include <yoke/middleware/multipart.h>

#include <string.h>

#include <yoke/negotiate.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/charset.h"
#include "middleware/decoder.h"
#include "middleware/multipart_body.h"
#include "middleware/multipart_options.h"
#include "middleware/multipart_parser.h"

#include "core/banned.h"

/* The boundary; NULL: an error has been passed on. */
static const char *boundary_of(yoke_req *req)
{
    const char *boundary =
        yk_param_of(req, yoke_req_get(req, "Content-Type"), "boundary");
    if (boundary && *boundary && strlen(boundary) <= YK_BOUNDARY_LEN_MAX &&
        !strpbrk(boundary, "\r\n"))
        return boundary;
    yoke_next_typed(req, 400, "multipart.boundary.missing",
                    "the Content-Type names no boundary of 1 to %d bytes",
                    YK_BOUNDARY_LEN_MAX);
    return NULL;
}

static bool is_coded(yoke_req *req)
{
    if (yk_coding_of(req) == YK_CODING_IDENTITY)
        return false;
    yoke_next_typed(req, 415, "encoding.unsupported",
                    "a form in the coding \"%s\" is not taken here",
                    yoke_req_get(req, "Content-Encoding"));
    return true;
}

static void run(yoke_req *req, yoke_res *res)
{
    (void)res;
    if (!yoke_req_is(req, "multipart/form-data")) {
        yoke_next(req);
        return;
    }
    const char *boundary = is_coded(req) ? NULL : boundary_of(req);
    if (boundary)
        yk_multipart_read(req, yoke_data(req), boundary);
}

struct yoke_handler
yoke_multipart_with(const struct yoke_multipart_options *options)
{
    return yoke_with(run, yk_multipart_options_copy(options),
                     yk_multipart_options_free);
}
