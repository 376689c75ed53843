#include <yoke/middleware/request_id.h>

#include <stdlib.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/header_option.h"
#include "middleware/random_id.h"
#include "middleware/texts.h"

#include "core/banned.h"

struct naming {
    struct yoke_request_id_options options;
    char *header;
};

/* Each is tried until one is sane: yoke_req_set_id refuses the others. */
static void name(yoke_req *req, const struct naming *naming)
{
    const struct yoke_request_id_options *options = &naming->options;
    char uuid[37];
    if (options->accepts_theirs &&
        yoke_req_set_id(req, yoke_req_get(req, naming->header)) == 0)
        return;
    if (options->make &&
        yoke_req_set_id(req, options->make(req, options->data)) == 0)
        return;
    yk_random_uuid(uuid);
    yoke_req_set_id(req, uuid);
}

/* The field is set when the head goes, so that it also stands in an answer that
 * was begun anew, as a 500 is. */
static void on_head(yoke_res *res, void *data)
{
    const struct naming *naming = data;
    const char *id = yoke_req_id(yoke_res_req(res));
    if (id)
        yoke_res_set(res, naming->header, id);
}

static void give_name(yoke_req *req, yoke_res *res)
{
    struct naming *naming = yoke_data(req);
    name(req, naming);
    if (!naming->options.is_silent)
        yoke_res_on_head(res, on_head, naming);
    yoke_next(req);
}

static void naming_free(void *data)
{
    struct naming *naming = data;
    free(naming->header);
    free(naming);
}

struct yoke_handler
yoke_request_id_with(const struct yoke_request_id_options *options)
{
    const char *header = options->header ? options->header : "X-Request-Id";
    if (!yk_header_name_is_free("yoke_request_id", header))
        return yoke_with(NULL, NULL, NULL);
    struct naming *naming = yk_zeroed(sizeof(*naming));
    naming->options = *options;
    naming->header = yk_text_copy(header);
    return yoke_with(give_name, naming, naming_free);
}
