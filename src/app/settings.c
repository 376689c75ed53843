#include "app/settings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/router.h"
#include "app/trust.h"
#include "core/alloc.h"
#include "core/slice.h"

#include "core/banned.h"

struct yk_own_setting {
    struct yk_own_setting *next;
    char *name;
    struct yk_setting value;
};

#define ON(value)                                                              \
    {                                                                          \
        .kind = YK_SETTING_BOOL, .number = (value)                             \
    }
#define INT(value)                                                             \
    {                                                                          \
        .kind = YK_SETTING_INT, .number = (value)                              \
    }
#define STR(value)                                                             \
    {                                                                          \
        .kind = YK_SETTING_STR, .text = (value)                                \
    }

/* What yoke knows. `choices` are the texts that it takes, NULL at the end;
 * NULL: any text. `accept` looks at a value that is otherwise well, and may
 * set `made`; it returns NULL, or what is wrong (static). */
static const struct known {
    const char *name;
    unsigned kinds;
    struct yk_setting fallback;
    const char *const *choices;
    const char *(*accept)(struct yk_setting *value);
} known[YK_SETTING_COUNT] = {
    [YK_SETTING_BLOCKING_LIMIT] = {"blocking limit", YK_SETTING_INT, INT(100),
                                   NULL, NULL},
    [YK_SETTING_CASE_SENSITIVE_ROUTING] = {"case sensitive routing",
                                           YK_SETTING_BOOL, ON(false), NULL,
                                           NULL},
    [YK_SETTING_ENV] = {"env", YK_SETTING_STR, STR("development"), NULL, NULL},
    [YK_SETTING_ETAG] = {"etag",
                         YK_SETTING_BOOL | YK_SETTING_STR | YK_SETTING_PTR,
                         ON(false),
                         (const char *const[]){"weak", "strong", NULL}, NULL},
    [YK_SETTING_JSON_ESCAPE] = {"json escape", YK_SETTING_BOOL, ON(false), NULL,
                                NULL},
    [YK_SETTING_JSON_SPACES] = {"json spaces", YK_SETTING_INT, INT(0), NULL,
                                NULL},
    [YK_SETTING_JSONP_CALLBACK_NAME] = {"jsonp callback name", YK_SETTING_STR,
                                        STR("callback"), NULL, NULL},
    [YK_SETTING_MERGE_PARAMS] = {"merge params", YK_SETTING_BOOL, ON(false),
                                 NULL, NULL},
    [YK_SETTING_METHOD_NOT_ALLOWED] = {"method not allowed", YK_SETTING_BOOL,
                                       ON(true), NULL, NULL},
    [YK_SETTING_QUERY_PARSER] =
        {"query parser", YK_SETTING_BOOL | YK_SETTING_STR | YK_SETTING_PTR,
         STR("simple"), (const char *const[]){"simple", "extended", NULL},
         NULL},
    [YK_SETTING_STRICT_ROUTING] = {"strict routing", YK_SETTING_BOOL, ON(false),
                                   NULL, NULL},
    [YK_SETTING_SUBDOMAIN_OFFSET] = {"subdomain offset", YK_SETTING_INT, INT(2),
                                     NULL, NULL},
    [YK_SETTING_TRUST_PROXY] = {"trust proxy",
                                YK_SETTING_BOOL | YK_SETTING_INT |
                                    YK_SETTING_STR | YK_SETTING_PTR,
                                ON(false), NULL, yk_trust_accept},
    /* Its default depends on env. */
    [YK_SETTING_VIEW_CACHE] = {"view cache", YK_SETTING_BOOL, ON(false), NULL,
                               NULL},
    [YK_SETTING_VIEW_ENGINE] =
        {"view engine", YK_SETTING_STR, {.kind = YK_SETTING_UNSET}, NULL, NULL},
    [YK_SETTING_VIEWS] = {"views", YK_SETTING_STR, STR("views"), NULL, NULL},
    [YK_SETTING_X_POWERED_BY] = {"x-powered-by", YK_SETTING_BOOL, ON(false),
                                 NULL, NULL},
};

/* ---- Life ---- */

void yk_app_settings_init(struct yk_app_settings *settings)
{
    const char *env = getenv("YOKE_ENV");
    *settings = (struct yk_app_settings){.own = NULL};
    settings->env = (struct yk_setting)STR(
        yk_strdup(env && *env ? env : known[YK_SETTING_ENV].fallback.text));
}

