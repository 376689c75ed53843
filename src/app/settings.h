/* The settings of an application (yoke/settings.h), from the inside.
 *
 * Those that yoke knows stand in an array, so that a request pays one look for
 * each that it needs:
 *
 *     const struct yk_setting *etag = yk_setting(app, YK_SETTING_ETAG);
 *
 * A new one is a name in the enum below, and its row in the table of
 * settings.c, which says the kinds of value that it takes, its default and, if
 * need be, a function that looks at a value when it is set. All others are in a
 * list.
 *
 * What an application has not set is its parent's: that is looked up each time,
 * so it does not matter which is set first. */
#ifndef YK_APP_SETTINGS_H
#define YK_APP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/settings.h>

/* In the order of the alphabet. */
enum yk_setting_name {
    YK_SETTING_BLOCKING_LIMIT,
    YK_SETTING_CASE_SENSITIVE_ROUTING,
    YK_SETTING_ENV,
    YK_SETTING_ETAG,
    YK_SETTING_JSON_ESCAPE,
    YK_SETTING_JSON_SPACES,
    YK_SETTING_JSONP_CALLBACK_NAME,
    YK_SETTING_MERGE_PARAMS,
    YK_SETTING_METHOD_NOT_ALLOWED,
    YK_SETTING_QUERY_PARSER,
    YK_SETTING_STRICT_ROUTING,
    YK_SETTING_SUBDOMAIN_OFFSET,
    YK_SETTING_TRUST_PROXY,
    YK_SETTING_VIEW_CACHE,
    YK_SETTING_VIEW_ENGINE,
    YK_SETTING_VIEWS,
    YK_SETTING_X_POWERED_BY,
    YK_SETTING_COUNT,
};

/* Kinds of values; a bit each, for the sets that settings take. */
enum yk_setting_kind {
    YK_SETTING_UNSET = 0,
    YK_SETTING_BOOL = 1 << 0,
    YK_SETTING_INT = 1 << 1,
    YK_SETTING_STR = 1 << 2,
    YK_SETTING_PTR = 1 << 3,
};

struct yk_setting {
    enum yk_setting_kind kind;
    int64_t number;   /* BOOL, INT */
    const char *text; /* STR: owned. */
    void *ptr;        /* PTR: owned if it has a free_ptr. */
    void (*free_ptr)(void *ptr);
    void *made; /* What the table's function has made of the value, e.g. a list
                   of networks; or NULL. Freed with it by free_made. */
    void (*free_made)(void *made);
};

struct yk_own_setting; /* One whose name yoke does not know. */

struct yk_app_settings {
    const struct yk_app_settings
        *parent; /* Of the application around; or NULL. */
    struct yk_setting known[YK_SETTING_COUNT];
    struct yk_own_setting *own;
    struct yk_setting env; /* YK_SETTING_ENV of who has no parent. */
};

/* Sets them up: nothing is set. */
void yk_app_settings_init(struct yk_app_settings *settings);
void yk_app_settings_done(struct yk_app_settings *settings);

/* The value: its own, inherited, or the default. Never NULL; UNSET when there
 * is not even a default. */
const struct yk_setting *
yk_app_settings_get(const struct yk_app_settings *settings,
                    enum yk_setting_name name);

/* The same, of an application. */
const struct yk_setting *yk_setting(const yoke_app *app,
                                    enum yk_setting_name name);

/* Whether it is on; see yoke_app_get_bool. */
bool yk_setting_is_on(const struct yk_setting *setting);
bool yk_setting_is_enabled(const yoke_app *app, enum yk_setting_name name);

#endif
