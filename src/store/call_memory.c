#include "store/call_memory.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "store/store.h"

#include "core/banned.h"

/* Calls with so little in them come from the pool: a key and a session's data. */
#define BLOCK_SIZE  1024
#define BLOCKS_KEPT 256

void yk_call_memory_init(yoke_store *store)
{
    yk_blocks_init(&store->blocks, BLOCK_SIZE, BLOCKS_KEPT);
}

static size_t size_of(const struct yk_call *call)
{
    return call->key.len + call->value.len;
}

static struct yk_call *take_memory(yoke_store *store, size_t size)
{
    bool is_pooled = size <= BLOCK_SIZE;
    struct yk_call *call =
        is_pooled ? yk_blocks_take(&store->blocks) : yk_try_alloc(size);

    if (!call)
        return NULL;
    memset(&call->is_late, 0,
           sizeof(*call) - offsetof(struct yk_call, is_late));
    call->is_pooled = is_pooled;
    return call;
}

/* Out of line: for lengths that cannot be large, compilers choose an
 * instruction that takes 20 ns to begin (rep movs). */
__attribute__((noinline)) static char *append(char *at, const char *ptr,
                                              size_t len)
{
    memcpy(at, ptr, len);
    return at + len;
}

/* Copies prefix, key and value behind the call, each with a NUL. */
static void copy_bytes(struct yk_call *call, const struct yk_call_bytes *bytes,
                       size_t value_len)
{
    yoke_store *store = call->store;
    char *at = call->bytes + 1;

    call->key = (struct yk_slice){at, store->prefix_len + bytes->key_len};
    if (store->prefix_len > 0)
        at = append(at, store->prefix, store->prefix_len);
    if (bytes->key_len > 0)
        at = append(at, bytes->key, bytes->key_len);
    *at++ = '\0';
    call->value = (struct yk_slice){at, value_len};
    if (value_len > 0)
        at = append(at, bytes->value, value_len);
    *at = '\0';
}

struct yk_call *yk_call_new(yoke_store *store,
                            const struct yk_call_bytes *bytes)
{
    size_t rest =
        sizeof(struct yk_call) + store->prefix_len + bytes->key_len + 3;
    size_t value_len = bytes->value_len;
    struct yk_call *call = take_memory(store, rest + value_len);

    if (!call) {
        value_len = 0;
        while (!(call = take_memory(store, rest)))
            abort();
        call->err = -YOKE_EUNAVAILABLE;
        call->why = "there is no memory";
    }
    call->store = store;
    copy_bytes(call, bytes, value_len);
    store->held++;
    store->held_bytes += size_of(call);
    return call;
}

void yk_call_free(struct yk_call *call)
{
    yoke_store *store = call->store;

    store->held--;
    store->held_bytes -= size_of(call);
    if (call->is_pooled)
        yk_blocks_give(&store->blocks, call);
    else
        free(call);
}

char *yk_call_room(struct yk_call *call, size_t *ret_size)
{
    char *end = call->bytes + (call->value.ptr - call->bytes) + 1;

    end += call->value.len;
    *ret_size = call->is_pooled ? BLOCK_SIZE - (size_t)(end - (char *)call) : 0;
    return end;
}
