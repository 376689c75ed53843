#include "middleware/cache_visit.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/res.h>

#include "middleware/cache_status.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define SPARE_VISITS 32

void yk_cache_layer_free_if_idle(struct yk_cache_layer *layer)
{
    if (!layer->is_over || layer->visit_count > 0)
        return;
    while (layer->spare) {
        struct yk_visit *visit = layer->spare;
        layer->spare = visit->next;
        free(visit);
    }
    yk_text_free(layer->options.status_name);
    free(layer);
}

struct yk_visit *yk_visit_take(struct yk_cache_layer *layer, yoke_req *req,
                               yoke_res *res)
{
    struct yk_visit *visit = layer->spare;

    if (visit) {
        layer->spare = visit->next;
        layer->spare_count--;
    } else {
        visit = yk_zeroed(sizeof(*visit));
    }
    memset(visit, 0, sizeof(*visit));
    visit->layer = layer;
    visit->req = req;
    visit->res = res;
    visit->refs = 1;
    visit->fwd = "uri-miss";
    layer->visit_count++;
    return visit;
}

void yk_visit_release(struct yk_visit *visit)
{
    struct yk_cache_layer *layer = visit->layer;

    if (--visit->refs > 0)
        return;
    yk_pile_free(&visit->pile);
    layer->visit_count--;
    if (layer->spare_count < SPARE_VISITS) {
        visit->next = layer->spare;
        layer->spare = visit;
        layer->spare_count++;
    } else {
        free(visit);
    }
    yk_cache_layer_free_if_idle(layer);
}

/* RFC 9111 section 5.2.1.7. */
static void refuse(struct yk_visit *visit)
{
    yoke_req *req = visit->req;

    yk_cache_status_say(visit->layer, visit->res,
                        "hit=?0; detail=only-if-cached");
    yk_visit_release(visit);
    yoke_next_err(req, 504, "only-if-cached, and it is not");
}

void yk_visit_pass(struct yk_visit *visit, const char *fwd)
{
    yoke_req *req = visit->req;

    if (visit->is_only_if_cached) {
        refuse(visit);
        return;
    }
    visit->fwd = fwd;
    if (!yoke_res_is_sent(visit->res))
        yk_cache_status_forwarded(visit, false);
    yk_visit_release(visit);
    yoke_next(req);
}
