/* The URL of a store, taken apart.
 *
 *     SCHEME:PATH[?NAME=VALUE[&NAME=VALUE...]]
 *     SCHEME://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/PATH][?...]
 *
 * What is wrong is named in words, for an operator reads them who has just
 * edited a line of a configuration. */
#ifndef YK_STORE_URL_H
#define YK_STORE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest URL with its NUL; most hosts; most options. */
#define YK_URL_MAX        4096
#define YK_URL_HOSTS_MAX  32
#define YK_URL_PARAMS_MAX 16

struct yk_url_host {
    const char *name; /* Without the brackets of an IPv6 address. */
    int port;         /* 0: not said. */
};

struct yk_url_param {
    const char *name, *value;
    bool is_known; /* Somebody has asked for it. */
};

/* Everything points into `bytes`: it must not be copied. */
struct yk_url {
    const char *scheme;
    bool has_hosts;       /* It has the form with two slashes, and mostly a
                             host. */
    const char *user;     /* NULL: none. */
    const char *password; /* NULL: none. */
    const char *path;     /* Without its slash after hosts; "": none. */
    struct yk_url_host hosts[YK_URL_HOSTS_MAX];
    int host_count;
    struct yk_url_param params[YK_URL_PARAMS_MAX];
    int param_count;
    char bytes[YK_URL_MAX];
    char shown[YK_URL_MAX + 3 * (YK_URL_PARAMS_MAX + 1)]; /* The URL with `***`
                                                             for passwords. */
};

/* Takes `text` apart. Returns 0; or -EINVAL, with the reason in `why`, which
 * has YOKE_STORE_TEXT_MAX bytes, and never a password. */
int yk_url_parse(struct yk_url *ret_url, const char *text, char *why);

/* The value of an option, or NULL. */
const char *yk_url_param(struct yk_url *url, const char *name);

/* An option that is one of some words, the first by default: stores its
 * index. `words` ends with NULL. Returns as above. */
int yk_url_word(struct yk_url *url, const char *name, const char *const *words,
                int *ret_index, char *why);

/* An option that is a number from 1 to `max`, with K, M or G for powers of
 * 1,024. Without it, `ret_value` stays as it is. */
int yk_url_size(struct yk_url *url, const char *name, uint64_t max,
                uint64_t *ret_value, char *why);

/* -EINVAL when there is an option that nobody has asked for. */
int yk_url_check_params(const struct yk_url *url, char *why);

/* Writes a reason into `why` and returns `err`. */
int yk_store_why(char *why, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
