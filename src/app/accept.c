#include "app/accept.h"

#include "http/chars.h"

#include "core/banned.h"

/* Weights are whole thousandths. */
#define QUALITY_MAX  1000
/* Elements of a list that yk_accept_sorted looks at. */
#define ELEMENTS_MAX 64

/* "text/html;level=1" in its parts; the subtype of "gzip" is empty. */
struct name {
    struct yk_slice text; /* Without the parameters. */
    struct yk_slice type, subtype;
    struct yk_slice params; /* From the ";" on. */
};

struct element {
    struct name name; /* Its sides are only known when they are asked for. */
    int quality;
};

/* How well an offer, or an element, does; see the order in accept.h. */
struct rank {
    int quality, specificity;
    size_t order; /* The element's place in the list. */
};

/* ---- Text ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

struct yk_slice yk_trim(struct yk_slice text)
{
    while (text.len > 0 && is_space(*text.ptr))
        text.ptr++, text.len--;
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static size_t __attribute__((noinline))
find_behind_quotes(struct yk_slice text, char c)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            is_quoted = !is_quoted;
        else if (text.ptr[i] == '\\' && is_quoted)
            i++;
        else if (text.ptr[i] == c && !is_quoted)
            return i;
    }
    return text.len;
}

/* Bytes before the first `c`, or all of them. */
static size_t find(struct yk_slice text, char c)
{
    const char *found = text.len ? memchr(text.ptr, c, text.len) : NULL;
    return found ? (size_t)(found - text.ptr) : text.len;
}

/* The same outside of quotes, of which there hardly ever are any. */
static size_t find_unquoted(struct yk_slice text, char c)
{
    size_t len = find(text, c);
    if (find((struct yk_slice){text.ptr, len}, '"') == len)
        return len;
    return find_behind_quotes(text, c);
}

static struct yk_slice skip(struct yk_slice text, size_t n)
{
    if (n > text.len)
        n = text.len;
    return (struct yk_slice){text.ptr + n, text.len - n};
}

