#include "app/file_fields.h"

#include <sys/stat.h>

#include <yoke/field.h>

#include "app/disposition.h"
#include "app/etag.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/date.h"

#include "core/banned.h"

#define MAX_AGE_MAX_S (365 * 24 * 3600)

static const struct yk_slice fields[] = {
    YK_LIT("Accept-Ranges"),
    YK_LIT("Cache-Control"),
    YK_LIT("Content-Disposition"),
    YK_LIT("Content-Type"),
    YK_LIT("ETag"),
    YK_LIT("Last-Modified"),
};
enum field {
    ACCEPT_RANGES,
    CACHE_CONTROL,
    DISPOSITION,
    TYPE,
    ETAG,
    LAST_MODIFIED,
    FIELD_COUNT,
};

_Static_assert(sizeof(fields) / sizeof(fields[0]) == FIELD_COUNT, "one each");

/* Whether a field is to be set here: the handler has not. */
static bool wants(yoke_res *res, unsigned *set, enum field field)
{
    if (yk_headers_find(&res->req->x->headers, fields[field]))
        return false;
    *set |= 1u << field;
    return true;
}

static void set_type(yoke_res *res, const char *path, unsigned *set)
{
    if (!wants(res, set, TYPE))
        return;
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (strchr(name, '.'))
        yoke_res_type(res, name);
    else
        yoke_res_set(res, "Content-Type", "application/octet-stream");
}

static void set_cache_control(yoke_res *res, const struct yoke_file *options,
                              unsigned *set)
{
    int64_t max_age_s = options->max_age_s;
    if (options->no_cache_control || !wants(res, set, CACHE_CONTROL))
        return;
    if (max_age_s < 0)
        max_age_s = 0;
    if (max_age_s > MAX_AGE_MAX_S)
        max_age_s = MAX_AGE_MAX_S;
    yoke_res_set(res, "Cache-Control",
                 yoke_req_printf(res->req, "public, max-age=%lld%s",
                                 (long long)max_age_s,
                                 options->is_immutable ? ", immutable" : ""));
}

static void set_validators(yoke_res *res, const struct yoke_file *options,
                           const struct stat *stat, unsigned *set)
{
    struct yk_arena *arena = res->req->x->arena;
    if (!options->no_last_modified && wants(res, set, LAST_MODIFIED)) {
        char *date = yk_arena_alloc(arena, YK_HTTP_DATE_LEN + 1);
        yk_http_date_format(date, stat->st_mtim.tv_sec);
        yoke_res_set(res, "Last-Modified", date);
    }
    if (!options->no_etag && wants(res, set, ETAG)) {
        int64_t changed_ms = (int64_t)stat->st_mtim.tv_sec * 1000 +
                             stat->st_mtim.tv_nsec / 1000000;
        struct yk_slice etag =
            yk_etag_of_file((uint64_t)stat->st_size, changed_ms, arena);
        yoke_res_set(res, "ETag", etag.ptr);
    }
}

void yk_file_fields_set(yoke_res *res, const char *path,
                        const struct yoke_file *options,
                        const struct stat *stat, unsigned *set)
{
    if (options->headers)
        options->headers(res, path, stat, options->data);
    if (!options->no_ranges && wants(res, set, ACCEPT_RANGES))
        yoke_res_set(res, "Accept-Ranges", "bytes");
    set_cache_control(res, options, set);
    set_validators(res, options, stat, set);
    set_type(res, path, set);
}

void yk_file_fields_name(yoke_res *res, const char *filename, unsigned *set)
{
    if (wants(res, set, DISPOSITION))
        yoke_res_set(res, "Content-Disposition",
                     yk_disposition(filename, res->req->x->arena));
}

void yk_file_fields_forget(yoke_res *res, unsigned set)
{
    struct yk_headers *headers = &res->req->x->headers;
    for (unsigned i = 0; i < FIELD_COUNT; i++)
        if (set & 1u << i || (i != CACHE_CONTROL && i != DISPOSITION))
            yk_headers_remove(headers, fields[i]);
}
