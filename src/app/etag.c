#include "app/etag.h"

#include <yoke/etag.h>

#include "app/app.h"
#include "app/hash.h"
#include "app/req.h"
#include "core/base64.h"

#include "core/banned.h"

#define HEX_MAX 16

static char *put_hex(char *at, uint64_t value)
{
    int digits = 1;
    for (uint64_t rest = value >> 4; rest; rest >>= 4)
        digits++;
    for (int i = digits - 1; i >= 0; i--, value >>= 4)
        at[i] = "0123456789abcdef"[value & 15];
    return at + digits;
}

/* Ends the tag that began at `start`. */
static struct yk_slice finish(char *start, char *end)
{
    *end++ = '"';
    *end = '\0';
    return (struct yk_slice){start, (size_t)(end - start)};
}

struct yk_slice yk_etag_of_body(struct yk_slice body, bool is_weak,
                                struct yk_arena *arena)
{
    uint8_t hash[YK_SHA1_LEN];
    char *start = yk_arena_alloc(arena, sizeof("W/\"-\"") + HEX_MAX +
                                            YK_BASE64_MAX(YK_SHA1_LEN));
    char *at = start;
    if (is_weak) {
        *at++ = 'W';
        *at++ = '/';
    }
    *at++ = '"';
    at = put_hex(at, body.len);
    *at++ = '-';
    yk_sha1(body, hash);
    at += yk_base64_encode(hash, sizeof(hash), at);
    return finish(start, at);
}

struct yk_slice yk_etag_of_file(uint64_t size, int64_t changed_ms,
                                struct yk_arena *arena)
{
    char *start = yk_arena_alloc(arena, sizeof("W/\"-\"") + 2 * HEX_MAX);
    memcpy(start, "W/\"", 3);
    char *at = put_hex(start + 3, size);
    *at++ = '-';
    return finish(start, put_hex(at, (uint64_t)changed_ms));
}

static struct yk_slice own_tag(struct yoke_req *req,
                               const struct yoke_etag *maker,
                               struct yk_slice body)
{
    const char *tag = maker->fn(req, body.ptr, body.len, maker->data);
    return tag ? yk_slice_of(tag) : YK_LIT("");
}

static struct yk_slice make(struct yoke_req *req,
                            const struct yk_setting *setting,
                            struct yk_slice body)
{
    if (setting->kind == YK_SETTING_PTR)
        return own_tag(req, setting->ptr, body);
    bool is_strong =
        setting->kind == YK_SETTING_STR && strcmp(setting->text, "strong") == 0;
    return yk_etag_of_body(body, !is_strong, req->x->arena);
}

/* Not inlined: most answers get none. */
__attribute__((noinline)) void yk_etag_set(struct yoke_req *req,
                                           struct yk_slice body)
{
    const struct yk_setting *setting = yk_setting(req->app, YK_SETTING_ETAG);
    if (!yk_setting_is_on(setting) ||
        yk_headers_find(&req->x->headers, YK_LIT("ETag")))
        return;
    struct yk_slice tag = make(req, setting, body);
    if (tag.len > 0)
        yoke_res_set(&req->res, "ETag", tag.ptr);
}
