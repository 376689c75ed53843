/* Typed getters: find the text or the JSON value, read it, and say what was
 * wanted when it is not that. */
#include <yoke/value.h>

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include <jansson.h>

#include <yoke/negotiate.h>

#include "app/json_body.h"
#include "app/req.h"
#include "core/number.h"

#include "core/banned.h"

/* What was found under a name: text, a JSON value, or nothing. */
struct found {
    bool is_failed; /* The body was no JSON; that has been said. */
    const char *text;
    const json_t *json;
};

static const char *const source_names[] = {
    [YOKE_PARAM] = "param",     [YOKE_QUERY] = "query parameter",
    [YOKE_HEADER] = "header",   [YOKE_JSON] = "member",
    [YOKE_FORM] = "form field",
};

static struct found find(yoke_req *req, enum yoke_source source,
                         const char *name)
{
    struct found found = {.is_failed = false};
    if (source == YOKE_PARAM)
        found.text = yoke_req_param(req, name);
    else if (source == YOKE_QUERY)
        found.text = yoke_req_query(req, name);
    else if (source == YOKE_HEADER)
        found.text = yoke_req_get(req, name);
    else if (source == YOKE_FORM)
        found.text = yoke_req_form(req, name);
    else {
        const json_t *body = yoke_req_json(req);
        found.is_failed = !body;
        found.json = body ? yk_json_at(body, name) : NULL;
    }
    return found;
}

static bool is_missing(const struct found *found)
{
    return !found->text && (!found->json || json_is_null(found->json));
}

/* For getters that have something to fall back upon. */
enum given {
    THERE,
    MISSING,
    UNREADABLE, /* The body was no JSON; that has been said. */
};

static enum given look_for(yoke_req *req, enum yoke_source source,
                           const char *name)
{
    struct found found = find(req, source, name);
    if (found.is_failed)
        return UNREADABLE;
    return is_missing(&found) ? MISSING : THERE;
}

/* What a getter wants, in words for the client. */
static bool refuse(yoke_req *req, enum yoke_source source, const char *name,
                   const struct found *found, const char *wanted)
{
    if (!found->is_failed)
        yoke_next_problem(
            req, 400, "%s \"%s\" %s %s", source_names[source], name,
            is_missing(found) ? "is missing; it must be" : "must be", wanted);
    return false;
}

/* ---- Whole numbers ---- */

