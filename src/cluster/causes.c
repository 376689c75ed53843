#include "cluster/causes.h"

#include <stddef.h>

#include "core/banned.h"

static const char *const names[YK_CAUSES] = {
    [YOKE_CAUSE_EXIT] = "exit",         [YOKE_CAUSE_SIGNAL] = "signal",
    [YOKE_CAUSE_MEMORY] = "memory",     [YOKE_CAUSE_DEADLINE] = "deadline",
    [YOKE_CAUSE_STARTUP] = "startup",   [YOKE_CAUSE_BOOT] = "boot",
    [YOKE_CAUSE_HUNG] = "hung",         [YOKE_CAUSE_REQUEST] = "request",
    [YOKE_CAUSE_RECYCLED] = "recycled", [YOKE_CAUSE_RELOAD] = "reload",
    [YOKE_CAUSE_SCALED] = "scaled",     [YOKE_CAUSE_UNKNOWN] = "unknown",
};

const char *yk_cause_name(enum yoke_cause cause)
{
    return (size_t)cause < YK_CAUSES ? names[cause] : "other";
}

void yk_causes_count(struct yk_causes *causes, enum yoke_cause cause)
{
    if ((size_t)cause < YK_CAUSES)
        causes->count[cause]++;
}

json_t *yk_causes_report(const struct yk_causes *causes, bool with_none)
{
    json_t *object = json_object();

    for (size_t i = 0; i < YK_CAUSES; i++)
        if (causes->count[i] > 0 || with_none)
            json_object_set_new(object, names[i],
                                json_integer((json_int_t)causes->count[i]));
    return object;
}

void yk_causes_read(struct yk_causes *causes, const json_t *object)
{
    for (size_t i = 0; i < YK_CAUSES; i++) {
        json_int_t n = json_integer_value(json_object_get(object, names[i]));
        causes->count[i] = n > 0 ? (uint64_t)n : 0;
    }
}
