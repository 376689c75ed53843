#include "middleware/texts.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/banned.h"

char *yk_text_copy(const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    if (text && !copy)
        abort();
    return copy;
}

void yk_text_free(const char *text)
{
    free((void *)(uintptr_t)text);
}

char *yk_text_join(const char *a, const char *b, const char *c)
{
    char *text;
    if (asprintf(&text, "%s%s%s", a, b, c) < 0)
        abort();
    return text;
}

const char *const *yk_texts_copy(const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    const char **copy = texts ? calloc(n + 1, sizeof(*copy)) : NULL;
    if (texts && !copy)
        abort();
    for (size_t i = 0; i < n; i++)
        copy[i] = yk_text_copy(texts[i]);
    return copy;
}

void yk_texts_free(const char *const *texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        yk_text_free(texts[i]);
    free((void *)(uintptr_t)texts);
}

bool yk_texts_have(const char *const *texts, const char *text)
{
    for (; *texts; texts++)
        if (strcmp(*texts, text) == 0)
            return true;
    return false;
}

void *yk_zeroed(size_t size)
{
    void *ptr = calloc(1, size);
    if (!ptr)
        abort();
    return ptr;
}
