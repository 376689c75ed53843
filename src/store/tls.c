/* OpenSSL reads what has come out of the caller's buffer and writes into the
 * link's, by a BIO of our own: between them there is no third. */
#include "store/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/slice.h"
#include "store/tls_library.h"

#include "core/banned.h"

/* A record has no more. */
#define PLAIN_LEN 16384
#define WHY_MAX   200

struct yk_tls_config {
    SSL_CTX *ctx;
    char *server_name; /* Instead of each host's; NULL: none. */
    bool is_verified;
};

struct yk_tls {
    SSL *ssl;
    const struct yk_tls_ops *ops;
    void *owner;
    struct yk_slice in; /* What has come and is not read yet. */
    bool is_ready;
    bool is_verified;
    char host[256]; /* For texts. */
    char why[WHY_MAX];
};

/* What has been decrypted, for as long as on_bytes lasts; of all connections.
 * Written on the loop's thread. */
static char plain[PLAIN_LEN];

/* ---- What is common to all connections ---- */

static int refuse_file(const char *option, const char *path, char *why)
{
    const char *reason =
        yk_ssl.ERR_reason_error_string(yk_ssl.ERR_peek_error());

    return yk_store_why(why, -EINVAL, "URL: option %s: '%.80s': %.80s", option,
                        path, reason ? reason : "cannot be read");
}

/* A key with a pass phrase is refused, instead of asking on the terminal. */
static int no_pass_phrase(char *buf, int size, int rwflag, void *data)
{
    (void)buf, (void)size, (void)rwflag, (void)data;
    return -1;
}

static int read_authorities(SSL_CTX *ctx, const char *path, char *why)
{
    if (!path)
        return yk_ssl.SSL_CTX_set_default_verify_paths(ctx) == 1 ? 0 : -ENOMEM;
    if (yk_ssl.SSL_CTX_load_verify_locations(ctx, path, NULL) == 1)
        return 0;
    return refuse_file("ca", path, why);
}

static int read_certificate(SSL_CTX *ctx, const char *cert, const char *key,
                            char *why)
{
    if (!cert && !key)
        return 0;
    if (!cert)
        return yk_store_why(why, -EINVAL,
                            "URL: option key is of no use without cert");
    if (!key)
        key = cert;
    if (yk_ssl.SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
        return refuse_file("cert", cert, why);
    if (yk_ssl.SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
        yk_ssl.SSL_CTX_check_private_key(ctx) != 1)
        return refuse_file("key", key, why);
    return 0;
}

static int read_options(struct yk_tls_config *config, struct yk_url *url,
                        char *why)
{
    static const char *const words[] = {"yes", "no", NULL};
    const char *ca = yk_url_param(url, "ca");
    const char *cert = yk_url_param(url, "cert");
    const char *key = yk_url_param(url, "key");
    int verify = 0;
    const char *server_name = yk_url_param(url, "server_name");
    int err = yk_url_word(url, "verify", words, &verify, why);

    if (err == 0 && server_name && !*server_name)
        err = yk_store_why(why, -EINVAL, "URL: option server_name is empty");
    config->server_name = yk_strdup(server_name);
    config->is_verified = verify == 0;
    yk_ssl.ERR_clear_error();
    if (err == 0)
        err = read_authorities(config->ctx, ca, why);
    if (err == 0)
        err = read_certificate(config->ctx, cert, key, why);
    return err;
}

static SSL_CTX *new_ctx(void)
{
    SSL_CTX *ctx = yk_ssl.SSL_CTX_new(yk_ssl.TLS_client_method());

    if (!ctx)
        return NULL;
    yk_ssl.SSL_CTX_ctrl(ctx, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION,
                        NULL);
    /* Our buffers move between two attempts. */
    yk_ssl.SSL_CTX_ctrl(ctx, SSL_CTRL_MODE, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
                        NULL);
    yk_ssl.SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    yk_ssl.SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
    return ctx;
}

int yk_tls_config_open(struct yk_url *url, struct yk_tls_config **ret_config,
                       char *why)
{
    int err = yk_tls_library_load(why);
    if (err < 0)
        return err;
    struct yk_tls_config *config = yk_alloc(sizeof(*config));
    config->ctx = new_ctx();
    if (config->ctx)
        err = read_options(config, url, why);
    else
        err = yk_store_why(why, -ENOMEM, "TLS cannot be set up");
    if (err < 0) {
        yk_tls_config_free(config);
        return err;
    }
    yk_ssl.SSL_CTX_set_verify(
        config->ctx, config->is_verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
        NULL);
    *ret_config = config;
    return 0;
}

void yk_tls_config_free(struct yk_tls_config *config)
{
    if (!config)
        return;
    if (config->ctx)
        yk_ssl.SSL_CTX_free(config->ctx);
    free(config->server_name);
    free(config);
}

/* ---- Between OpenSSL and the link ---- */

static int on_bio_read(BIO *bio, char *out, int len)
{
    struct yk_tls *tls = yk_ssl.BIO_get_data(bio);
    size_t n = (size_t)len < tls->in.len ? (size_t)len : tls->in.len;

    yk_ssl.BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    if (n == 0) {
        yk_ssl.BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
        return -1;
    }
    memcpy(out, tls->in.ptr, n);
    tls->in.ptr += n;
    tls->in.len -= n;
    return (int)n;
}

static int on_bio_write(BIO *bio, const char *ptr, int len)
{
    struct yk_tls *tls = yk_ssl.BIO_get_data(bio);

    tls->ops->send(tls->owner, ptr, (size_t)len);
    return len;
}

static long on_bio_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio, (void)number, (void)ptr;
    return command == BIO_CTRL_FLUSH;
}

