/* An engine for the tests of views: {{name}}, {{{name}}} as it is, {{>name}} a
 * partial, {{!what}} an error. A template is compiled to a copy of its text. */
#ifndef YK_TESTS_TINY_ENGINE_H
#define YK_TESTS_TINY_ENGINE_H

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <yoke/view.h>

static int compiled, freed; /* How often. */

static int tiny_compile(yoke_page *page, const char *text, size_t len,
                        void **ret_made)
{
    if (strstr(text, "{{!compile}}"))
        return yoke_page_fail(page, "not to be compiled");
    char *copy = malloc(len + 1);
    memcpy(copy, text, len + 1);
    *ret_made = copy;
    compiled++;
    return 0;
}

static int tiny_tag(yoke_page *page, const char *tag, const json_t *locals)
{
    if (*tag == '>')
        return yoke_page_include(page, tag + 1, locals);
    if (strcmp(tag, "!code") == 0)
        return -ENOTSUP;
    if (*tag == '!')
        return yoke_page_fail(page, "%s", tag + 1);
    if (*tag != '{')
        return yoke_page_put_json(page, json_object_get(locals, tag));
    const char *text = json_string_value(json_object_get(locals, tag + 1));
    return yoke_page_put(page, text, strlen(text));
}

static int tiny_render(yoke_page *page, const void *made, const json_t *locals)
{
    const char *at = made, *open;
    int err = 0;
    while (err == 0 && (open = strstr(at, "{{"))) {
        char tag[64] = "";
        size_t len = strcspn(open + 2, "}");
        yoke_page_put(page, at, (size_t)(open - at));
        memcpy(tag, open + 2, len < sizeof(tag) ? len : sizeof(tag) - 1);
        err = tiny_tag(page, tag, locals);
        at = open + 2 + len;
        at += strspn(at, "}");
    }
    yoke_page_put(page, at, strlen(at));
    return err;
}

static void tiny_free(void *made)
{
    free(made);
    freed++;
}

static const struct yoke_engine tiny = {
    .compile = tiny_compile, .render = tiny_render, .free_made = tiny_free};

#endif