static bool read_int(const struct found *found, int64_t min, int64_t max,
                     int64_t *ret_value)
{
    int64_t value = 0;
    if (found->json) {
        if (!json_is_integer(found->json))
            return false;
        value = json_integer_value(found->json);
    } else {
        struct yk_slice text = yk_slice_of(found->text);
        bool is_negative = text.len > 0 && *text.ptr == '-';
        uint64_t number;
        text.ptr += is_negative;
        text.len -= is_negative;
        if (yk_parse_u64(text, (uint64_t)INT64_MAX + is_negative, &number) < 0)
            return false;
        value = is_negative ? (int64_t)(0 - number) : (int64_t)number;
    }
    if (value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

/* "a whole number from 1 to 10", without the ends that are no limits. */
static const char *int_wanted(yoke_req *req, int64_t min, int64_t max)
{
    if (min == INT64_MIN && max == INT64_MAX)
        return "a whole number";
    if (max == INT64_MAX)
        return yoke_req_printf(req, "a whole number from %" PRId64 " on", min);
    if (min == INT64_MIN)
        return yoke_req_printf(req, "a whole number up to %" PRId64, max);
    return yoke_req_printf(req, "a whole number from %" PRId64 " to %" PRId64,
                           min, max);
}

bool yoke_req_int(yoke_req *req, enum yoke_source source, const char *name,
                  int64_t min, int64_t max, int64_t *ret_value)
{
    struct found found = find(req, source, name);
    if (!is_missing(&found) && read_int(&found, min, max, ret_value))
        return true;
    return refuse(req, source, name, &found, int_wanted(req, min, max));
}

bool yoke_req_int_or(yoke_req *req, enum yoke_source source, const char *name,
                     int64_t min, int64_t max, int64_t fallback,
                     int64_t *ret_value)
{
    enum given given = look_for(req, source, name);
    if (given == MISSING)
        *ret_value = fallback;
    return given == THERE ? yoke_req_int(req, source, name, min, max, ret_value)
                          : given == MISSING;
}

static bool read_uint(const struct found *found, uint64_t min, uint64_t max,
                      uint64_t *ret_value)
{
    uint64_t value = 0;
    if (found->json) {
        if (!json_is_integer(found->json) ||
            json_integer_value(found->json) < 0)
            return false;
        value = (uint64_t)json_integer_value(found->json);
    } else if (yk_parse_u64(yk_slice_of(found->text), UINT64_MAX, &value) < 0) {
        return false;
    }
    if (value < min || value > max)
        return false;
    *ret_value = value;
    return true;
}

static const char *uint_wanted(yoke_req *req, uint64_t min, uint64_t max)
{
    if (max == UINT64_MAX)
        return yoke_req_printf(req, "a whole number from %" PRIu64 " on", min);
    return yoke_req_printf(req, "a whole number from %" PRIu64 " to %" PRIu64,
                           min, max);
}

bool yoke_req_uint(yoke_req *req, enum yoke_source source, const char *name,
                   uint64_t min, uint64_t max, uint64_t *ret_value)
{
    struct found found = find(req, source, name);
    if (!is_missing(&found) && read_uint(&found, min, max, ret_value))
        return true;
    return refuse(req, source, name, &found, uint_wanted(req, min, max));
}

bool yoke_req_uint_or(yoke_req *req, enum yoke_source source, const char *name,
                      uint64_t min, uint64_t max, uint64_t fallback,
                      uint64_t *ret_value)
{
    enum given given = look_for(req, source, name);
    if (given == MISSING)
        *ret_value = fallback;
    return given == THERE
               ? yoke_req_uint(req, source, name, min, max, ret_value)
               : given == MISSING;
}

/* ---- Numbers with a fraction ---- */

/* JSON's grammar: no "+", no hex, no "inf", a digit before and behind the
 * point. */
static bool is_number(const char *text)
{
    const char *digits = text + (*text == '-');
    size_t n = strspn(digits, "0123456789");
    const char *at = digits + n;
    if (n == 0)
        return false;
    if (*at == '.') {
        n = strspn(at + 1, "0123456789");
        at += 1 + n;
        if (n == 0)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        at += 1 + (at[1] == '-' || at[1] == '+');
        n = strspn(at, "0123456789");
        at += n;
        if (n == 0)
            return false;
    }
    return *at == '\0';
}

/* strtod(3), whatever decimal point the program's locale has. */
static double to_double(const char *text)
{
    static locale_t c_locale;
    if (!c_locale)
        c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale ? strtod_l(text, NULL, c_locale) : HUGE_VAL;
}

static bool read_double(const struct found *found, double min, double max,
                        double *ret_value)
{
    double value;
    if (found->json) {
        if (!json_is_number(found->json))
            return false;
        value = json_number_value(found->json);
    } else {
        if (!is_number(found->text))
            return false;
        value = to_double(found->text);
    }
    /* Also false for NaN. */
    if (!(value >= min && value <= max) || isinf(value))
        return false;
    *ret_value = value;
    return true;
}

static const char *double_wanted(yoke_req *req, double min, double max)
{
    if (min <= -DBL_MAX && max >= DBL_MAX)
        return "a number";
    if (max >= DBL_MAX)
        return yoke_req_printf(req, "a number from %g on", min);
    if (min <= -DBL_MAX)
        return yoke_req_printf(req, "a number up to %g", max);
    return yoke_req_printf(req, "a number from %g to %g", min, max);
}

bool yoke_req_double(yoke_req *req, enum yoke_source source, const char *name,
                     double min, double max, double *ret_value)
{
    struct found found = find(req, source, name);
    if (!is_missing(&found) && read_double(&found, min, max, ret_value))
        return true;
    return refuse(req, source, name, &found, double_wanted(req, min, max));
}

bool yoke_req_double_or(yoke_req *req, enum yoke_source source,
                        const char *name, double min, double max,
                        double fallback, double *ret_value)
{
    enum given given = look_for(req, source, name);
    if (given == MISSING)
        *ret_value = fallback;
    return given == THERE
               ? yoke_req_double(req, source, name, min, max, ret_value)
               : given == MISSING;
}

/* ---- Truth values ---- */

static bool read_bool(const struct found *found, bool *ret_value)
{
    if (found->json) {
        if (!json_is_boolean(found->json))
            return false;
        *ret_value = json_is_true(found->json);
        return true;
    }
    bool is_true =
        strcmp(found->text, "true") == 0 || strcmp(found->text, "1") == 0;
    if (!is_true && strcmp(found->text, "false") != 0 &&
        strcmp(found->text, "0") != 0)
        return false;
    *ret_value = is_true;
    return true;
}

bool yoke_req_bool(yoke_req *req, enum yoke_source source, const char *name,
                   bool *ret_value)
{
    struct found found = find(req, source, name);
    if (!is_missing(&found) && read_bool(&found, ret_value))
        return true;
    return refuse(req, source, name, &found, "true or false");
}

bool yoke_req_bool_or(yoke_req *req, enum yoke_source source, const char *name,
                      bool fallback, bool *ret_value)
{
    enum given given = look_for(req, source, name);
    if (given == MISSING)
        *ret_value = fallback;
    return given == THERE ? yoke_req_bool(req, source, name, ret_value)
                          : given == MISSING;
}

/* ---- Text ---- */

/* The text, or NULL when it is of another type or has a NUL. */
static const char *text_of(const struct found *found)
{
    if (!found->json)
        return found->text;
    const char *text = json_string_value(found->json);
    if (!text || strlen(text) != json_string_length(found->json))
        return NULL;
    return text;
}

static bool read_choice(const struct found *found, const char *const *choices,
                        size_t *ret_place)
{
    const char *text = text_of(found);
    for (size_t i = 0; text && choices[i]; i++) {
        if (strcmp(choices[i], text) == 0) {
            *ret_place = i;
            return true;
        }
    }
    return false;
}

static const char *choice_wanted(yoke_req *req, const char *const *choices)
{
    const char *list = "";
    for (size_t i = 0; choices[i]; i++)
        list =
            yoke_req_printf(req, "%s%s\"%s\"", list, i ? ", " : "", choices[i]);
    return yoke_req_printf(req, "one of %s", list);
}

bool yoke_req_choice(yoke_req *req, enum yoke_source source, const char *name,
                     const char *const *choices, size_t *ret_place)
{
    struct found found = find(req, source, name);
    if (!is_missing(&found) && read_choice(&found, choices, ret_place))
        return true;
    return refuse(req, source, name, &found, choice_wanted(req, choices));
}

bool yoke_req_choice_or(yoke_req *req, enum yoke_source source,
                        const char *name, const char *const *choices,
                        size_t fallback, size_t *ret_place)
{
    enum given given = look_for(req, source, name);
    if (given == MISSING)
        *ret_place = fallback;
    return given == THERE
               ? yoke_req_choice(req, source, name, choices, ret_place)
               : given == MISSING;
}

static bool read_string(const struct found *found, size_t min_len,
                        size_t max_len, const char **ret_text)
{
    const char *text = text_of(found);
    size_t len = text ? strlen(text) : 0;
    if (!text || len < min_len || len > max_len)
        return false;
    *ret_text = text;
    return true;
}

static const char *string_wanted(yoke_req *req, size_t min_len, size_t max_len)
{
    if (max_len == SIZE_MAX)
        return min_len
                   ? yoke_req_printf(req, "text of %zu bytes or more", min_len)
                   : "text";
    return yoke_req_printf(req, "text of %zu to %zu bytes", min_len, max_len);
}

bool yoke_req_string(yoke_req *req, enum yoke_source source, const char *name,
                     size_t min_len, size_t max_len, const char **ret_text)
{
    struct found found = find(req, source, name);
    if (!is_missing(&found) && read_string(&found, min_len, max_len, ret_text))
        return true;
    return refuse(req, source, name, &found,
                  string_wanted(req, min_len, max_len));
}

bool yoke_req_string_or(yoke_req *req, enum yoke_source source,
                        const char *name, size_t min_len, size_t max_len,
                        const char *fallback, const char **ret_text)
{
    enum given given = look_for(req, source, name);
    if (given == MISSING)
        *ret_text = fallback;
    return given == THERE
               ? yoke_req_string(req, source, name, min_len, max_len, ret_text)
               : given == MISSING;
}
