/* What the URL says about every connection to Redis: login, TLS, times. */
#ifndef YK_STORE_REDIS_SETTINGS_H
#define YK_STORE_REDIS_SETTINGS_H

#include "store/redis_conn.h"
#include "store/tls.h"
#include "store/url.h"

struct yk_redis_settings {
    struct yk_redis_login login;
    struct yk_tls_config *tls; /* NULL: none. */
    uint32_t connect_ms, beat_ms;
    size_t max_reply_len;
    char *user, *password; /* What `login` borrows. */
};

/* Reads login and options; options that it does not know are left to others.
 * `with_tls`: also those of TLS. `max_value_len`: of the store. Returns 0; or a negative code, with the reason
 * in `why`, and yk_redis_settings_done is still to be called. */
int yk_redis_settings_read(struct yk_redis_settings *settings,
                           struct yk_url *url, bool with_tls,
                           size_t max_value_len, char *why);
void yk_redis_settings_done(struct yk_redis_settings *settings);

/* Gives them to a connection that is not initialised yet. */
void yk_redis_settings_apply(const struct yk_redis_settings *settings,
                             struct yk_redis_conn *conn);

/* Frees a password, and clears it before. */
void yk_redis_forget(char *password);

#endif
