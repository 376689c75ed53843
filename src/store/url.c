#include "store/url.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yoke/store.h>

#include "core/number.h"
#include "core/slice.h"

#include "core/banned.h"

int yk_store_why(char *why, int err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(why, YOKE_STORE_TEXT_MAX, fmt, args);
    va_end(args);
    return err;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)yk_lower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Replaces %XX in place. `part` names what `text` is. */
static int decode(char *text, const char *part, char *why)
{
    char *out = text;

    for (; *text; text++, out++) {
        *out = *text;
        if (*text != '%')
            continue;
        int high = hex_digit(text[1]);
        int low = high < 0 ? -1 : hex_digit(text[2]);
        if (low < 0 || (high == 0 && low == 0))
            return yk_store_why(why, -EINVAL,
                                "URL: in the %s a %% is not followed by two "
                                "hex digits (a %% itself is %%25)",
                                part);
        *out = (char)(high << 4 | low);
        text += 2;
    }
    *out = '\0';
    return 0;
}

/* Ends `text` at the first `c` and returns what is behind it, or NULL. */
static char *cut(char *text, char c)
{
    char *at = strchr(text, c);
    if (at)
        *at++ = '\0';
    return at;
}

/* ---- Its parts ---- */

static const struct yk_url_param *find_param(const struct yk_url *url,
                                             const char *name)
{
    for (int i = 0; i < url->param_count; i++)
        if (strcmp(url->params[i].name, name) == 0)
            return &url->params[i];
    return NULL;
}

static int parse_params(struct yk_url *url, char *text, char *why)
{
    for (char *next; text; text = next) {
        next = cut(text, '&');
        char *value = cut(text, '=');
        if (!value || !*text)
            return yk_store_why(why, -EINVAL,
                                "URL: option '%s' has no value (NAME=VALUE)",
                                text);
        if (find_param(url, text))
            return yk_store_why(why, -EINVAL, "URL: option '%s' is there twice",
                                text);
        if (url->param_count == YK_URL_PARAMS_MAX)
            return yk_store_why(why, -EINVAL, "URL: more than %d options",
                                YK_URL_PARAMS_MAX);
        int err = decode(value, text, why);
        if (err < 0)
            return err;
        url->params[url->param_count++] =
            (struct yk_url_param){.name = text, .value = value};
    }
    return 0;
}

#define IPV6_HINT " (an IPv6 address is written [::1])"

static int parse_port(const char *text, int *ret_port, char *why)
{
    uint64_t port;

    if (yk_parse_u64(yk_slice_of(text), 65535, &port) < 0 || port == 0)
        return yk_store_why(why, -EINVAL,
                            "URL: port '%s' is not a number from 1 to 65535%s",
                            text, strchr(text, ':') ? IPV6_HINT : "");
    *ret_port = (int)port;
    return 0;
}

/* What no name has, and is mostly a slip of the pen; a socket's folder may. */
static int check_host(const char *name, char *why)
{
    if (*name == '/')
        return 0;
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return yk_store_why(why, -EINVAL,
                                "URL: in host '%.*s...' a blank or a control "
                                "character follows",
                                (int)(at - name), name);
        if (*at == '#')
            return yk_store_why(why, -EINVAL, "URL: host '%s' has a '#' in it",
                                name);
    }
    return 0;
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT. */
static int parse_host(struct yk_url *url, char *text, char *why)
{
    struct yk_url_host *host = &url->hosts[url->host_count];
    char *port;

    if (url->host_count == YK_URL_HOSTS_MAX)
        return yk_store_why(why, -EINVAL, "URL: more than %d hosts",
                            YK_URL_HOSTS_MAX);
    if (*text == '[') {
        char *rest = cut(++text, ']');
        if (!rest || (*rest && *rest != ':'))
            return yk_store_why(why, -EINVAL,
                                "URL: host '[%s': no ']' at its "
                                "end",
                                text);
        port = *rest ? rest + 1 : NULL;
    } else {
        port = cut(text, ':');
    }
    if (!*text)
        return yk_store_why(why, -EINVAL, "URL: a host is missing%s",
                            port && strchr(port, ':') ? IPV6_HINT : "");
    host->name = text;
    url->host_count++;
    int err = decode(text, "host", why);
    if (err == 0)
        err = check_host(text, why);
    return err == 0 && port ? parse_port(port, &host->port, why) : err;
}

static int parse_hosts(struct yk_url *url, char *text, char *why)
{
    int err = 0;

    for (char *next; text && err == 0; text = next) {
        next = cut(text, ',');
        err = parse_host(url, text, why);
    }
    return err;
}

static int parse_user(struct yk_url *url, char *text, char *why)
{
    char *password = cut(text, ':');
    int err = decode(text, "user", why);

    if (err == 0 && password)
        err = decode(password, "password", why);
    url->user = *text ? text : NULL;
    url->password = password;
    return err;
}

/* Behind the two slashes. A password may have an `@` in it that should have
 * been written as %40, so the last one counts. */
static int parse_authority(struct yk_url *url, char *text, char *why)
{
    char *at, *path = cut(text, '/');
    int err = 0;

    url->has_hosts = true;
    url->path = path ? path : "";
    if ((at = strrchr(text, '@'))) {
        *at = '\0';
        err = parse_user(url, text, why);
        text = at + 1;
    }
    /* Between slashes there may be none; whether that will do, a store knows. */
    if (err == 0 && (*text || !path))
        err = parse_hosts(url, text, why);
    return err == 0 && path ? decode(path, "path", why) : err;
}

/* ---- For logs ---- */

