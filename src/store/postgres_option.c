#include "store/postgres_option.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/number.h"

#include "core/banned.h"

#define WORDS_MAX 8

/* What would be shown in logs, would have to be looked up by libpq, or is set by
 * us. */
static int check_name(const char *name, char *why)
{
    static const struct {
        const char *name, *why;
    } refused[] = {
        {"password", "stands before the host (USER:PASSWORD@)"},
        {"sslpassword", "would be shown in logs: use a key without one"},
        {"hostaddr", "is the host (//ADDRESS/DB)"},
        {"service", "is not used: what it says belongs into the URL"},
        {"connect_timeout", "is connect_ms here"},
        {"client_encoding", "is the store's"},
        {"replication", "is not for stores"},
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (strcmp(refused[i].name, name) == 0)
            return yk_store_why(why, -EINVAL, "URL: option %s %s", name,
                                refused[i].why);
    return 0;
}

/* Those that take one of some words. */
static int check_word(struct yk_url *url, const char *name, char *why)
{
    static const struct {
        const char *name;
        const char *words[WORDS_MAX];
    } options[] = {
        {"sslmode",
         {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}},
        {"target_session_attrs",
         {"any", "read-write", "read-only", "primary", "standby",
          "prefer-standby"}},
        {"channel_binding", {"disable", "prefer", "require"}},
        {"gssencmode", {"disable", "prefer", "require"}},
        {"ssl_min_protocol_version",
         {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}},
        {"ssl_max_protocol_version",
         {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}},
        {"sslsni", {"0", "1"}},
        {"sslcompression", {"0", "1"}},
    };
    int chosen;

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(options[i].name, name) == 0)
            return yk_url_word(url, name, options[i].words, &chosen, why);
    return 0;
}

static bool is_among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names;
}

static int check_number(const char *name, const char *value, char *why)
{
    static const char *const numbers[] = {
        "keepalives",       "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "tcp_user_timeout", NULL};
    int number;

    if (!is_among(name, numbers) ||
        (yk_parse_int(yk_slice_of(value), &number) == 0 && number >= 0))
        return 0;
    return yk_store_why(why, -EINVAL, "URL: option %s is '%.80s', not a number",
                        name, value);
}

/* Without a file of that name libpq would often do without it, and say
 * nothing. */
static int check_file(const char *name, const char *value, char *why)
{
    static const char *const files[] = {"sslrootcert", "sslcert",   "sslkey",
                                        "sslcrl",      "sslcrldir", "passfile",
                                        NULL};

    /* The system's authorities, of later libraries; a key in an engine. */
    if (!is_among(name, files) || strcmp(value, "system") == 0 ||
        (strcmp(name, "sslkey") == 0 && strchr(value, ':')))
        return 0;
    if (access(value, R_OK) == 0)
        return 0;
    return yk_store_why(why, -EINVAL, "URL: option %s: %.120s: %s", name, value,
                        yoke_strerror(-errno));
}

int yk_pg_option_check(struct yk_url *url, const char *name, char *why)
{
    const char *value = yk_url_param(url, name);
    int err = check_name(name, why);

    if (err == 0)
        err = check_word(url, name, why);
    if (err == 0)
        err = check_number(name, value, why);
    return err == 0 ? check_file(name, value, why) : err;
}
