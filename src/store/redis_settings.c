#include "store/redis_settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#include "core/banned.h"

#define CONNECT_MS   2000
#define BEAT_MS      2500
#define MS_MAX       600000
/* Values of other programs are larger, and so are pages of scans. */
#define REPLY_BESIDE ((size_t)64 << 20)

int yk_redis_settings_read(struct yk_redis_settings *settings,
                           struct yk_url *url, bool with_tls,
                           size_t max_value_len, char *why)
{
    uint64_t connect_ms = CONNECT_MS, beat_ms = BEAT_MS;
    int err = yk_url_size(url, "connect_ms", MS_MAX, &connect_ms, why);

    if (err == 0)
        err = yk_url_size(url, "beat_ms", MS_MAX, &beat_ms, why);
    if (err == 0 && url->user && !url->password)
        err = yk_store_why(why, -EINVAL,
                           "URL: user '%.60s' has no password "
                           "(USER:PASSWORD@)",
                           url->user);
    if (err == 0 && with_tls)
        err = yk_tls_config_open(url, &settings->tls, why);
    if (err < 0)
        return err;
    settings->max_reply_len = REPLY_BESIDE + max_value_len;
    settings->connect_ms = (uint32_t)connect_ms;
    settings->beat_ms = (uint32_t)beat_ms;
    settings->login.user = settings->user = yk_strdup(url->user);
    settings->login.password = settings->password = yk_strdup(url->password);
    return 0;
}

void yk_redis_forget(char *password)
{
    if (password)
        explicit_bzero(password, strlen(password));
    free(password);
}

void yk_redis_settings_done(struct yk_redis_settings *settings)
{
    yk_tls_config_free(settings->tls);
    free(settings->user);
    yk_redis_forget(settings->password);
}

void yk_redis_settings_apply(const struct yk_redis_settings *settings,
                             struct yk_redis_conn *conn)
{
    conn->login = &settings->login;
    conn->link.tls_config = settings->tls;
    conn->link.connect_ms = settings->connect_ms;
    conn->link.beat_ms = settings->beat_ms;
    conn->max_reply_len = settings->max_reply_len;
}
