/* "B", status, number of fields, date, the fields, each with name and value, both
 * with a NUL; then the body. */
#include "middleware/kept_answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/cache_date.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define MARK      'B'
#define STATUS_AT 1
#define COUNT_AT  5
#define DATE_AT   9
#define HEAD_LEN  17

/* ---- The buffer ---- */

void yk_pile_add(struct yk_pile *pile, const void *ptr, size_t len)
{
    if (pile->has_failed || len == 0)
        return;
    if (pile->len + len > pile->room) {
        size_t room = 2 * (pile->len + len) + 256;
        char *more = realloc(pile->ptr, room);
        pile->has_failed = !more;
        if (!more)
            return;
        pile->ptr = more;
        pile->room = room;
    }
    memcpy(pile->ptr + pile->len, ptr, len);
    pile->len += len;
}

void yk_pile_add_text(struct yk_pile *pile, const char *text)
{
    yk_pile_add(pile, text, strlen(text) + 1);
}

void yk_pile_free(struct yk_pile *pile)
{
    free(pile->ptr);
    *pile = (struct yk_pile){.ptr = NULL};
}

static void add_number(struct yk_pile *pile, uint64_t number, int len)
{
    char bytes[8];

    for (int i = 0; i < len; i++)
        bytes[i] = (char)(number >> 8 * i);
    yk_pile_add(pile, bytes, (size_t)len);
}

static uint64_t number_at(const char *at, int len)
{
    uint64_t number = 0;

    for (int i = 0; i < len; i++)
        number |= (uint64_t)(unsigned char)at[i] << 8 * i;
    return number;
}

/* ---- Fields ---- */

void yk_fields_note(yoke_res *res, struct yk_fields_before *ret_before)
{
    size_t count = yoke_res_header_count(res);
    const char **values =
        yoke_req_alloc(yoke_res_req(res), (count + 1) * sizeof(*values));
    const char *name;

    for (size_t i = 0; i < count; i++)
        yoke_res_header_at(res, i, &name, &values[i]);
    *ret_before = (struct yk_fields_before){values, count};
}

/* A value that has not been set anew is where it was. */
static bool was_before(const struct yk_fields_before *before, const char *value)
{
    for (size_t i = 0; i < before->count; i++)
        if (before->values[i] == value)
            return true;
    return false;
}

/* Not those of a connection or of a proxy (RFC 9111 section 3.1), nor those that
 * are said anew each time. */
static bool is_kept(const char *name)
{
    static const char *const others[] = {
        "Age",
        "Cache-Status",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Trailer",
        "Upgrade",
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (strcasecmp(name, others[i]) == 0)
            return false;
    return true;
}

static uint32_t add_fields(struct yk_pile *pile, yoke_res *res,
                           const struct yk_fields_before *before)
{
    const char *name, *value;
    uint32_t count = 0;

    for (size_t i = 0; yoke_res_header_at(res, i, &name, &value); i++) {
        if (!is_kept(name) || was_before(before, value))
            continue;
        yk_pile_add_text(pile, name);
        yk_pile_add_text(pile, value);
        count++;
    }
    return count;
}

void yk_kept_answer_begin(struct yk_pile *pile, yoke_res *res,
                          const struct yk_fields_before *before)
{
    struct yk_pile fields = {.ptr = NULL};
    uint32_t count = add_fields(&fields, res, before);

    yk_pile_add(pile, &(const char){MARK}, 1);
    add_number(pile, (uint64_t)yoke_res_get_status(res), 4);
    add_number(pile, count, 4);
    add_number(pile, (uint64_t)yoke_req_time_s(yoke_res_req(res)), 8);
    yk_pile_add(pile, fields.ptr, fields.len);
    pile->has_failed |= fields.has_failed;
    yk_pile_free(&fields);
}

void yk_fields_take_back(yoke_res *res, const struct yk_fields_before *before)
{
    const char *name, *value;
    size_t i = 0;

    while (yoke_res_header_at(res, i, &name, &value)) {
        if (was_before(before, value))
            i++;
        else if (yoke_res_remove(res, name) < 0)
            return;
    }
}

/* ---- Answering ---- */

/* Behind the text at `at`; NULL when it has no end. */
static const char *next_text(const char *at, const char *end)
{
    const char *nul = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;
    return nul ? nul + 1 : NULL;
}

/* Where the body begins; NULL: these are no fields. */
static const char *body_of(const char *ptr, size_t len)
{
    const char *at = ptr + HEAD_LEN, *end = ptr + len;

    if (len < HEAD_LEN || *ptr != MARK)
        return NULL;
    for (uint64_t i = number_at(ptr + COUNT_AT, 4); i > 0 && at; i--) {
        at = next_text(at, end);
        at = at ? next_text(at, end) : NULL;
    }
    return at;
}

bool yk_is_kept_answer(const char *ptr, size_t len)
{
    return body_of(ptr, len);
}

static const char *next_field(const char *at)
{
    at += strlen(at) + 1;
    return at + strlen(at) + 1;
}

static bool has_been(const char *first, const char *at)
{
    for (const char *name = first; name < at; name = next_field(name))
        if (strcasecmp(name, at) == 0)
            return true;
    return false;
}

/* Several of one name stay several; what was set before is replaced. */
static void set_fields(yoke_res *res, const char *first, uint32_t count)
{
    const char *at = first;

    for (uint32_t i = 0; i < count; i++, at = next_field(at)) {
        const char *value = at + strlen(at) + 1;
        if (has_been(first, at))
            yoke_res_append(res, at, value);
        else
            yoke_res_set(res, at, value);
    }
}

const char *yk_kept_answer_set(yoke_res *res, const char *ptr, size_t len,
                               uint64_t age_s)
{
    char age[24];

    yoke_res_status(res, (int)number_at(ptr + STATUS_AT, 4));
    yoke_res_date(res, (int64_t)number_at(ptr + DATE_AT, 8));
    set_fields(res, ptr + HEAD_LEN, (uint32_t)number_at(ptr + COUNT_AT, 4));
    yoke_res_set(res, "Age", yk_text_number(age, (int64_t)age_s));
    return body_of(ptr, len);
}

/* RFC 9111 section 4.3.2: where no other date is known, it is the answer's own
 * that counts. */
static bool is_not_modified(yoke_res *res, int64_t date)
{
    const yoke_req *req = yoke_res_req(res);
    const char *since = yoke_req_get(req, "If-Modified-Since");
    int64_t now = yoke_req_time_s(req);

    if (!since || yoke_req_get(req, "If-None-Match") ||
        yoke_res_get(res, "Last-Modified") || yoke_res_get_status(res) != 200)
        return false;
    int64_t second = yk_cache_date(since, now);
    return second >= date && second <= now;
}

void yk_kept_answer_send(yoke_res *res, const char *ptr, size_t len,
                         uint64_t age_s)
{
    const char *body = yk_kept_answer_set(res, ptr, len, age_s);

    if (yoke_req_is_fresh(yoke_res_req(res)) ||
        is_not_modified(res, (int64_t)number_at(ptr + DATE_AT, 8)))
        yoke_res_status(res, 304);
    if (body == ptr + len)
        yoke_res_end(res);
    else
        yoke_res_send(res, body, len - (size_t)(body - ptr));
}
