#include "app/constraint.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/app.h"
#include "app/router.h"
#include "core/alloc.h"
#include "core/number.h"
#include "http/chars.h"

#include "core/banned.h"

/* ---- What values can be ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    unsigned char lower = yk_lower((unsigned char)c);
    return lower >= 'a' && lower <= 'z';
}

static bool is_letter_or_digit(char c)
{
    return is_letter(c) || is_digit(c);
}

static bool is_hex_digit(char c)
{
    return yk_hex_value(c) >= 0;
}

/* As in the names of articles: "hello-world-2". */
static bool is_slug_char(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '-';
}

/* Every character, and there is at least one. */
static bool are(const char *value, bool (*is)(char c))
{
    const char *at = value;
    while (*at && is(*at))
        at++;
    return !*at && at != value;
}

static bool is_alpha(const char *value, void *data)
{
    (void)data;
    return are(value, is_letter);
}

static bool is_alnum(const char *value, void *data)
{
    (void)data;
    return are(value, is_letter_or_digit);
}

static bool is_hex(const char *value, void *data)
{
    (void)data;
    return are(value, is_hex_digit);
}

static bool is_slug(const char *value, void *data)
{
    (void)data;
    return are(value, is_slug_char);
}

/* In the range of int64_t, so that reading it cannot fail. */
static bool is_int(const char *value, void *data)
{
    bool is_negative = value[0] == '-';
    uint64_t number;
    (void)data;
    return yk_parse_u64(yk_slice_of(value + is_negative),
                        (uint64_t)INT64_MAX + is_negative, &number) == 0;
}

static bool is_uint(const char *value, void *data)
{
    uint64_t number;
    (void)data;
    return yk_parse_u64(yk_slice_of(value), UINT64_MAX, &number) == 0;
}

/* Digits, and a point between them, if any: "-12.5". */
static bool is_number(const char *value, void *data)
{
    const char *at = value + (value[0] == '-');
    (void)data;
    if (!is_digit(*at))
        return false;
    while (is_digit(*at))
        at++;
    return *at == '.' ? are(at + 1, is_digit) : !*at;
}

/* RFC 9562 section 4: 8-4-4-4-12 hex digits. */
static bool is_uuid(const char *value, void *data)
{
    (void)data;
    if (strlen(value) != 36)
        return false;
    for (int i = 0; i < 36; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? value[i] != '-' : !is_hex_digit(value[i]))
            return false;
    }
    return true;
}

static int two_digits(const char *at)
{
    return (at[0] - '0') * 10 + (at[1] - '0');
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* A day that there is, as full-date of RFC 3339: 2024-02-29. */
static bool is_date(const char *value, void *data)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    (void)data;
    if (strlen(value) != 10)
        return false;
    for (int i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? value[i] != '-' : !is_digit(value[i]))
            return false;
    int year = two_digits(value) * 100 + two_digits(value + 2);
    int month = two_digits(value + 5), day = two_digits(value + 8);
    if (month < 1 || month > 12)
        return false;
    return day >= 1 && day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* In the order of the alphabet. */
static const struct yk_constraint builtin[] = {
    {.name = "alnum", .check = is_alnum},
    {.name = "alpha", .check = is_alpha},
    {.name = "date", .check = is_date},
    {.name = "hex", .check = is_hex},
    {.name = "int", .check = is_int},
    {.name = "number", .check = is_number},
    {.name = "slug", .check = is_slug},
    {.name = "uint", .check = is_uint},
    {.name = "uuid", .check = is_uuid},
};

#define BUILTIN_COUNT (sizeof(builtin) / sizeof(builtin[0]))

/* ---- Finding ---- */

static const struct yk_constraint *find_builtin(struct yk_slice name)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        if (yk_slice_eq(yk_slice_of(builtin[i].name), name))
            return &builtin[i];
    return NULL;
}

const struct yk_constraint *yk_constraint_find(const yoke_app *app,
                                               struct yk_slice name)
{
    for (; app; app = app->parent)
        for (const struct yk_constraint *c = app->constraints; c; c = c->next)
            if (yk_slice_eq(yk_slice_of(c->name), name))
                return c;
    return find_builtin(name);
}

static void append(char *text, size_t size, const char *name)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s", len ? ", " : "", name);
}

void yk_constraint_list(const yoke_app *app, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        append(text, size, builtin[i].name);
    for (; app; app = app->parent)
        for (const struct yk_constraint *c = app->constraints; c; c = c->next)
            append(text, size, c->name);
}

/* ---- Adding ---- */

/* What is wrong with the name, or NULL. */
static const char *name_problem(const yoke_app *app, const char *name)
{
    if (!name || !*name || strpbrk(name, "<>"))
        return "is not a name; write \"sku\" for \":id<sku>\"";
    if (find_builtin(yk_slice_of(name)))
        return "is one of yoke's own";
    for (const struct yk_constraint *c = app->constraints; c; c = c->next)
        if (strcmp(c->name, name) == 0)
            return "is there already";
    return NULL;
}

void yoke_app_add_constraint(yoke_app *app, struct yoke_here here,
                             const char *name, yoke_check_fn *check, void *data,
                             void (*free_data)(void *data))
{
    struct yk_constraint *constraint = yk_alloc(sizeof(*constraint));
    const char *problem = name_problem(app, name);
    if (!problem && !check)
        problem = "has no function: it is NULL";
    if (problem)
        yk_router_fail_at(app->router, here, "constraint \"%s\" %s",
                          name ? name : "(null)", problem);
    /* One that is refused has no name to be found by. */
    constraint->name = constraint->owned_name = yk_strdup(problem ? "" : name);
    constraint->check = check;
    constraint->data = data;
    constraint->free_data = free_data;
    constraint->next = app->constraints;
    app->constraints = constraint;
}

void yk_constraints_done(struct yk_constraint *first)
{
    while (first) {
        struct yk_constraint *next = first->next;
        if (first->free_data)
            first->free_data(first->data);
        free(first->owned_name);
        free(first);
        first = next;
    }
}