static BIO *new_bio(struct yk_tls *tls)
{
    /* Written once, by the first connection. */
    static BIO_METHOD *method;

    if (!method) {
        method = yk_ssl.BIO_meth_new(
            yk_ssl.BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "yoke");
        if (!method)
            return NULL;
        yk_ssl.BIO_meth_set_read(method, on_bio_read);
        yk_ssl.BIO_meth_set_write(method, on_bio_write);
        yk_ssl.BIO_meth_set_ctrl(method, on_bio_ctrl);
    }
    BIO *bio = yk_ssl.BIO_new(method);
    if (!bio)
        return NULL;
    yk_ssl.BIO_set_data(bio, tls);
    yk_ssl.BIO_set_init(bio, 1);
    return bio;
}

/* ---- One connection ---- */

static bool is_address(const char *host)
{
    struct in6_addr addr;
    return inet_pton(AF_INET, host, &addr) == 1 ||
           inet_pton(AF_INET6, host, &addr) == 1;
}

/* An address is not told to the server: there are no virtual hosts of one. */
static bool set_host(SSL *ssl, const char *host)
{
    if (is_address(host))
        return yk_ssl.X509_VERIFY_PARAM_set1_ip_asc(yk_ssl.SSL_get0_param(ssl),
                                                    host) == 1;
    /* What the subject says is no name of a host (RFC 9525 section 2). */
    yk_ssl.SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return yk_ssl.SSL_set1_host(ssl, host) == 1 &&
           yk_ssl.SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
                           TLSEXT_NAMETYPE_host_name,
                           (void *)(uintptr_t)host) == 1;
}

struct yk_tls *yk_tls_new(const struct yk_tls_config *config, const char *host,
                          const struct yk_tls_ops *ops, void *owner)
{
    struct yk_tls *tls = yk_alloc(sizeof(*tls));

    if (config->server_name)
        host = config->server_name;
    tls->ops = ops;
    tls->owner = owner;
    tls->is_verified = config->is_verified;
    snprintf(tls->host, sizeof(tls->host), "%s", host);
    tls->ssl = yk_ssl.SSL_new(config->ctx);
    BIO *bio = tls->ssl ? new_bio(tls) : NULL;
    if (bio)
        yk_ssl.SSL_set_bio(tls->ssl, bio, bio);
    if (!bio || !set_host(tls->ssl, host)) {
        yk_tls_free(tls);
        return NULL;
    }
    yk_ssl.SSL_set_connect_state(tls->ssl);
    return tls;
}

