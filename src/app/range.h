/* Range header fields (RFC 9110 section 14.1). Pure. */
#ifndef YK_APP_RANGE_H
#define YK_APP_RANGE_H

#include <yoke/negotiate.h>

#include "core/slice.h"

/* As yoke_req_range, for a field's value. */
int yk_range_parse(struct yk_slice text, uint64_t size,
                   struct yoke_ranges *ret_ranges);

#endif
