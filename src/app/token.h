/* Tokens of a path as it stands in a registration: "/a/:id{/b-*rest}".
 *
 *     text "/a/"   param "id"   group of 2   text "/b-"   wildcard "rest"
 *
 * The syntax is that of path-to-regexp 8, which Express 5 uses, and constraints
 * besides:
 *
 *     :name  :"any name"    what a client writes in one segment
 *     :name<int>            the same, if it is one
 *     *name                 one segment or more
 *     {...}                 may be missing; groups nest
 *     \x                    the character x itself
 *
 * A group is one token, and how many of those behind it are inside. */
#ifndef YK_APP_TOKEN_H
#define YK_APP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

/* More is refused: nobody writes that by hand. */
#define YK_TOKENS_MAX   256
#define YK_PATH_MAX_LEN 4096

enum yk_token_kind {
    YK_TOKEN_TEXT,
    YK_TOKEN_PARAM,
    YK_TOKEN_WILDCARD,
    YK_TOKEN_GROUP,
};

struct yk_token {
    enum yk_token_kind kind;
    uint32_t inside;      /* GROUP: tokens that follow and belong to it. */
    struct yk_slice text; /* TEXT: percent-encoded, as on the wire.
                                   PARAM, WILDCARD: the name. */
    struct yk_slice constraint; /* PARAM: its name, or empty. */
};

struct yk_tokens {
    struct yk_token *items;
    uint32_t count;
    char *text; /* What the slices point into. */
};

/* Reads a path. With `is_loose` slashes at its end are left out, for they do
 * not count. Returns NULL when it is well, else what is wrong with it and what
 * to write instead (static), and `tokens` is empty. Released with
 * yk_tokens_done. */
const char *yk_tokens_init(struct yk_tokens *tokens, const char *path,
                           bool is_loose);

void yk_tokens_done(struct yk_tokens *tokens);

#endif
