#include "http/request.h"

const struct yk_field *yk_request_find(const struct yk_request *req,
                                       struct yk_slice name)
{
    if (name.len == 0 ||
        !(req->names & yk_request_name_bit(name.ptr, name.len)))
        return NULL;
    const struct yk_field *end = req->fields + req->field_count;
    for (const struct yk_field *field = req->fields; field < end; field++)
        if (field->name.len == name.len &&
            yk_slice_eq_nocase(yk_request_slice(req, field->name), name))
            return field;
    return NULL;
}
