#include "app/token.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "http/url.h"

#include "core/banned.h"

#define SEE_ESCAPE "; for the character itself put a backslash before it"

struct reader {
    const char *at, *end;
    struct yk_tokens *tokens;
    char *plain; /* Text that is being read, before it is encoded. */
    size_t plain_len;
    char *out; /* The free part of tokens->text. */
};

/* What a reserved character may have been meant to be, and what to write. */
static const char *reserved_problem(char c)
{
    switch (c) {
    case '(':
    case ')':
        return "regular expressions are not known; write \":name\", or "
               "\":name<int>\" for what it must be, or several paths: "
               "yoke_paths(\"/a\", \"/b\")" SEE_ESCAPE;
    case '?':
        return "\"?\" is no pattern, and a query is no part of a path; put "
               "what is optional between braces: \"/a{/:b}\"" SEE_ESCAPE;
    case '+':
        return "\"+\" is no pattern; for one segment or more write "
               "\"/*name\"" SEE_ESCAPE;
    case '}':
        return "\"}\" without \"{\"" SEE_ESCAPE;
    case '[':
    case ']':
    case '!':
        return "this character is reserved: ( ) [ ] { } ? * + !" SEE_ESCAPE;
    default:
        return NULL;
    }
}

/* ---- Names ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* As in JavaScript; of letters beyond ASCII every byte is taken. */
static bool is_name_char(char c)
{
    unsigned char lower = yk_lower((unsigned char)c);
    return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '_' ||
           c == '$' || lower >= 0x80;
}

static const char *read_quoted(struct reader *r, struct yk_slice *ret_name)
{
    char *name = r->out;
    for (r->at++; r->at < r->end && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at + 1 < r->end)
            r->at++;
        *r->out++ = *r->at;
    }
    if (r->at == r->end)
        return "the quotes around a name are not closed; write "
               "\":\\\"my name\\\"\"";
    r->at++;
    *ret_name = (struct yk_slice){name, (size_t)(r->out - name)};
    return NULL;
}

static void read_word(struct reader *r, struct yk_slice *ret_name)
{
    char *name = r->out;
    while (r->at < r->end && is_name_char(*r->at))
        *r->out++ = *r->at++;
    *ret_name = (struct yk_slice){name, (size_t)(r->out - name)};
}

static const char *missing_name(char sign)
{
    if (sign == '*')
        return "\"*\" without a name; write \"/*path\" for one segment or "
               "more, \"{/*path}\" for none or more" SEE_ESCAPE;
    return "\":\" without a name; write \":name\", or \":\\\"my name\\\"\" "
           "for a name with other characters" SEE_ESCAPE;
}

static const char *read_name(struct reader *r, char sign,
                             struct yk_slice *ret_name)
{
    const char *problem = NULL;
    if (r->at < r->end && is_digit(*r->at))
        return "the name of a param starts with a letter, \"_\" or \"$\"";
    if (r->at < r->end && *r->at == '"')
        problem = read_quoted(r, ret_name);
    else
        read_word(r, ret_name);
    if (!problem && ret_name->len == 0)
        problem = missing_name(sign);
    return problem;
}

static const char *read_constraint(struct reader *r, struct yk_slice *ret_name)
{
    const char *start = ++r->at;
    while (r->at < r->end && *r->at != '>')
        *r->out++ = *r->at++;
    if (r->at == r->end)
        return "the constraint of a param is not closed; write \":name<int>\"";
    if (r->at == start)
        return "a constraint without a name; write \":name<int>\"";
    size_t len = (size_t)(r->at++ - start);
    *ret_name = (struct yk_slice){r->out - len, len};
    return NULL;
}

/* ---- Tokens ---- */

static struct yk_token *add(struct reader *r, enum yk_token_kind kind)
{
    struct yk_token *token = &r->tokens->items[r->tokens->count++];
    *token = (struct yk_token){.kind = kind};
    return token;
}

/* Whether there is room for a text and what is behind it. */
static bool has_room(const struct reader *r)
{
    return r->tokens->count + 2 <= YK_TOKENS_MAX;
}

