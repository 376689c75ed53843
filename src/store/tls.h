/* TLS for connections to servers of stores, the client's side: bytes in, bytes
 * out, no socket. link_tls.c has it between the socket and whoever speaks over the
 * link; with it, everything else is as without.
 *
 *     from the socket  ---- yk_tls_take ---->  on_bytes
 *     ops->send        <--- yk_tls_write ----  to be sent
 *
 * The server's certificate is verified, and that it is for the host that was
 * asked for: without that, anybody on the way could be the server. */
#ifndef YK_STORE_TLS_H
#define YK_STORE_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/url.h"

/* What all connections of a store have in common: authorities, the client's
 * certificate. */
struct yk_tls_config;

/* Reads the options ca, cert, key, verify and server_name of a URL, and the
 * files that they name. Returns 0; or a negative code, with the reason in
 * `why`. */
int yk_tls_config_open(struct yk_url *url, struct yk_tls_config **ret_config,
                       char *why);

/* NULL is allowed. */
void yk_tls_config_free(struct yk_tls_config *config);

struct yk_tls_ops {
    /* Bytes for the socket. */
    void (*send)(void *owner, const char *ptr, size_t len);
    /* The handshake is over: yk_tls_write may be called. */
    void (*on_ready)(void *owner);
    /* Bytes that have come, decrypted; they may be changed. False: no more
     * are wanted. */
    bool (*on_bytes)(void *owner, char *ptr, size_t len);
};

/* One connection. */
struct yk_tls;

/* `host` is verified, and told the server; borrowed for the call. NULL: there
 * is no memory. */
struct yk_tls *yk_tls_new(const struct yk_tls_config *config, const char *host,
                          const struct yk_tls_ops *ops, void *owner);

/* NULL is allowed. Not from inside `ops`. */
void yk_tls_free(struct yk_tls *tls);

/* These three return 0; or -1, and then yk_tls_why has the reason, and the
 * connection is of no more use. */

/* Begins the handshake. */
int yk_tls_start(struct yk_tls *tls);

/* Bytes have come from the socket. */
int yk_tls_take(struct yk_tls *tls, const char *ptr, size_t len);

/* Sends bytes. */
int yk_tls_write(struct yk_tls *tls, const char *ptr, size_t len);

bool yk_tls_is_ready(const struct yk_tls *tls);
const char *yk_tls_why(const struct yk_tls *tls);

#endif
