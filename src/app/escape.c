#include "app/escape.h"

#include <stdio.h>

#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

/* The longest replacement of a byte: "\u001f", "&quot;". */
#define REPLACEMENT_MAX 6

/* What replaces a byte; NULL: nothing does. `room` may be used for it. */
typedef const char *replace_fn(unsigned char c, char room[REPLACEMENT_MAX + 1]);

const char *yk_escape_html_char(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static const char *replace_html(unsigned char c, char room[REPLACEMENT_MAX + 1])
{
    (void)room;
    return yk_escape_html_char((char)c);
}

static const char *replace_json(unsigned char c, char room[REPLACEMENT_MAX + 1])
{
    if (c == '"')
        return "\\\"";
    if (c == '\\')
        return "\\\\";
    if (c >= 0x20)
        return NULL;
    snprintf(room, REPLACEMENT_MAX + 1, "\\u%04x", c);
    return room;
}

static const char *escape(struct yoke_req *req, const char *text,
                          replace_fn *replace)
{
    char room[REPLACEMENT_MAX + 1];
    size_t len = strlen(text), clean = 0;
    while (clean < len && !replace((unsigned char)text[clean], room))
        clean++;
    if (clean == len)
        return text;
    char *out = yk_arena_alloc(req->x->arena, len * REPLACEMENT_MAX + 1);
    char *to = out;
    for (size_t i = 0; i < len; i++) {
        const char *with = replace((unsigned char)text[i], room);
        size_t n = with ? strlen(with) : 1;
        memcpy(to, with ? with : text + i, n);
        to += n;
    }
    *to = '\0';
    return out;
}

const char *yk_escape_html(struct yoke_req *req, const char *text)
{
    return escape(req, text, replace_html);
}

const char *yk_escape_json(struct yoke_req *req, const char *text)
{
    return escape(req, text, replace_json);
}