bool yk_accept_next(struct yk_slice *rest, struct yk_slice *ret_element)
{
    while (rest->len > 0) {
        size_t len = find_unquoted(*rest, ',');
        struct yk_slice element = yk_trim((struct yk_slice){rest->ptr, len});
        *rest = skip(*rest, len + 1);
        if (element.len > 0) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

static struct yk_slice unquote(struct yk_slice text)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        return (struct yk_slice){text.ptr + 1, text.len - 2};
    return text;
}

bool yk_accept_next_param(struct yk_slice *rest, struct yk_slice *ret_name,
                          struct yk_slice *ret_value)
{
    while (rest->len > 0) {
        struct yk_slice text = skip(*rest, 1); /* The ";". */
        size_t len = find_unquoted(text, ';');
        struct yk_slice param = {text.ptr, len};
        *rest = skip(text, len);
        size_t name_len = find_unquoted(param, '=');
        *ret_name = yk_trim((struct yk_slice){param.ptr, name_len});
        *ret_value = unquote(yk_trim(skip(param, name_len + 1)));
        if (ret_name->len > 0)
            return true;
    }
    return false;
}

/* The value of the parameter of that name; empty when there is none. */
static struct yk_slice find_param(struct yk_slice params, struct yk_slice name)
{
    struct yk_slice key, value;
    while (yk_accept_next_param(&params, &key, &value))
        if (yk_slice_eq_nocase(key, name))
            return value;
    return YK_LIT("");
}

/* ---- Elements ---- */

static bool is_q(struct yk_slice name)
{
    return name.len == 1 && (*name.ptr == 'q' || *name.ptr == 'Q');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "0.8" in thousandths; more digits than three are cut off, more than 1 is 1.
 * -1 when it is no weight. */
static int parse_quality(struct yk_slice text)
{
    int part = 0, scale = QUALITY_MAX;
    bool is_whole = false;
    size_t i = 0;
    for (; i < text.len && is_digit(text.ptr[i]); i++)
        is_whole |= text.ptr[i] != '0';
    size_t digits = i;
    if (i < text.len && text.ptr[i] == '.')
        for (i++; i < text.len && is_digit(text.ptr[i]); i++, digits++)
            part += (text.ptr[i] - '0') * (scale /= 10);
    if (i < text.len || digits == 0)
        return -1;
    return is_whole ? QUALITY_MAX : part;
}

/* What follows a weight is not part of the element's parameters. */
static void take_quality(struct element *element)
{
    struct yk_slice *params = &element->name.params;
    struct yk_slice name, value, rest = *params;
    element->quality = QUALITY_MAX;
    while (rest.len > 0) {
        size_t before = (size_t)(rest.ptr - params->ptr);
        if (yk_accept_next_param(&rest, &name, &value) && is_q(name)) {
            element->quality = parse_quality(value);
            params->len = before;
            return;
        }
    }
}

static bool parse_element(struct yk_slice text, struct element *element)
{
    size_t len = find_unquoted(text, ';');
    element->name.text = yk_trim((struct yk_slice){text.ptr, len});
    element->name.params = skip(text, len);
    take_quality(element);
    return element->name.text.len > 0 && element->quality >= 0;
}

static bool next_element(struct yk_slice *list, struct element *element)
{
    struct yk_slice text;
    while (yk_accept_next(list, &text))
        if (parse_element(text, element))
            return true;
    return false;
}

/* ---- How an element matches an offer: its specificity, or -1 ---- */

static bool is_any(struct yk_slice text)
{
    return text.len == 1 && *text.ptr == '*';
}

/* The sides of a type without parameters. */
static bool split_type(struct yk_slice name, struct yk_slice *ret_type,
                       struct yk_slice *ret_subtype)
{
    size_t slash = find(name, '/');
    *ret_type = (struct yk_slice){name.ptr, slash};
    *ret_subtype = skip(name, slash + 1);
    return yk_chars_are(*ret_type, YK_CHAR_TOKEN) &&
           yk_chars_are(*ret_subtype, YK_CHAR_TOKEN);
}

bool yk_accept_split_type(struct yk_slice text, struct yk_slice *ret_type,
                          struct yk_slice *ret_subtype,
                          struct yk_slice *ret_params)
{
    size_t len = find_unquoted(text, ';');
    struct yk_slice name = yk_trim((struct yk_slice){text.ptr, len});
    *ret_params = skip(text, len);
    return split_type(name, ret_type, ret_subtype);
}

/* Every parameter of the element must be the offer's, too. */
static int match_params(struct yk_slice wanted, struct yk_slice offered)
{
    struct yk_slice name, value;
    int specificity = 0;
    while (yk_accept_next_param(&wanted, &name, &value)) {
        if (!is_any(value) &&
            !yk_slice_eq_nocase(value, find_param(offered, name)))
            return -1;
        specificity = 1;
    }
    return specificity;
}

static int match_type(const struct name *wanted, const struct name *offer)
{
    int specificity = 0;
    if (yk_slice_eq_nocase(wanted->type, offer->type))
        specificity |= 4;
    else if (!is_any(wanted->type))
        return -1;
    if (yk_slice_eq_nocase(wanted->subtype, offer->subtype))
        specificity |= 2;
    else if (!is_any(wanted->subtype))
        return -1;
    if (wanted->params.len == 0)
        return specificity;
    int of_params = match_params(wanted->params, offer->params);
    return of_params < 0 ? -1 : specificity | of_params;
}

static struct yk_slice prefix_of(struct yk_slice language)
{
    return (struct yk_slice){language.ptr, find_unquoted(language, '-')};
}

static int match_language(struct yk_slice name, struct yk_slice offer)
{
    if (yk_slice_eq_nocase(name, offer))
        return 4;
    if (yk_slice_eq_nocase(prefix_of(name), offer))
        return 2;
    if (yk_slice_eq_nocase(name, prefix_of(offer)))
        return 1;
    return is_any(name) ? 0 : -1;
}

static int match_name(struct yk_slice name, struct yk_slice offer)
{
    if (yk_slice_eq_nocase(name, offer))
        return 1;
    return is_any(name) ? 0 : -1;
}

static int match(enum yk_accept_kind kind, const struct name *wanted,
                 const struct name *offer)
{
    if (offer->text.len == 0)
        return -1;
    if (kind == YK_ACCEPT_TYPE)
        return match_type(wanted, offer);
    if (kind == YK_ACCEPT_LANGUAGE)
        return match_language(wanted->text, offer->text);
    return match_name(wanted->text, offer->text);
}

/* ---- The best ---- */

/* Whether `a` says more about an offer than `b`. */
static bool is_more_specific(const struct rank *a, const struct rank *b)
{
    if (a->specificity != b->specificity)
        return a->specificity > b->specificity;
    if (a->quality != b->quality)
        return a->quality > b->quality;
    return a->order > b->order;
}

static bool is_better(const struct rank *a, const struct rank *b)
{
    if (a->quality != b->quality)
        return a->quality > b->quality;
    if (a->specificity != b->specificity)
        return a->specificity > b->specificity;
    return a->order < b->order;
}

/* What is not named is acceptable as it is, but less than all that are. */
static struct rank rank_of_identity(struct yk_slice list)
{
    struct rank rank = {.quality = QUALITY_MAX, .specificity = 1};
    struct element element;
    while (next_element(&list, &element)) {
        rank.order++;
        if (element.quality > 0 && element.quality < rank.quality)
            rank.quality = element.quality;
    }
    return rank;
}

/* An offer, and the element that says most about it so far. */
struct offer {
    struct name name;
    struct rank rank; /* Its specificity is -1 when there is none. */
};

/* What is no type matches nothing, as an empty text. */
static void read_offer(enum yk_accept_kind kind, struct yk_slice text,
                       struct offer *offer)
{
    struct name *name = &offer->name;
    name->text = text;
    if (kind == YK_ACCEPT_TYPE &&
        !yk_accept_split_type(text, &name->type, &name->subtype, &name->params))
        name->text.len = 0;
    offer->rank = (struct rank){.specificity = -1};
}

/* Each element is read once, and looked at for each offer. */
static void rank_offers(enum yk_accept_kind kind, struct yk_slice list,
                        struct offer *offers, size_t n)
{
    struct element element;
    struct name *name = &element.name;
    for (size_t order = 0; next_element(&list, &element); order++) {
        if (kind == YK_ACCEPT_TYPE &&
            !split_type(name->text, &name->type, &name->subtype))
            continue;
        for (size_t i = 0; i < n; i++) {
            int specificity = match(kind, name, &offers[i].name);
            struct rank rank = {element.quality, specificity, order};
            if (specificity >= 0 && is_more_specific(&rank, &offers[i].rank))
                offers[i].rank = rank;
        }
    }
}

static bool is_identity(enum yk_accept_kind kind, const struct offer *offer)
{
    return kind == YK_ACCEPT_ENCODING &&
           yk_slice_eq_nocase(offer->name.text, YK_LIT("identity"));
}

int yk_accept_best(enum yk_accept_kind kind, struct yk_slice list,
                   const struct yk_slice *texts, size_t n)
{
    struct offer offers[YK_ACCEPT_OFFERS_MAX];
    int place = -1;
    if (n > YK_ACCEPT_OFFERS_MAX)
        n = YK_ACCEPT_OFFERS_MAX;
    for (size_t i = 0; i < n; i++)
        read_offer(kind, texts[i], &offers[i]);
    rank_offers(kind, list, offers, n);
    for (size_t i = 0; i < n; i++) {
        struct rank *rank = &offers[i].rank;
        if (rank->specificity < 0 && is_identity(kind, &offers[i]))
            *rank = rank_of_identity(list);
        if (rank->quality > 0 &&
            (place < 0 || is_better(rank, &offers[place].rank)))
            place = (int)i;
    }
    return place;
}

/* ---- All of them ---- */

struct sorted {
    struct yk_slice text[ELEMENTS_MAX];
    int quality[ELEMENTS_MAX];
    size_t count;
};

/* Behind all that are at least as good; what falls off the end is lost. */
static void insert(struct sorted *sorted, struct yk_slice text, int quality)
{
    size_t at = sorted->count;
    while (at > 0 && sorted->quality[at - 1] < quality)
        at--;
    if (at == ELEMENTS_MAX)
        return;
    if (sorted->count < ELEMENTS_MAX)
        sorted->count++;
    for (size_t i = sorted->count - 1; i > at; i--) {
        sorted->text[i] = sorted->text[i - 1];
        sorted->quality[i] = sorted->quality[i - 1];
    }
    sorted->text[at] = text;
    sorted->quality[at] = quality;
}

size_t yk_accept_sorted(enum yk_accept_kind kind, struct yk_slice list,
                        struct yk_slice *out, size_t max)
{
    struct sorted sorted = {.count = 0};
    struct yk_slice rest = list;
    struct element element;
    bool has_identity = kind != YK_ACCEPT_ENCODING;

    while (next_element(&rest, &element)) {
        has_identity |= match_name(element.name.text, YK_LIT("identity")) >= 0;
        if (element.quality > 0)
            insert(&sorted, element.name.text, element.quality);
    }
    if (!has_identity)
        insert(&sorted, YK_LIT("identity"), rank_of_identity(list).quality);
    size_t n = sorted.count < max ? sorted.count : max;
    if (n > 0)
        memcpy(out, sorted.text, n * sizeof(*out));
    return n;
}
