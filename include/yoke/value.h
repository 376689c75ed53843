/* Typed values of a request: numbers, truth values and choices out of params,
 * query, headers and JSON bodies.
 *
 *     static void list_users(yoke_req *req, yoke_res *res)
 *     {
 *         int64_t team, page;
 *         if (!yoke_req_int(req, YOKE_PARAM, "team", 1, INT64_MAX, &team) ||
 *             !yoke_req_int_or(req, YOKE_QUERY, "page", 1, 1000, 1, &page))
 *             return;
 *         ...
 *
 * When a value is missing or is not what it should be, the function has passed
 * an error on (`yoke_next_problem`): the client is answered 400 and told what
 * was expected, `query parameter "page" must be a whole number from 1 to 1000`.
 * It returns false then, and the handler returns. The functions that end in
 * `_or` take a default for a value that is missing, but not for one that is
 * wrong.
 *
 * Text is read strictly: digits with at most one "-" in front, no spaces, no
 * overflow; numbers with a fraction as JSON writes them. In a JSON body the
 * value must have the JSON type: 7, not "7". */
#ifndef YOKE_VALUE_H
#define YOKE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

struct json_t; /* jansson's */

/* Where a value is. */
enum yoke_source {
    YOKE_PARAM,  /* yoke_req_param */
    YOKE_QUERY,  /* yoke_req_query: the first of that name */
    YOKE_HEADER, /* yoke_req_get */
    YOKE_JSON,   /* The JSON body that yoke_json or yoke_body has collected: a
                    member of its object, or one deeper down: "address.zip",
                    "tags.0". */
    YOKE_FORM,   /* yoke_req_form: the first of that name */
};

/* A whole number from `min` to `max`. */
bool yoke_req_int(yoke_req *req, enum yoke_source source, const char *name,
                  int64_t min, int64_t max, int64_t *ret_value);
bool yoke_req_int_or(yoke_req *req, enum yoke_source source, const char *name,
                     int64_t min, int64_t max, int64_t fallback,
                     int64_t *ret_value);

/* The same without a sign. In JSON up to 2^63-1. */
bool yoke_req_uint(yoke_req *req, enum yoke_source source, const char *name,
                   uint64_t min, uint64_t max, uint64_t *ret_value);
bool yoke_req_uint_or(yoke_req *req, enum yoke_source source, const char *name,
                      uint64_t min, uint64_t max, uint64_t fallback,
                      uint64_t *ret_value);

/* A number from `min` to `max`; never infinite, never NaN. */
bool yoke_req_double(yoke_req *req, enum yoke_source source, const char *name,
                     double min, double max, double *ret_value);
bool yoke_req_double_or(yoke_req *req, enum yoke_source source,
                        const char *name, double min, double max,
                        double fallback, double *ret_value);

/* "true" or "1", "false" or "0". */
bool yoke_req_bool(yoke_req *req, enum yoke_source source, const char *name,
                   bool *ret_value);
bool yoke_req_bool_or(yoke_req *req, enum yoke_source source, const char *name,
                      bool fallback, bool *ret_value);

/* One of some texts, in this very case: the place of it in `choices`, a list
 * that NULL ends. `YOKE_TEXTS("asc", "desc")` (yoke/negotiate.h) makes one. */
bool yoke_req_choice(yoke_req *req, enum yoke_source source, const char *name,
                     const char *const *choices, size_t *ret_place);
bool yoke_req_choice_or(yoke_req *req, enum yoke_source source,
                        const char *name, const char *const *choices,
                        size_t fallback, size_t *ret_place);

/* Text of `min_len` to `max_len` bytes. In JSON it may not hold a NUL, and is
 * valid UTF-8; elsewhere it is whatever the client has sent. Borrowed until the
 * answer has been ended. */
bool yoke_req_string(yoke_req *req, enum yoke_source source, const char *name,
                     size_t min_len, size_t max_len, const char **ret_text);
bool yoke_req_string_or(yoke_req *req, enum yoke_source source,
                        const char *name, size_t min_len, size_t max_len,
                        const char *fallback, const char **ret_text);

/* The JSON body that `yoke_body` has collected, parsed at the first call, or
 * NULL: then an error has been passed on, 400 when it is no JSON (with line and
 * column), 415 when its type is neither application/json nor ends in "+json".
 * Borrowed until the answer has been ended. Two members of one name in an
 * object are an error, for programs differ in which of them they take. A
 * request without a body has none: 400. */
struct json_t *yoke_req_json(yoke_req *req);

/* Whether there is a JSON body that has been parsed already, so that
 * yoke_req_json gives it. */
bool yoke_req_has_json(const yoke_req *req);

/* Makes a value the request's JSON body, for middleware that has read it in a
 * way of its own. Takes the reference over; replaces what was there. */
void yoke_req_set_json(yoke_req *req, struct json_t *value);

/* The query as a JSON object, as the setting "query parser" says: "simple",
 * each name with its text, or a list of them if it comes several times;
 * "extended", where brackets nest as in yoke_req_form_json, five deep at most
 * (what is behind them is one name), places in arrays up to 20; or what a
 * function of the application's makes of it. Made at the first call; borrowed
 * until the answer has been ended. Text that is not UTF-8 is left out, and so is
 * what there is no memory for; NULL only when there is none at all. (Express:
 * req.query.) */
struct json_t *yoke_req_query_json(yoke_req *req);

/* A function of the application's own for that: gets the query without its "?",
 * still encoded, and returns a value whose reference is taken over, or NULL for
 * what "simple" would give.
 *
 *     yoke_app_set_ptr(app, "query parser", &parser, NULL); */
struct yoke_query_parser {
    struct json_t *(*fn)(yoke_req *req, const char *query, void *data);
    void *data;
};

/* Passes an error on whose text the client may see. `yoke_next_err`
 * (yoke/app.h) in all else: the text is the error's message and its detail. For what is
 * wrong with the request, and names nothing of the server's inside. */
void yoke_next_problem(yoke_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for an error that programs tell apart by its type, "entity.too.large"
 * for example: error handlers find it in `err->type`, clients that want JSON
 * under "code". `type` must live as long as the request. (Express: err.type.) */
void yoke_next_typed(yoke_req *req, int status, const char *type,
                     const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