/* Makes a token of the text that has been read, if there is any. */
static void end_text(struct reader *r)
{
    if (r->plain_len == 0)
        return;
    size_t len =
        yk_url_encode((struct yk_slice){r->plain, r->plain_len}, r->out);
    add(r, YK_TOKEN_TEXT)->text = (struct yk_slice){r->out, len};
    r->out += len;
    r->plain_len = 0;
}

/* "?" and "#" would end a path, so that they can only come encoded. */
static void add_char(struct reader *r, char c)
{
    if (c == '?' || c == '#') {
        memcpy(r->plain + r->plain_len, c == '?' ? "%3F" : "%23", 3);
        r->plain_len += 3;
    } else {
        r->plain[r->plain_len++] = c;
    }
}

static const char *read_capture(struct reader *r)
{
    char sign = *r->at++;
    struct yk_slice name = YK_LIT(""), constraint = YK_LIT("");

    end_text(r);
    const char *problem = read_name(r, sign, &name);
    if (!problem && r->at < r->end && *r->at == '<')
        problem = sign == '*' ? "a wildcard takes no constraint"
                              : read_constraint(r, &constraint);
    if (problem)
        return problem;
    struct yk_token *token =
        add(r, sign == '*' ? YK_TOKEN_WILDCARD : YK_TOKEN_PARAM);
    token->text = name;
    token->constraint = constraint;
    return NULL;
}

static const char *read_escaped(struct reader *r)
{
    if (r->at + 1 == r->end)
        return "a backslash at the end; write two for the character itself";
    add_char(r, r->at[1]);
    r->at += 2;
    return NULL;
}

static const char *read_tokens(struct reader *r, bool is_group);

static const char *read_group(struct reader *r)
{
    end_text(r);
    struct yk_token *group = add(r, YK_TOKEN_GROUP);
    uint32_t first = r->tokens->count;
    r->at++;
    const char *problem = read_tokens(r, true);
    group->inside = r->tokens->count - first;
    r->at++;
    return problem;
}

static const char *read_token(struct reader *r)
{
    switch (*r->at) {
    case '{':
        return read_group(r);
    case ':':
    case '*':
        return read_capture(r);
    case '\\':
        return read_escaped(r);
    default:
        add_char(r, *r->at++);
        return reserved_problem(r->at[-1]);
    }
}

/* Reads up to the "}" of the group that it is inside, or to the end. */
static const char *read_tokens(struct reader *r, bool is_group)
{
    while (r->at < r->end && !(is_group && *r->at == '}')) {
        if (!has_room(r))
            return "the path has too many parts; split it into several";
        const char *problem = read_token(r);
        if (problem)
            return problem;
    }
    if (is_group && r->at == r->end)
        return "\"{\" without \"}\"; an optional part is written "
               "\"/a{/:b}\"" SEE_ESCAPE;
    end_text(r);
    return NULL;
}

/* The length without the slashes at the end; one that is escaped counts. */
static size_t loose_len(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] == '/' &&
           !(len > 1 && path[len - 2] == '\\'))
        len--;
    return len;
}

const char *yk_tokens_init(struct yk_tokens *tokens, const char *path,
                           bool is_loose)
{
    *tokens = (struct yk_tokens){.count = 0};
    size_t len = strlen(path);
    if (len > YK_PATH_MAX_LEN)
        return "the path is too long";
    if (is_loose)
        len = loose_len(path, len);

    /* A "?" becomes three bytes, and no byte more than three encoded ones. */
    tokens->items = yk_alloc((YK_TOKENS_MAX + 1) * sizeof(*tokens->items));
    tokens->text = yk_alloc(YK_URL_ENCODED_MAX(len) + 1);
    struct reader r = {
        .at = path,
        .end = path + len,
        .tokens = tokens,
        .plain = yk_alloc(len * 3 + 1),
        .out = tokens->text,
    };
    const char *problem = read_tokens(&r, false);
    free(r.plain);
    if (problem)
        yk_tokens_done(tokens);
    else
        tokens->items = yk_realloc(tokens->items, tokens->count + 1,
                                   sizeof(*tokens->items));
    return problem;
}

void yk_tokens_done(struct yk_tokens *tokens)
{
    free(tokens->items);
    free(tokens->text);
    *tokens = (struct yk_tokens){.count = 0};
}
