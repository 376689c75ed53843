#include "middleware/copy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>

#include "core/banned.h"

static void *need(void *ptr)
{
    if (ptr)
        return ptr;
    yoke_log(YOKE_LOG_ERROR, "no memory for the options of a middleware");
    abort();
}

void *yk_zeroed(size_t size)
{
    return need(calloc(1, size));
}

char *yk_text_copy(const char *text)
{
    return text ? need(strdup(text)) : NULL;
}

char *yk_text_join(const char *a, const char *b, const char *c)
{
    char *text;
    if (asprintf(&text, "%s%s%s", a, b, c) < 0)
        text = NULL;
    return need(text);
}

void yk_texts_copy(char **to, size_t max, const char *const *from)
{
    size_t n = 0;
    for (; from && from[n] && n < max; n++)
        to[n] = yk_text_copy(from[n]);
    to[n] = NULL;
}

void yk_texts_free(char **texts)
{
    for (; *texts; texts++)
        free(*texts);
}

char *yk_texts_join(const char *const *texts)
{
    char *all = NULL;
    for (; texts && *texts; texts++) {
        char *longer =
            all ? yk_text_join(all, ", ", *texts) : yk_text_copy(*texts);
        free(all);
        all = longer;
    }
    return all;
}
