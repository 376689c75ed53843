#include "middleware/vary.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/encoding.h"

#include "core/banned.h"

#define NAMES_MAX 16

/* ---- Names ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Splits a list in place; returns how many, or -1 for too many. */
static int split(char *list, char *names[NAMES_MAX])
{
    int n = 0;
    char *rest;

    for (char *name = strtok_r(list, ", \t", &rest); name;
         name = strtok_r(NULL, ", \t", &rest)) {
        if (n == NAMES_MAX)
            return -1;
        for (char *c = name; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
        names[n++] = name;
    }
    return n;
}

static bool add(char *out, size_t *len, const char *text)
{
    size_t text_len = strlen(text);

    if (*len + text_len + 2 > YK_VARY_NAMES_MAX)
        return false;
    if (*len > 0)
        out[(*len)++] = ',';
    memcpy(out + *len, text, text_len + 1);
    *len += text_len;
    return true;
}

/* Sorted, each once. */
static bool put_in_order(char *list, char out[YK_VARY_NAMES_MAX])
{
    char *names[NAMES_MAX];
    int n = split(list, names);
    size_t len = 0;

    out[0] = '\0';
    if (n < 0)
        return false;
    qsort(names, (size_t)n, sizeof(*names), compare);
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], "*") == 0)
            return false;
        if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
            continue;
        if (!add(out, &len, names[i]))
            return false;
    }
    return true;
}

bool yk_vary_names(const yoke_res *res, char out[YK_VARY_NAMES_MAX])
{
    char list[2 * YK_VARY_NAMES_MAX] = "";
    size_t len = 0;
    const char *name, *value;

    for (size_t i = 0; yoke_res_header_at(res, i, &name, &value); i++) {
        size_t value_len = strlen(value);
        if (strcasecmp(name, "Vary") != 0)
            continue;
        if (len + value_len + 2 > sizeof(list))
            return false;
        memcpy(list + len, value, value_len);
        len += value_len;
        list[len++] = ',';
        list[len] = '\0';
    }
    return put_in_order(list, out);
}

bool yk_vary_join(char names[YK_VARY_NAMES_MAX], const char *more)
{
    char list[2 * YK_VARY_NAMES_MAX];
    size_t len = strlen(names);

    memcpy(list, names, len);
    list[len++] = ',';
    memcpy(list + len, more, strlen(more) + 1);
    return put_in_order(list, names);
}

/* ---- Keys ---- */

/* Blanks and, in what is negotiated, case do not count. */
static void add_plain(struct yk_pile *pile, const char *name, const char *value)
{
    bool is_any_case = strncmp(name, "accept", 6) == 0;

    for (; *value; value++) {
        char c = *value;
        if (c == ' ' || c == '\t')
            continue;
        if (is_any_case && c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        yk_pile_add(pile, &c, 1);
    }
}

static void add_encodings(struct yk_pile *pile, const yoke_req *req)
{
    enum yk_encoding wanted[YK_ENCODINGS];
    size_t n = yk_encodings_wanted(req, wanted);

    for (size_t i = 0; i < n; i++) {
        const char *name = yk_encoding_name(wanted[i]);
        yk_pile_add(pile, name, strlen(name));
        yk_pile_add(pile, ",", 1);
    }
}

/* Its fields, several of them joined; one that is missing is not one that is
 * empty. */
static void add_field(struct yk_pile *pile, const yoke_req *req,
                      const char *name)
{
    const char *field, *value;

    yk_pile_add(pile, "\n", 1);
    yk_pile_add(pile, name, strlen(name));
    if (strcmp(name, "accept-encoding") == 0) {
        yk_pile_add(pile, "=", 1);
        add_encodings(pile, req);
        return;
    }
    for (size_t i = 0; yoke_req_header_at(req, i, &field, &value); i++)
        if (strcasecmp(field, name) == 0) {
            yk_pile_add(pile, "=", 1);
            add_plain(pile, name, value);
        }
}

const char *yk_variant_key(yoke_req *req, const char *key,
                           const struct yk_variants *variants)
{
    char list[YK_VARY_NAMES_MAX], *names[NAMES_MAX];
    struct yk_pile pile = {.ptr = NULL};

    memcpy(list, variants->names, sizeof(list));
    int n = split(list, names);
    const char *head =
        yoke_req_printf(req, "%s\n%016" PRIx64, key, variants->id);
    yk_pile_add(&pile, head, strlen(head));
    for (int i = 0; i < n; i++)
        add_field(&pile, req, names[i]);
    yk_pile_add(&pile, "", 1);
    const char *copy = pile.has_failed ? "" : yoke_req_strdup(req, pile.ptr);
    yk_pile_free(&pile);
    return copy;
}

uint64_t yk_variant_hash(const char *variant_key)
{
    uint64_t hash = 0xcbf29ce484222325;

    for (; *variant_key; variant_key++)
        hash = (hash ^ (unsigned char)*variant_key) * 0x100000001b3;
    return hash;
}

bool yk_variant_is_known(const struct yk_variants *variants, uint64_t hash)
{
    for (uint32_t i = 0; i < variants->count; i++)
        if (variants->known[i] == hash)
            return true;
    return false;
}

/* ---- Bytes: "V", number, count, hashes, names with a NUL ---- */

static void add_number(struct yk_pile *pile, uint64_t number)
{
    char bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(number >> 8 * i);
    yk_pile_add(pile, bytes, sizeof(bytes));
}

static uint64_t number_at(const char *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number |= (uint64_t)(unsigned char)at[i] << 8 * i;
    return number;
}

void yk_variants_write(const struct yk_variants *variants, struct yk_pile *pile)
{
    yk_pile_add(pile, "V", 1);
    add_number(pile, variants->id);
    add_number(pile, variants->count);
    for (uint32_t i = 0; i < variants->count; i++)
        add_number(pile, variants->known[i]);
    yk_pile_add_text(pile, variants->names);
}

bool yk_variants_read(const char *ptr, size_t len,
                      struct yk_variants *ret_variants)
{
    if (len < 18 || *ptr != 'V' || number_at(ptr + 9) > YK_VARIANTS_MAX)
        return false;
    struct yk_variants variants = {.id = number_at(ptr + 1),
                                   .count = (uint32_t)number_at(ptr + 9)};
    size_t names_at = 17 + 8 * (size_t)variants.count;
    if (len <= names_at || len - names_at > sizeof(variants.names) ||
        ptr[len - 1] != '\0')
        return false;
    for (uint32_t i = 0; i < variants.count; i++)
        variants.known[i] = number_at(ptr + 17 + 8 * i);
    memcpy(variants.names, ptr + names_at, len - names_at);
    *ret_variants = variants;
    return true;
}
