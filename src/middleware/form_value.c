#include "middleware/form_value.h"

#include <stdlib.h>

#include <jansson.h>

#include "core/banned.h"

bool yk_form_is_array(const json_t *container)
{
    return json_integer_value(json_object_get(container, YK_FORM_NEXT)) >= 0;
}

struct element {
    long place;
    json_t *value;
};

static int compare(const void *a, const void *b)
{
    const struct element *x = a, *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* What a container's member becomes; takes the reference over. */
static json_t *finish_member(json_t *value)
{
    if (!json_is_object(value))
        return value;
    json_t *finished = yk_form_value(value);
    json_decref(value);
    return finished;
}

static json_t *to_array(json_t *container)
{
    struct element *elements =
        calloc(json_object_size(container), sizeof(*elements));
    json_t *array = json_array(), *value;
    const char *key;
    size_t n = 0;
    json_object_foreach(container, key, value)
    {
        if (*key && elements)
            elements[n++] = (struct element){strtol(key, NULL, 10), value};
    }
    if (n > 0)
        qsort(elements, n, sizeof(*elements), compare);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array,
                              finish_member(json_incref(elements[i].value)));
    free(elements);
    return array;
}

/* As deep as the limit allows. */
json_t *yk_form_value(json_t *container)
{
    json_t *object, *value;
    const char *key;
    json_t *next = json_object_get(container, YK_FORM_NEXT);
    if (json_is_integer(next) && yk_form_is_array(container))
        return to_array(container);
    object = json_object();
    json_object_foreach(container, key, value)
    {
        if (value != next || !json_is_integer(next))
            json_object_set_new(object, key, finish_member(json_incref(value)));
    }
    return object;
}
