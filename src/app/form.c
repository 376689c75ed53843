/* The fields of a form: an array in the arena, which doubles, and what it is as
 * one JSON value, which is made when somebody asks for it. */
#include <yoke/form.h>

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include <yoke/req.h>

#include "app/tree.h"

#include "core/banned.h"

#define FIRST_CAPACITY 16
#define MAX_DEPTH      32
#define MAX_INDEX      100

struct field {
    const char *name, *value;
};

struct form {
    struct field *fields;
    size_t count, capacity;
    struct yoke_form_nesting nesting;
};

static const char form_key, json_key;

static void grow(yoke_req *req, struct form *form)
{
    size_t capacity = form->capacity ? form->capacity * 2 : FIRST_CAPACITY;
    struct field *fields = yoke_req_alloc(req, capacity * sizeof(*fields));
    if (form->count > 0)
        memcpy(fields, form->fields, form->count * sizeof(*fields));
    form->fields = fields;
    form->capacity = capacity;
}

static struct form *form_of(yoke_req *req)
{
    struct form *form = yoke_req_attached(req, &form_key);
    if (form)
        return form;
    form = yoke_req_alloc(req, sizeof(*form));
    *form = (struct form){.count = 0};
    yoke_req_attach(req, &form_key, form, NULL);
    return form;
}

void yoke_req_form_add(yoke_req *req, const char *name, const char *value)
{
    struct form *form = form_of(req);
    if (form->count == form->capacity)
        grow(req, form);
    form->fields[form->count++] = (struct field){name, value};
}

const char *yoke_req_form(const yoke_req *req, const char *name)
{
    const struct form *form = yoke_req_attached(req, &form_key);
    for (size_t i = 0; form && i < form->count; i++)
        if (strcmp(form->fields[i].name, name) == 0)
            return form->fields[i].value;
    return NULL;
}

size_t yoke_req_form_count(const yoke_req *req)
{
    const struct form *form = yoke_req_attached(req, &form_key);
    return form ? form->count : 0;
}

bool yoke_req_form_at(const yoke_req *req, size_t n, const char **ret_name,
                      const char **ret_value)
{
    const struct form *form = yoke_req_attached(req, &form_key);
    if (!form || n >= form->count)
        return false;
    *ret_name = form->fields[n].name;
    *ret_value = form->fields[n].value;
    return true;
}

/* ---- As one value ---- */

static size_t max_depth(const struct yoke_form_nesting *nesting)
{
    return nesting->max_depth ? nesting->max_depth : MAX_DEPTH;
}

static size_t max_index(const struct form *form)
{
    if (form->nesting.max_index)
        return form->nesting.max_index;
    return form->count > MAX_INDEX ? form->count : MAX_INDEX;
}

int yoke_req_form_end(yoke_req *req, const struct yoke_form_nesting *nesting)
{
    struct form *form = form_of(req);
    for (size_t i = 0; nesting->nests && i < form->count; i++)
        if (yk_tree_is_deeper(form->fields[i].name, max_depth(nesting)))
            return -ERANGE;
    form->nesting = *nesting;
    return 0;
}

static json_t *make_json(yoke_req *req, const struct form *form)
{
    const struct yoke_form_nesting *nesting = &form->nesting;
    struct yk_tree tree = {.root = json_object(),
                           .max_depth = nesting->nests ? max_depth(nesting) : 0,
                           .max_index = max_index(form)};
    for (size_t i = 0; i < form->count; i++) {
        const struct field *field = &form->fields[i];
        size_t size = strlen(field->name) + 1;
        char *name = yoke_req_try_alloc(req, size);
        if (name)
            yk_tree_add(&tree, memcpy(name, field->name, size), field->value);
    }
    yk_tree_finish(&tree);
    return tree.root;
}

static void free_json(void *value)
{
    json_decref(value);
}

struct json_t *yoke_req_form_json(yoke_req *req)
{
    const struct form *form = yoke_req_attached(req, &form_key);
    json_t *json = yoke_req_attached(req, &json_key);
    if (json || !form)
        return json;
    json = make_json(req, form);
    yoke_req_attach(req, &json_key, json, free_json);
    return json;
}
