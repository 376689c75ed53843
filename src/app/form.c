/* The fields of a form: an array in the arena, which doubles. */
#include <yoke/form.h>

#include <string.h>

#include <yoke/req.h>

#include "core/banned.h"

#define FIRST_CAPACITY 16

struct field {
    const char *name, *value;
};

struct form {
    struct field *fields;
    size_t count, capacity;
};

static const char form_key;

static void grow(yoke_req *req, struct form *form)
{
    size_t capacity = form->capacity ? form->capacity * 2 : FIRST_CAPACITY;
    struct field *fields = yoke_req_alloc(req, capacity * sizeof(*fields));
    if (form->count > 0)
        memcpy(fields, form->fields, form->count * sizeof(*fields));
    form->fields = fields;
    form->capacity = capacity;
}

void yoke_req_form_add(yoke_req *req, const char *name, const char *value)
{
    struct form *form = yoke_req_attached(req, &form_key);
    if (!form) {
        form = yoke_req_alloc(req, sizeof(*form));
        *form = (struct form){.count = 0};
        yoke_req_attach(req, &form_key, form, NULL);
    }
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
