#include "middleware/random_id.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <yoke/log.h>

#include "core/banned.h"

/* What getrandom(2) gives in one piece, without an interruption. */
#define POOL_LEN 256

/* Random bytes that nobody has used; written by take(). A process that was
 * forked must not use its parent's. */
static unsigned char pool[POOL_LEN];
static size_t used = POOL_LEN;
static pid_t owner;

static void fill(void)
{
    ssize_t n;
    do
        n = getrandom(pool, sizeof(pool), 0);
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(pool))
        return;
    yoke_log(YOKE_LOG_ERROR, "getrandom: %s", strerror(errno));
    abort();
}

static void take(unsigned char *out, size_t len)
{
    pid_t self = getpid();
    if (len > sizeof(pool) - used || owner != self) {
        fill();
        used = 0;
        owner = self;
    }
    memcpy(out, pool + used, len);
    explicit_bzero(pool + used, len);
    used += len;
}

void yk_random_word(char *out, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz0123456789-_";
    unsigned char bytes[64];
    take(bytes, len);
    for (size_t i = 0; i < len; i++)
        out[i] = letters[bytes[i] & 63];
    out[len] = '\0';
}

void yk_random_uuid(char out[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char b[16];
    take(b, sizeof(b));
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[b[i] >> 4];
        *out++ = digits[b[i] & 15];
    }
    *out = '\0';
}