/* Where the password of a URL with hosts is, or NULL. */
static const char *find_password(const char *text, size_t *ret_len)
{
    const char *host = strstr(text, "//");
    const char *end = host ? host + 2 + strcspn(host + 2, "/?") : NULL;
    const char *at = host ? memrchr(host, '@', (size_t)(end - host)) : NULL;
    const char *colon =
        at ? memchr(host + 2, ':', (size_t)(at - host - 2)) : NULL;

    if (!colon)
        return NULL;
    *ret_len = (size_t)(at - colon - 1);
    return colon + 1;
}

/* Options that are passwords are called like that. */
static bool is_secret(struct yk_slice name)
{
    static const char end[] = "password";
    size_t len = sizeof(end) - 1;
    return name.len >= len && memcmp(name.ptr + name.len - len, end, len) == 0;
}

static void show_bytes(struct yk_url *url, const char *ptr, size_t len)
{
    size_t used = strlen(url->shown);
    snprintf(url->shown + used, sizeof(url->shown) - used, "%.*s", (int)len,
             ptr);
}

/* From the ? on. */
static void show_params(struct yk_url *url, const char *text)
{
    while (*text) {
        size_t len = 1 + strcspn(text + 1, "&");
        struct yk_slice name = {text + 1, strcspn(text + 1, "=&")};
        if (is_secret(name) && name.len + 1 < len) {
            show_bytes(url, text, name.len + 2);
            show_bytes(url, "***", 3);
        } else {
            show_bytes(url, text, len);
        }
        text += len;
    }
}

/* The text with `***` where passwords are. */
static void show(struct yk_url *url, const char *text)
{
    size_t len = 0;
    const char *password = find_password(text, &len);

    url->shown[0] = '\0';
    if (password) {
        show_bytes(url, text, (size_t)(password - text));
        show_bytes(url, "***", 3);
        text = password + len;
    }
    show_bytes(url, text, strcspn(text, "?"));
    show_params(url, text + strcspn(text, "?"));
}

/* A password with a / or ? in it ends there, and its pieces would be quoted by
 * errors about ports and options. */
static int check_at(const char *text, char *why)
{
    const char *colon = strchr(text, ':');

    if (!colon || strncmp(colon, "://", 3) != 0 ||
        !strchr(colon + 3 + strcspn(colon + 3, "/?"), '@'))
        return 0;
    return yk_store_why(why, -EINVAL,
                        "URL: an @ behind the first / or ?: in a user or "
                        "password these are written %%2F and %%3F, and the @ "
                        "of a path or option %%40");
}

int yk_url_parse(struct yk_url *url, const char *text, char *why)
{
    size_t len = strlen(text);

    if (len >= sizeof(url->bytes))
        return yk_store_why(why, -EINVAL, "URL: longer than %zu bytes",
                            sizeof(url->bytes) - 1);
    memset(url, 0, offsetof(struct yk_url, bytes));
    memcpy(url->bytes, text, len + 1);
    show(url, text);
    int err = check_at(text, why);
    if (err < 0)
        return err;
    char *rest = cut(url->bytes, ':');
    url->scheme = url->bytes;
    if (!rest || !*url->scheme)
        return yk_store_why(why, -EINVAL,
                            "URL: no scheme; it begins like lmdb:, memory: or "
                            "redis://");
    for (char *at = url->bytes; *at; at++)
        *at = (char)yk_lower((unsigned char)*at);
    err = parse_params(url, cut(rest, '?'), why);
    if (err < 0)
        return err;
    if (strncmp(rest, "//", 2) == 0)
        return parse_authority(url, rest + 2, why);
    url->path = rest;
    return decode(rest, "path", why);
}

/* ---- Options ---- */

const char *yk_url_param(struct yk_url *url, const char *name)
{
    const struct yk_url_param *found = find_param(url, name);

    if (!found)
        return NULL;
    url->params[found - url->params].is_known = true;
    return found->value;
}

int yk_url_word(struct yk_url *url, const char *name, const char *const *words,
                int *ret_index, char *why)
{
    const char *value = yk_url_param(url, name);
    char list[YOKE_STORE_TEXT_MAX / 2] = "";
    size_t len = 0;

    *ret_index = 0;
    for (int i = 0; value && words[i]; i++) {
        if (strcmp(words[i], value) == 0) {
            *ret_index = i;
            return 0;
        }
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
                                i ? ", " : "", words[i]);
    }
    if (!value)
        return 0;
    return yk_store_why(why, -EINVAL, "URL: option %s is '%s', not one of: %s",
                        name, value, list);
}

/* How far its unit shifts a number, and -1 for no unit. */
static int unit_shift(char unit)
{
    const char *units = "KMG";
    const char *at = unit ? strchr(units, unit & ~0x20) : NULL;
    return at ? (int)(at - units + 1) * 10 : -1;
}

int yk_url_size(struct yk_url *url, const char *name, uint64_t max,
                uint64_t *ret_value, char *why)
{
    const char *value = yk_url_param(url, name);
    uint64_t number;

    if (!value)
        return 0;
    struct yk_slice digits = yk_slice_of(value);
    int shift = digits.len > 0 ? unit_shift(value[digits.len - 1]) : -1;
    if (shift > 0)
        digits.len--;
    else
        shift = 0;
    if (yk_parse_u64(digits, max >> shift, &number) < 0 || number == 0)
        return yk_store_why(why, -EINVAL,
                            "URL: option %s is '%s', not a number from 1 to "
                            "%llu (K, M and G may follow it)",
                            name, value, (unsigned long long)max);
    *ret_value = number << shift;
    return 0;
}

int yk_url_check_params(const struct yk_url *url, char *why)
{
    for (int i = 0; i < url->param_count; i++)
        if (!url->params[i].is_known)
            return yk_store_why(why, -EINVAL, "URL: %s: has no option '%s'",
                                url->scheme, url->params[i].name);
    return 0;
}
