#include "store/tls_library.h"

#include <stddef.h>

#include <openssl/opensslv.h>

#include "store/library.h"

#define TEXT_OF(x)      #x
#define NAME_OF(x, lib) lib ".so." TEXT_OF(x)

struct yk_tls_library yk_ssl;

int yk_tls_library_load(char *why)
{
#define XX(name) {#name, &yk_ssl.name},
    static const struct yk_library_symbol crypto[] = {
        YK_CRYPTO_FUNCTIONS(XX){NULL, NULL},
    };
    static const struct yk_library_symbol ssl[] = {
        YK_SSL_FUNCTIONS(XX){NULL, NULL},
    };
#undef XX
    if (yk_ssl.TLS_client_method)
        return 0;
    int err = yk_library_load(NAME_OF(OPENSSL_SHLIB_VERSION, "libcrypto"),
                              "libssl3", crypto, why);
    if (err < 0)
        return err;
    return yk_library_load(NAME_OF(OPENSSL_SHLIB_VERSION, "libssl"), "libssl3",
                           ssl, why);
}
