#include "app/json_body.h"

#include <jansson.h>

#include <yoke/negotiate.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "app/req.h"
#include "core/arena.h"
#include "core/number.h"

#include "core/banned.h"

struct yk_json_body {
    json_t *value; /* NULL: it was no JSON. */
};

static bool is_last(const char *name, size_t len)
{
    return name[len] == '\0';
}

static const json_t *member(const json_t *value, struct yk_slice name)
{
    if (json_is_object(value))
        return json_object_getn(value, name.ptr, name.len);
    uint64_t place;
    if (json_is_array(value) && yk_parse_u64(name, SIZE_MAX, &place) == 0)
        return json_array_get(value, (size_t)place);
    return NULL;
}

const json_t *yk_json_at(const json_t *value, const char *name)
{
    while (value) {
        size_t len = strcspn(name, ".");
        value = member(value, (struct yk_slice){name, len});
        if (is_last(name, len))
            return value;
        name += len + 1;
    }
    return NULL;
}

void yk_json_body_free(struct yoke_req *req)
{
    if (req->json)
        json_decref(req->json->value);
    req->json = NULL;
}

static json_t *parse(yoke_req *req, const char *text, size_t len)
{
    json_error_t error;
    json_t *value =
        json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value)
        return value;
    /* What follows is what the client has sent. */
    const char *near = strstr(error.text, " near ");
    size_t said = near ? (size_t)(near - error.text) : strlen(error.text);
    yoke_next_problem(req, 400, "the body is no JSON: line %d, column %d: %.*s",
                      error.line, error.column, (int)said, error.text);
    return NULL;
}

bool yoke_req_has_json(const yoke_req *req)
{
    return req->json != NULL;
}

void yoke_req_set_json(yoke_req *req, json_t *value)
{
    yk_json_body_free(req);
    req->json = yk_arena_alloc(req->x->arena, sizeof(*req->json));
    req->json->value = value;
    req->needs_release = true;
}

/* A type that ends in +json is not taken by every parser: then it is the
 * client's mistake. */
static void refuse_unread(yoke_req *req)
{
    if (yoke_req_is(req, "json"))
        yoke_next_err(req, 500,
                      "yoke_req_json: nothing has collected the body; put "
                      "yoke_json or yoke_body in front of the handler");
    else
        yoke_next_problem(req, 415,
                          "the body must be JSON, with the Content-Type "
                          "application/json");
}

json_t *yoke_req_json(yoke_req *req)
{
    size_t len;
    if (req->json)
        return req->json->value;
    const char *text = yoke_req_body(req, &len);
    if (req->x->request->body == YK_BODY_NONE) {
        yoke_next_problem(req, 400, "the request has no body; send JSON");
        return NULL;
    }
    if (!text || !yoke_req_is(req, "json", "+json")) {
        refuse_unread(req);
        return NULL;
    }
    json_t *value = parse(req, text, len);
    if (value)
        yoke_req_set_json(req, value);
    return value;
}
