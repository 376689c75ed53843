/* TLS (tls.h) between a link's socket and whoever speaks over it. */
#ifndef YK_STORE_LINK_TLS_H
#define YK_STORE_LINK_TLS_H

#include "store/link.h"

/* The socket is connected: begins the handshake; on_connected follows it. */
void yk_link_start_tls(struct yk_link *link);

/* Bytes have come. Decrypts them, and answers what the handshake wants to be
 * answered. */
void yk_link_take_encrypted(struct yk_link *link, const char *ptr, size_t len);

/* Moves what has been appended to what is for the socket. */
void yk_link_encrypt(struct yk_link *link);

#endif
