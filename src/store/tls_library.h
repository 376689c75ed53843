/* libssl and libcrypto, loaded when a URL asks for TLS. Only the files tls*.c
 * include this. */
#ifndef YK_STORE_TLS_LIBRARY_H
#define YK_STORE_TLS_LIBRARY_H

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#define YK_SSL_FUNCTIONS(XX)                                                   \
    XX(SSL_CTX_check_private_key)                                              \
    XX(SSL_CTX_ctrl)                                                           \
    XX(SSL_CTX_free)                                                           \
    XX(SSL_CTX_load_verify_locations)                                          \
    XX(SSL_CTX_new)                                                            \
    XX(SSL_CTX_set_default_passwd_cb)                                          \
    XX(SSL_CTX_set_default_verify_paths)                                       \
    XX(SSL_CTX_set_options)                                                    \
    XX(SSL_CTX_set_verify)                                                     \
    XX(SSL_CTX_use_PrivateKey_file)                                            \
    XX(SSL_CTX_use_certificate_chain_file)                                     \
    XX(SSL_ctrl)                                                               \
    XX(SSL_do_handshake)                                                       \
    XX(SSL_free)                                                               \
    XX(SSL_get0_param)                                                         \
    XX(SSL_get_error)                                                          \
    XX(SSL_get_verify_result)                                                  \
    XX(SSL_new)                                                                \
    XX(SSL_read)                                                               \
    XX(SSL_set1_host)                                                          \
    XX(SSL_set_hostflags)                                                      \
    XX(SSL_set_bio)                                                            \
    XX(SSL_set_connect_state)                                                  \
    XX(SSL_write_ex)                                                           \
    XX(TLS_client_method)

#define YK_CRYPTO_FUNCTIONS(XX)                                                \
    XX(BIO_clear_flags)                                                        \
    XX(BIO_get_data)                                                           \
    XX(BIO_get_new_index)                                                      \
    XX(BIO_meth_new)                                                           \
    XX(BIO_meth_set_ctrl)                                                      \
    XX(BIO_meth_set_read)                                                      \
    XX(BIO_meth_set_write)                                                     \
    XX(BIO_new)                                                                \
    XX(BIO_set_data)                                                           \
    XX(BIO_set_flags)                                                          \
    XX(BIO_set_init)                                                           \
    XX(ERR_clear_error)                                                        \
    XX(ERR_peek_error)                                                         \
    XX(ERR_reason_error_string)                                                \
    XX(X509_VERIFY_PARAM_set1_ip_asc)                                          \
    XX(X509_verify_cert_error_string)

struct yk_tls_library {
#define XX(name) __typeof__(name) *name;
    YK_SSL_FUNCTIONS(XX)
    YK_CRYPTO_FUNCTIONS(XX)
#undef XX
};

/* Written once, by yk_tls_library_load. */
extern struct yk_tls_library yk_ssl;

/* Returns 0; or -ENOTSUP, with the reason in `why`. */
int yk_tls_library_load(char *why);

#endif
