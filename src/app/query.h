/* The query of a request, from the inside. */
#ifndef YK_APP_QUERY_H
#define YK_APP_QUERY_H

#include "core/slice.h"

struct yoke_req;

/* More parameters are ignored: whoever sends them wants to keep us busy (rule
 * 40 of docs/http-rules.md). */
#define YK_QUERY_MAX 1000

/* What stands behind the "?"; empty when the setting "query parser" is off. */
struct yk_slice yk_query_text(const struct yoke_req *req);

/* Frees what yoke_req_query_json has made. For the end of the request. */
void yk_query_json_free(struct yoke_req *req);

#endif
