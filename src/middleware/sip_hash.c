#include "middleware/sip_hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/banned.h"

void yk_sip_key_make(struct yk_sip_key *key)
{
    if (getrandom(key->words, sizeof(key->words), 0) < 0)
        abort();
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

uint64_t yk_sip_hash(const struct yk_sip_key *key, const char *text)
{
    const uint64_t *keys = key->words;
    size_t len = strlen(text), left = len;
    uint64_t v[4] = {keys[0] ^ 0x736f6d6570736575, keys[1] ^ 0x646f72616e646f6d,
                     keys[0] ^ 0x6c7967656e657261,
                     keys[1] ^ 0x7465646279746573};
    for (bool is_last = false; !is_last; text += 8) {
        uint64_t word = 0;
        is_last = left < 8;
        memcpy(&word, text, is_last ? left : 8);
        if (is_last)
            word |= (uint64_t)len << 56;
        else
            left -= 8;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
