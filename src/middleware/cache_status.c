#include "middleware/cache_status.h"

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_visit.h"

#include "core/banned.h"

void yk_cache_status_say(const struct yk_cache_layer *layer, yoke_res *res,
                         const char *text)
{
    if (!layer->options.no_status)
        yoke_res_append(res, "Cache-Status",
                        yoke_req_printf(yoke_res_req(res), "%s; %s",
                                        layer->options.status_name, text));
}

void yk_cache_status_forwarded(const struct yk_visit *visit, bool is_stored)
{
    yk_cache_status_say(visit->layer, visit->res,
                        yoke_req_printf(visit->req, "fwd=%s%s", visit->fwd,
                                        is_stored ? "; stored" : ""));
}
