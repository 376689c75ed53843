#include "cli/order.h"

#include <stddef.h>

#include "cli/ask.h"

json_t *yk_order(const char *name, json_t *request)
{
    struct yk_ask_names names;

    yk_ask_begin();
    if (yk_ask_names(&names) < 0) {
        json_decref(request);
        return NULL;
    }
    const char *chosen = yk_ask_choose(&names, name);
    json_t *result =
        chosen ? yk_ask_patiently(chosen, json_incref(request)) : NULL;
    json_decref(request);
    yk_ask_forget(&names);
    return result;
}
