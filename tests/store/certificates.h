/* Certificates for tests of TLS, made by openssl(1) in the fixture's folder:
 * NAME.pem with its key, NAME.key. */
#ifndef YK_TESTS_STORE_CERTIFICATES_H
#define YK_TESTS_STORE_CERTIFICATES_H

void certificate_authority(const char *name);

/* By the authority `ca`, for `names`, as subjectAltName has them; the name of its
 * subject is `name`. `days` may be negative: it has expired. */
void certificate_make(const char *name, const char *names, int days);

#endif
