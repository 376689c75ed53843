/* SipHash-1-3 (Aumasson and Bernstein): a hash that nobody outside can guess, as
 * its key is random. For tables whose keys clients choose. */
#ifndef YK_MIDDLEWARE_SIP_HASH_H
#define YK_MIDDLEWARE_SIP_HASH_H

#include <stdint.h>

struct yk_sip_key {
    uint64_t words[2];
};

/* A key of this process alone. */
void yk_sip_key_make(struct yk_sip_key *key);

uint64_t yk_sip_hash(const struct yk_sip_key *key, const char *text);

#endif
