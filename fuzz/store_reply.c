/* What servers of stores say: replies of memcached, frames of a hub. Whole or
 * in pieces they are read the same; what is no reply is refused. */
#include "fuzz.h"

#include <stdlib.h>

#include "store/frame.h"
#include "store/memcached_conn.h"

#define VALUE_MAX 1000

static void try_memcached(const uint8_t *data, size_t size)
{
    struct yk_mc_reply reply;
    char *whole = malloc(size + 1), *part = malloc(size + 1);

    memcpy(whole, data, size);
    ssize_t n = yk_mc_parse(whole, size, VALUE_MAX, &reply);
    MUST(n <= (ssize_t)size, "a reply is within what has come");
    MUST(reply.value.len <= VALUE_MAX || n <= 0, "a value has its limit");
    for (size_t len = 0; n > 0 && len < (size_t)n; len++) {
        memcpy(part, data, len);
        ssize_t m = yk_mc_parse(part, len, VALUE_MAX, &reply);
        MUST(m == 0, "half of it is waited for");
    }
    free(whole);
    free(part);
}

static void try_frame(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct yk_frame frame;
    ssize_t n = yk_frame_parse(bytes, size, VALUE_MAX, &frame);

    MUST(n <= (ssize_t)size, "a frame is within what has come");
    if (n <= 0)
        return;
    MUST(frame.bytes.len <= VALUE_MAX, "its bytes have their limit");
    MUST(frame.bytes.ptr[frame.bytes.len] == '\0', "and a NUL");
    for (size_t len = 0; len < (size_t)n; len++)
        MUST(yk_frame_parse(bytes, len, VALUE_MAX, &frame) == 0,
             "half of it is waited for");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    try_memcached(data, size);
    try_frame(data, size);
    return 0;
}
