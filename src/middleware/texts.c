#include "middleware/texts.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/req.h>

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

char *yk_text_row(yoke_req *req, const char *const *parts)
{
    size_t len = 0;
    for (size_t i = 0; parts[i]; i++)
        len += strlen(parts[i]);
    char *text = yoke_req_alloc(req, len + 1), *at = text;
    for (size_t i = 0; parts[i]; i++) {
        size_t part_len = strlen(parts[i]);
        memcpy(at, parts[i], part_len);
        at += part_len;
    }
    *at = '\0';
    return text;
}

const char *yk_text_number(char out[24], int64_t number)
{
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    char *at = out + 23;
    *at = '\0';
    do
        *--at = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        *--at = '-';
    return at;
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
