#include "store/postgres_target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "store/postgres_library.h"
#include "store/postgres_option.h"

#include "core/banned.h"

#define CONNECT_MS     2000
#define BEAT_MS        2500
#define CONNECT_MS_MAX 600000

/* ---- Hosts ---- */

static void add_host(struct yk_pg_target *target, const char *name, int port)
{
    target->hosts[target->host_count++] =
        (struct yk_pg_host){.name = yk_strdup(name), .port = port};
}

/* postgresql:///DB?host=FOLDER, as libpq has it. */
static int read_host_option(struct yk_pg_target *target, struct yk_url *url,
                            char *why)
{
    const char *host = yk_url_param(url, "host");

    if (!host)
        return 0;
    if (target->host_count > 0)
        return yk_store_why(why, -EINVAL,
                            "URL: there is a host, and the option host too");
    if (!*host || strchr(host, ','))
        return yk_store_why(why, -EINVAL,
                            "URL: option host is one host, or the folder of a "
                            "socket (several stand before the database)");
    add_host(target, host, 0);
    return 0;
}

static int read_hosts(struct yk_pg_target *target, struct yk_url *url,
                      char *why)
{
    if (strcmp(url->scheme, "postgresql+unix") == 0) {
        if (url->has_hosts || *url->path != '/')
            return yk_store_why(why, -EINVAL,
                                "URL: postgresql+unix: is followed by the path "
                                "of the folder that the socket is in");
        add_host(target, url->path, 0);
        return 0;
    }
    if (!url->has_hosts)
        return yk_store_why(why, -EINVAL,
                            "URL: postgresql: is followed by //"
                            "[HOST[:PORT]]/DB");
    for (int i = 0; i < url->host_count; i++)
        add_host(target, url->hosts[i].name, url->hosts[i].port);
    return read_host_option(target, url, why);
}

/* ---- libpq's options ---- */

static int add_option(struct yk_pg_target *target, const char *name,
                      const char *value, char *why)
{
    if (target->option_count == YK_PG_OPTIONS_MAX)
        return yk_store_why(why, -EINVAL, "URL: more than %d options",
                            YK_PG_OPTIONS_MAX);
    target->names[target->option_count] = yk_strdup(name);
    target->values[target->option_count++] = yk_strdup(value);
    return 0;
}

static int read_libpq_option(struct yk_pg_target *target, struct yk_url *url,
                             const PQconninfoOption *option, char *why)
{
    static const char *const last_part[] = {"dbname", "user"};
    const char *value = yk_url_param(url, option->keyword);

    if (!value)
        return 0;
    int err = yk_pg_option_check(url, option->keyword, why);
    if (err < 0)
        return err;
    const char *there[] = {url->has_hosts && *url->path ? url->path : NULL,
                           url->user};
    for (int i = 0; i < 2; i++)
        if (there[i] && strcmp(option->keyword, last_part[i]) == 0)
            return yk_store_why(why, -EINVAL,
                                "URL: %s is '%.60s', and an option too",
                                option->keyword, there[i]);
    if (strcmp(option->keyword, "target_session_attrs") == 0)
        target->wants_writable =
            strcmp(value, "read-write") == 0 || strcmp(value, "primary") == 0;
    return add_option(target, option->keyword, value, why);
}

static int read_libpq_options(struct yk_pg_target *target, struct yk_url *url,
                              char *why)
{
    PQconninfoOption *options = yk_libpq.PQconndefaults();
    int err = 0;

    if (!options)
        return yk_store_why(why, -ENOMEM, "there is no memory");
    for (const PQconninfoOption *one = options; one->keyword && err == 0; one++)
        /* `host` has been read. */
        if (strcmp(one->keyword, "host") != 0)
            err = read_libpq_option(target, url, one, why);
    yk_libpq.PQconninfoFree(options);
    return err;
}

/* Those that every connection has, unless the URL says otherwise. */
static int add_defaults(struct yk_pg_target *target, struct yk_url *url,
                        char *why)
{
    const char *name = getenv("YOKE_NAME");
    const struct {
        const char *name, *value;
    } defaults[] = {
        {"user", url->user},
        {"password", url->password},
        {"dbname", url->has_hosts && *url->path ? url->path : NULL},
        {"client_encoding", "UTF8"},
        {"fallback_application_name", name && *name ? name : "yoke"},
        /* Kerberos would be asked while the loop waits. */
        {"gssencmode", "disable"},
        {"keepalives_idle", "15"},
    };
    int err = 0;

    for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (err == 0 && defaults[i].value &&
            !yk_url_param(url, defaults[i].name))
            err = add_option(target, defaults[i].name, defaults[i].value, why);
    return err;
}

/* ---- Our options ---- */

static int read_schema(struct yk_pg_target *target, struct yk_url *url,
                       char *why)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *schema = yk_url_param(url, "schema");

    if (!schema)
        return 0;
    size_t len = strlen(schema);
    if (len == 0 || len > YK_PG_SCHEMA_MAX || strspn(schema, allowed) < len)
        return yk_store_why(why, -EINVAL,
                            "URL: option schema is '%.80s', not 1 to %d "
                            "letters, digits, _ and -",
                            schema, YK_PG_SCHEMA_MAX);
    snprintf(target->schema, sizeof(target->schema), "%s", schema);
    snprintf(target->qualifier, sizeof(target->qualifier), "\"%s\".",
             target->schema);
    return 0;
}

static int read_own_options(struct yk_pg_target *target, struct yk_url *url,
                            char *why)
{
    static const char *const syncs[] = {"interval", "commit", "none", NULL};
    uint64_t connect_ms = CONNECT_MS, beat_ms = BEAT_MS;
    int sync = 0;
    int err = yk_url_word(url, "sync", syncs, &sync, why);

    if (err == 0)
        err = yk_url_size(url, "connect_ms", CONNECT_MS_MAX, &connect_ms, why);
    if (err == 0)
        err = yk_url_size(url, "beat_ms", CONNECT_MS_MAX, &beat_ms, why);
    if (err == 0)
        err = read_schema(target, url, why);
    target->sync = (enum yk_pg_sync)sync;
    target->connect_ms = (uint32_t)connect_ms;
    target->beat_ms = (uint32_t)beat_ms;
    return err;
}

int yk_pg_target_read(struct yk_pg_target *target, struct yk_url *url,
                      char *why)
{
    int err = read_hosts(target, url, why);

    if (err == 0)
        err = read_own_options(target, url, why);
    if (err == 0)
        err = read_libpq_options(target, url, why);
    if (err == 0)
        err = add_defaults(target, url, why);
    return err == 0 ? yk_url_check_params(url, why) : err;
}

void yk_pg_target_done(struct yk_pg_target *target)
{
    for (int i = 0; i < target->host_count; i++)
        free(target->hosts[i].name);
    for (int i = 0; i < target->option_count; i++) {
        free(target->names[i]);
        explicit_bzero(target->values[i], strlen(target->values[i]));
        free(target->values[i]);
    }
}
