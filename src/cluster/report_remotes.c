#include "cluster/report_remotes.h"

#include <string.h>

#include "cluster/report.h"
#include "net/vitals.h"

#include "core/banned.h"

static const char *const states[] = {
    [YK_REMOTE_FIRST] = "connecting",
    [YK_REMOTE_CLOSED] = "closed",
    [YK_REMOTE_OPEN] = "open",
    [YK_REMOTE_HALF_OPEN] = "half-open",
};

static json_int_t number(const _Atomic uint64_t *counter)
{
    uint64_t value = yk_vitals_get(counter);
    return value > INT64_MAX ? INT64_MAX : (json_int_t)value;
}

static json_int_t age_ms(const struct yk_remote *remote)
{
    uint64_t since_ns = yk_vitals_get(&remote->since_ns);
    uint64_t now_ns = yk_now_ns();
    return since_ns < now_ns ? (json_int_t)((now_ns - since_ns) / 1000000) : 0;
}

/* Bytes of the worker's: they may be anything, without an end. */
static json_t *name_of(const struct yk_remote *remote)
{
    char name[YK_REMOTE_NAME_MAX];

    memcpy(name, remote->name, sizeof(name));
    name[sizeof(name) - 1] = '\0';
    return yk_report_text(name);
}

static json_t *report_remote(const struct yk_remote *remote, uint32_t state)
{
    return json_pack(
        "{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "name",
        name_of(remote), "circuit", states[state], "circuit_ms", age_ms(remote),
        "open", number(&remote->open), "done",
        (json_int_t)yk_histogram_count(&remote->latency), "failed",
        number(&remote->failed), "timed_out", number(&remote->timed_out),
        "unavailable", number(&remote->unavailable), "connects",
        number(&remote->connects), "breaks", number(&remote->breaks),
        "latency_us", yk_report_latency(&remote->latency));
}

json_t *yk_report_remotes(const struct yk_remotes *remotes)
{
    json_t *list = json_array();

    for (int i = 0; i < YK_REMOTES_MAX; i++) {
        const struct yk_remote *remote = &remotes->entries[i];
        uint32_t state =
            atomic_load_explicit(&remote->state, memory_order_acquire);
        if (state != YK_REMOTE_FREE && state < sizeof(states) / sizeof(*states))
            json_array_append_new(list, report_remote(remote, state));
    }
    return list;
}