void yk_tls_free(struct yk_tls *tls)
{
    if (!tls)
        return;
    if (tls->ssl)
        yk_ssl.SSL_free(tls->ssl);
    free(tls);
}

/* ---- What went wrong ---- */

/* What can be said more plainly than OpenSSL does, or NULL. */
static const char *known_fault(long result)
{
    switch (result) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "is for another host than";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "has expired:";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "is not valid yet:";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "is by an unknown authority (the option ca=FILE names one):";
    default:
        return NULL;
    }
}

static void explain_certificate(struct yk_tls *tls, long result)
{
    const char *text = known_fault(result);

    if (text)
        snprintf(tls->why, sizeof(tls->why),
                 "TLS: the server's certificate %s %.80s", text, tls->host);
    else
        snprintf(tls->why, sizeof(tls->why),
                 "TLS: the certificate of %.80s is refused: %.80s", tls->host,
                 yk_ssl.X509_verify_cert_error_string(result));
}

/* Alerts that a server sends, and answers that are no TLS. */
static const char *known_reason(unsigned long code)
{
    switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "the server does not speak TLS";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return "the server wants a certificate (options cert=FILE, key=FILE)";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
        return "the server does not know the authority of our certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
        return "our certificate has expired";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "the server speaks no TLS 1.2 or later";
    default:
        return yk_ssl.ERR_reason_error_string(code);
    }
}

static int fail(struct yk_tls *tls, int ret)
{
    int kind = yk_ssl.SSL_get_error(tls->ssl, ret);
    long result = yk_ssl.SSL_get_verify_result(tls->ssl);
    const char *reason = NULL;

    if (kind == SSL_ERROR_WANT_READ)
        return 0;
    if (kind == SSL_ERROR_ZERO_RETURN) {
        snprintf(tls->why, sizeof(tls->why),
                 "the server has closed the connection");
        return -1;
    }
    if (result != X509_V_OK && tls->is_verified && !tls->is_ready) {
        explain_certificate(tls, result);
        return -1;
    }
    if (kind == SSL_ERROR_SSL)
        reason = known_reason(yk_ssl.ERR_peek_error());
    snprintf(tls->why, sizeof(tls->why), "TLS: %.150s",
             reason ? reason : "the connection failed");
    return -1;
}

const char *yk_tls_why(const struct yk_tls *tls)
{
    return tls->why;
}

/* ---- Bytes ---- */

bool yk_tls_is_ready(const struct yk_tls *tls)
{
    return tls->is_ready;
}

int yk_tls_start(struct yk_tls *tls)
{
    yk_ssl.ERR_clear_error();
    int ret = yk_ssl.SSL_do_handshake(tls->ssl);
    if (ret != 1)
        return fail(tls, ret);
    tls->is_ready = true;
    tls->ops->on_ready(tls->owner);
    return 0;
}

int yk_tls_take(struct yk_tls *tls, const char *ptr, size_t len)
{
    tls->in = (struct yk_slice){ptr, len};
    if (!tls->is_ready && yk_tls_start(tls) < 0)
        return -1;
    while (tls->is_ready) {
        yk_ssl.ERR_clear_error();
        int n = yk_ssl.SSL_read(tls->ssl, plain, sizeof(plain));
        if (n <= 0)
            return fail(tls, n);
        if (!tls->ops->on_bytes(tls->owner, plain, (size_t)n))
            return 0;
    }
    return 0;
}

int yk_tls_write(struct yk_tls *tls, const char *ptr, size_t len)
{
    size_t written;

    yk_ssl.ERR_clear_error();
    /* The BIO takes everything, and renegotiation is off: it is all or an
     * error. */
    if (yk_ssl.SSL_write_ex(tls->ssl, ptr, len, &written) == 1)
        return 0;
    snprintf(tls->why, sizeof(tls->why), "TLS: bytes cannot be sent");
    return -1;
}
