#include "cli/upkeep.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <yoke/cluster.h>

#include "cli/message.h"
#include "cli/options.h"
#include "cli/values.h"

#include "core/banned.h"

#define DAY_MS      (24 * 60 * 60 * 1000)
#define WORKERS_MAX 1024
/* Of yoke_cluster_options: asks for none of it, where 0 is the default. */
#define NONE        (-1)

enum kind {
    DEADLINE, /* A time, in milliseconds. */
    TIME,     /* The same; 0 is none. */
    COUNT,    /* 0 is none. */
    NUMBER,   /* 0 is the default. */
    SIZE,     /* Bytes. */
    MODE,     /* Octal, as text. */
    PATH,     /* Of a URL; may be empty. */
    TEXT
};

static const struct rule {
    const char *name;
    enum kind kind;
    size_t offset;
    int max;
} rules[] = {
#define RULE(name, kind, field, max)                                           \
    {                                                                          \
        name, kind, offsetof(struct yoke_cluster_options, field), max          \
    }
    RULE("stop-timeout", DEADLINE, stop_timeout_ms, DAY_MS),
    RULE("boot-timeout", TIME, boot_timeout_ms, DAY_MS),
    RULE("survive", TIME, survive_ms, DAY_MS),
    RULE("hang-timeout", TIME, hang_timeout_ms, DAY_MS),
    RULE("request-timeout", TIME, request_timeout_ms, DAY_MS),
    RULE("max-surge", COUNT, max_surge, WORKERS_MAX),
    RULE("max-unavailable", COUNT, max_unavailable, WORKERS_MAX),
    RULE("probation", TIME, probation_ms, DAY_MS),
    RULE("check", PATH, check_path, 0),
    RULE("max-requests", COUNT, max_requests, INT_MAX),
    RULE("max-lifetime", TIME, max_lifetime_ms, INT_MAX),
    RULE("max-memory", SIZE, max_memory, 0),
    RULE("user", TEXT, user, 0),
    RULE("group", TEXT, group, 0),
    RULE("nice", NUMBER, nice, 39),
    RULE("umask", MODE, umask, 0),
};

static const struct rule *find(const char *given)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(given + strspn(given, "-"), rules[i].name) == 0)
            return &rules[i];
    return NULL;
}

static int or_none(int status, int *field)
{
    if (status == 0 && *field == 0)
        *field = NONE;
    return status;
}

static int set_mode(const char *given, const char *value, const char **field)
{
    size_t len = strspn(value, "01234567");

    if (len == 0 || len > 4 || value[len] != '\0') {
        yk_say("%s: '%s' is not a mode: octal, as 027", given, value);
        return -1;
    }
    *field = value;
    return 0;
}

static int set_path(const char *given, const char *value, const char **field)
{
    if (*value && *value != '/') {
        yk_say("%s: '%s' is not a path: it begins with /, as /health", given,
               value);
        return -1;
    }
    *field = value;
    return 0;
}

int yk_upkeep_set(const char *given, const char *value,
                  struct yoke_cluster_options *options)
{
    const struct rule *rule = find(given);
    void *field = (char *)options + rule->offset;

    switch (rule->kind) {
    case DEADLINE:
        return yk_value_time(given, value, 1, rule->max, field);
    case TIME:
        return or_none(yk_value_time(given, value, 0, rule->max, field), field);
    case COUNT:
        return or_none(
            yk_option_number(given, value, 0, rule->max, "a count", field),
            field);
    case NUMBER:
        return yk_option_number(given, value, 0, rule->max, "a number", field);
    case SIZE:
        return yk_value_size(given, value, field);
    case MODE:
        return set_mode(given, value, field);
    case PATH:
        return set_path(given, value, field);
    case TEXT:
        *(const char **)field = value;
        return 0;
    }
    return -1;
}