static void done(struct yk_setting *value)
{
    union {
        const char *text;
        char *owned;
    } of = {value->text};
    free(of.owned);
    if (value->free_ptr)
        value->free_ptr(value->ptr);
    if (value->free_made)
        value->free_made(value->made);
    *value = (struct yk_setting){.kind = YK_SETTING_UNSET};
}

void yk_app_settings_done(struct yk_app_settings *settings)
{
    for (int i = 0; i < YK_SETTING_COUNT; i++)
        done(&settings->known[i]);
    while (settings->own) {
        struct yk_own_setting *own = settings->own;
        settings->own = own->next;
        done(&own->value);
        free(own->name);
        free(own);
    }
    done(&settings->env);
}

/* ---- Looking up ---- */

/* The default, in an application that has no parent. */
static const struct yk_setting *fallback(const struct yk_app_settings *settings,
                                         enum yk_setting_name name)
{
    static const struct yk_setting on = ON(true);
    if (name == YK_SETTING_ENV)
        return &settings->env;
    if (name == YK_SETTING_VIEW_CACHE) {
        const char *env = yk_app_settings_get(settings, YK_SETTING_ENV)->text;
        if (strcmp(env, "production") == 0)
            return &on;
    }
    return &known[name].fallback;
}

const struct yk_setting *
yk_app_settings_get(const struct yk_app_settings *settings,
                    enum yk_setting_name name)
{
    for (;; settings = settings->parent) {
        if (settings->known[name].kind != YK_SETTING_UNSET)
            return &settings->known[name];
        if (!settings->parent)
            return fallback(settings, name);
    }
}

const struct yk_setting *yk_setting(const yoke_app *app,
                                    enum yk_setting_name name)
{
    return yk_app_settings_get(&app->settings, name);
}

bool yk_setting_is_on(const struct yk_setting *setting)
{
    switch (setting->kind) {
    case YK_SETTING_BOOL:
    case YK_SETTING_INT:
        return setting->number != 0;
    case YK_SETTING_STR:
        return true;
    case YK_SETTING_PTR:
        return setting->ptr != NULL;
    case YK_SETTING_UNSET:
        break;
    }
    return false;
}

bool yk_setting_is_enabled(const yoke_app *app, enum yk_setting_name name)
{
    return yk_setting_is_on(yk_setting(app, name));
}

/* The place of a name in the table, or -1. */
static int find_known(const char *name)
{
    for (int i = 0; i < YK_SETTING_COUNT; i++)
        if (strcmp(known[i].name, name) == 0)
            return i;
    return -1;
}

static struct yk_own_setting *find_own(const struct yk_app_settings *settings,
                                       const char *name)
{
    struct yk_own_setting *own = settings->own;
    while (own && strcmp(own->name, name) != 0)
        own = own->next;
    return own;
}

static const struct yk_setting *find(const yoke_app *app, const char *name)
{
    static const struct yk_setting none = {.kind = YK_SETTING_UNSET};
    int place = name ? find_known(name) : -1;
    if (place >= 0)
        return yk_setting(app, (enum yk_setting_name)place);
    const struct yk_app_settings *settings = name ? &app->settings : NULL;
    for (; settings; settings = settings->parent) {
        const struct yk_own_setting *own = find_own(settings, name);
        if (own)
            return &own->value;
    }
    return &none;
}

bool yoke_app_get_bool(const yoke_app *app, const char *name)
{
    return yk_setting_is_on(find(app, name));
}

int64_t yoke_app_get_int(const yoke_app *app, const char *name)
{
    const struct yk_setting *value = find(app, name);
    return value->kind == YK_SETTING_INT ? value->number : 0;
}

const char *yoke_app_get_str(const yoke_app *app, const char *name)
{
    return find(app, name)->text;
}

void *yoke_app_get_ptr(const yoke_app *app, const char *name)
{
    return find(app, name)->ptr;
}

/* ---- Setting ---- */

static void __attribute__((format(printf, 3, 4)))
fail_at(yoke_app *app, struct yoke_here here, const char *fmt, ...)
{
    char place[256];
    va_list args;
    snprintf(place, sizeof(place), "%s:%d", here.file ? here.file : "?",
             here.line);
    va_start(args, fmt);
    yk_router_fail(app->router, place, fmt, args);
    va_end(args);
}

