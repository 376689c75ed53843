#include "cluster/sched.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <yoke/log.h>

/* Every policy, in the order in which they are named. */
static const struct yk_sched *const scheds[] = {
    &yk_sched_balanced,  &yk_sched_rr,           &yk_sched_none,
    &yk_sched_kernel_rr, &yk_sched_kernel_least, &yk_sched_sticky,
    &yk_sched_callback,
};

#define COUNT (sizeof(scheds) / sizeof(scheds[0]))
#define AUTO  "auto"

const struct yk_sched *yk_sched_of(enum yoke_sched policy)
{
    for (size_t i = 0; i < COUNT; i++)
        if (scheds[i]->policy == policy)
            return scheds[i];
    return NULL;
}

enum yoke_sched yk_sched_auto(void)
{
    yoke_log(YOKE_LOG_DEBUG, "connections are scheduled by 'balanced': it "
                             "needs no privilege, and keeps nobody waiting "
                             "while a worker is idle");
    return YOKE_SCHED_BALANCED;
}

/* ---- Names ---- */

int yoke_sched_find(const char *name)
{
    if (name && strcmp(name, AUTO) == 0)
        return YOKE_SCHED_AUTO;
    for (size_t i = 0; name && i < COUNT; i++)
        if (strcmp(scheds[i]->name, name) == 0)
            return (int)scheds[i]->policy;
    return -EINVAL;
}

const char *yoke_sched_name(enum yoke_sched policy)
{
    const struct yk_sched *sched = yk_sched_of(policy);

    if (policy == YOKE_SCHED_AUTO)
        return AUTO;
    return sched ? sched->name : NULL;
}

static void append(char *text, size_t size, const char *piece)
{
    size_t len = strlen(text), n = strlen(piece);

    if (len + n < size)
        memcpy(text + len, piece, n + 1);
}

const char *yoke_sched_names(void)
{
    static char text[256];

    text[0] = '\0';
    append(text, sizeof(text), AUTO);
    for (size_t i = 0; i < COUNT; i++) {
        append(text, sizeof(text), i + 1 < COUNT ? ", " : " or ");
        append(text, sizeof(text), scheds[i]->name);
    }
    return text;
}
