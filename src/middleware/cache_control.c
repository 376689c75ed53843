#include "middleware/cache_control.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/banned.h"

struct directive {
    const char *name, *value; /* The value is NULL without one. */
    size_t name_len, value_len;
};

void yk_cache_control_init(struct yk_cache_control *control)
{
    *control = (struct yk_cache_control){.max_age = -1,
                                         .s_maxage = -1,
                                         .min_fresh = -1,
                                         .max_stale = -1,
                                         .stale_while_revalidate = -1,
                                         .stale_if_error = -1};
}

/* ---- The list ---- */

/* Behind the closing quote; the end, if there is none. */
static const char *skip_quoted(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

static const char *end_of_value(const char *at)
{
    return *at == '"' ? skip_quoted(at) : at + strcspn(at, ",; \t");
}

/* Takes the next; false at the end. */
static bool next_directive(const char **at, struct directive *ret)
{
    *at += strspn(*at, ", \t;");
    if (!**at)
        return false;
    *ret = (struct directive){.name = *at};
    ret->name_len = strcspn(*at, "=,; \t\"");
    *at += ret->name_len;
    if (ret->name_len == 0 && **at != '=') {
        *at = **at == '"' ? skip_quoted(*at) : *at + 1;
        return true;
    }
    if (**at != '=')
        return true;
    ret->value = ++*at;
    *at = end_of_value(*at);
    ret->value_len = (size_t)(*at - ret->value);
    return true;
}

static bool is_named(const struct directive *directive, const char *name)
{
    return strlen(name) == directive->name_len &&
           strncasecmp(directive->name, name, directive->name_len) == 0;
}

/* ---- Numbers ---- */

/* With or without quotes, both are to be understood (section 5.2). */
static int64_t seconds_of(const struct directive *directive)
{
    const char *at = directive->value;
    const char *end = at ? at + directive->value_len : NULL;
    int64_t seconds = 0;

    if (at && end - at >= 2 && *at == '"' && end[-1] == '"') {
        at++;
        end--;
    }
    /* Section 5.2.1.2: however old. */
    if (!at && is_named(directive, "max-stale"))
        return YK_CACHE_SECONDS_MAX;
    if (!at || at == end)
        return 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return 0;
        seconds = seconds * 10 + (*at - '0');
        if (seconds > YK_CACHE_SECONDS_MAX)
            seconds = YK_CACHE_SECONDS_MAX;
    }
    return seconds;
}

static void set_seconds(int64_t *seconds, const struct directive *directive)
{
    int64_t said = seconds_of(directive);

    if (*seconds < 0 || said < *seconds)
        *seconds = said;
}

/* ---- What they mean ---- */

static void set_flag(struct yk_cache_control *control,
                     const struct directive *directive)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"no-store", &control->no_store},
        {"no-cache", &control->no_cache},
        {"private", &control->is_private},
        {"public", &control->is_public},
        {"must-revalidate", &control->must_revalidate},
        {"proxy-revalidate", &control->proxy_revalidate},
        {"must-understand", &control->must_understand},
        {"only-if-cached", &control->only_if_cached},
    };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (is_named(directive, flags[i].name))
            *flags[i].flag = true;
}

static void set_number(struct yk_cache_control *control,
                       const struct directive *directive)
{
    const struct {
        const char *name;
        int64_t *seconds;
    } numbers[] = {
        {"max-age", &control->max_age},
        {"s-maxage", &control->s_maxage},
        {"min-fresh", &control->min_fresh},
        {"max-stale", &control->max_stale},
        {"stale-while-revalidate", &control->stale_while_revalidate},
        {"stale-if-error", &control->stale_if_error},
    };

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (is_named(directive, numbers[i].name))
            set_seconds(numbers[i].seconds, directive);
}

void yk_cache_control_add(struct yk_cache_control *control, const char *field)
{
    struct directive directive;

    while (next_directive(&field, &directive)) {
        set_flag(control, &directive);
        set_number(control, &directive);
    }
}