/* Whether the two are one name, but for case, spaces, "-" and "_". */
static bool is_misspelt(const char *name, const char *meant)
{
    static const char ignored[] = " -_";
    for (;; name++, meant++) {
        name += strspn(name, ignored);
        meant += strspn(meant, ignored);
        if (yk_lower((unsigned char)*name) != (unsigned char)*meant)
            return false;
        if (!*name)
            return true;
    }
}

static const char *kind_name(unsigned kinds)
{
    static const struct {
        unsigned kinds;
        const char *text;
    } names[] = {
        {YK_SETTING_BOOL, "yoke_app_set_bool"},
        {YK_SETTING_INT, "yoke_app_set_int"},
        {YK_SETTING_STR, "yoke_app_set_str"},
        {YK_SETTING_BOOL | YK_SETTING_STR | YK_SETTING_PTR,
         "yoke_app_set_bool, _str or _ptr"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].kinds == kinds)
            return names[i].text;
    return "one of yoke_app_set_bool, _int, _str, _ptr";
}

static bool is_choice(const char *const *choices, const char *text)
{
    while (*choices && strcmp(*choices, text) != 0)
        choices++;
    return *choices;
}

/* Whether the known setting takes this value. */
static bool check(yoke_app *app, struct yoke_here here,
                  const struct known *setting, struct yk_setting *value)
{
    if (!(value->kind & setting->kinds)) {
        fail_at(app, here, "setting \"%s\" has another kind; use %s",
                setting->name, kind_name(setting->kinds));
        return false;
    }
    if (value->kind == YK_SETTING_STR && setting->choices &&
        !is_choice(setting->choices, value->text)) {
        fail_at(app, here, "setting \"%s\": \"%s\" is none of \"%s\", \"%s\"",
                setting->name, value->text, setting->choices[0],
                setting->choices[1]);
        return false;
    }
    const char *problem = setting->accept ? setting->accept(value) : NULL;
    if (problem)
        fail_at(app, here, "setting \"%s\": %s", setting->name, problem);
    return !problem;
}

/* Where the value of that name goes; NULL when it must not be set, which has
 * been recorded. */
static struct yk_setting *place_for(yoke_app *app, struct yoke_here here,
                                    const char *name, struct yk_setting *value)
{
    if (!name || !*name) {
        fail_at(app, here, "a setting without a name");
        return NULL;
    }
    if (app->is_frozen) {
        fail_at(app, here,
                "setting \"%s\" is set after the start of the application",
                name);
        return NULL;
    }
    int place = find_known(name);
    if (place >= 0)
        return check(app, here, &known[place], value)
                   ? &app->settings.known[place]
                   : NULL;
    for (int i = 0; i < YK_SETTING_COUNT; i++) {
        if (!is_misspelt(name, known[i].name))
            continue;
        fail_at(app, here, "setting \"%s\": write \"%s\"", name, known[i].name);
        return NULL;
    }
    struct yk_own_setting *own = find_own(&app->settings, name);
    if (!own) {
        own = yk_alloc(sizeof(*own));
        own->name = yk_strdup(name);
        own->next = app->settings.own;
        app->settings.own = own;
    }
    return &own->value;
}

/* Takes the value over. */
static void put(yoke_app *app, struct yoke_here here, const char *name,
                struct yk_setting value)
{
    struct yk_setting *place = place_for(app, here, name, &value);
    if (place) {
        /* Setting the same pointer again must not free it. */
        if (place->ptr == value.ptr)
            place->free_ptr = NULL;
        done(place);
        *place = value;
    } else {
        done(&value);
    }
}

void yoke_app_put_bool(yoke_app *app, struct yoke_here here, const char *name,
                       bool value)
{
    put(app, here, name, (struct yk_setting)ON(value));
}

void yoke_app_put_int(yoke_app *app, struct yoke_here here, const char *name,
                      int64_t value)
{
    put(app, here, name, (struct yk_setting)INT(value));
}

void yoke_app_put_str(yoke_app *app, struct yoke_here here, const char *name,
                      const char *value)
{
    if (!value)
        fail_at(app, here, "setting \"%s\": the text is NULL",
                name ? name : "");
    else
        put(app, here, name, (struct yk_setting)STR(yk_strdup(value)));
}

void yoke_app_put_ptr(yoke_app *app, struct yoke_here here, const char *name,
                      void *ptr, void (*free_ptr)(void *ptr))
{
    put(app, here, name,
        (struct yk_setting){
            .kind = YK_SETTING_PTR, .ptr = ptr, .free_ptr = free_ptr});
}
