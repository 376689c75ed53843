/* What a server of Redis says, byte for byte: in whichever pieces it comes, it is
 * the same replies, and ends with the same error; and no more is kept of it than
 * the limits allow. */
#include "fuzz.h"

#include <errno.h>

#include <yoke/error.h>
#include <yoke/store.h>

#include "store/redis_layout.h"
#include "store/redis_reader.h"

#define REPLIES_MAX 64

struct heard {
    redisReply *replies[REPLIES_MAX];
    size_t count;
    int err;
};

static void take(struct yk_redis_reader *reader, struct heard *heard)
{
    while (heard->err == 0 && heard->count < REPLIES_MAX) {
        redisReply *reply = NULL;
        heard->err = yk_redis_reader_next(reader, &reply);
        if (heard->err < 0 || !reply)
            return;
        heard->replies[heard->count++] = reply;
    }
}

static void hear(struct fuzz_input in, size_t max_len, struct heard *heard)
{
    struct yk_redis_reader reader;
    MUST(yk_redis_reader_open(&reader, max_len) == 0, "there is memory");
    *heard = (struct heard){.count = 0};
    while (in.text.len > 0 && heard->err == 0) {
        size_t len = fuzz_choose_piece(&in, in.text.len);
        char *piece = fuzz_copy((struct yk_slice){in.text.ptr, len});
        MUST(yk_redis_reader_feed(&reader, piece, len) == 0, "and for more");
        free(piece);
        in.text.ptr += len;
        in.text.len -= len;
        take(&reader, heard);
    }
    yk_redis_reader_close(&reader);
}

static void forget(struct heard *heard)
{
    for (size_t i = 0; i < heard->count; i++)
        yk_hiredis.freeReplyObject(heard->replies[i]);
}

static void check_same(const redisReply *a, const redisReply *b)
{
    MUST(a->type == b->type && a->integer == b->integer, "of the same type");
    MUST(!a->str == !b->str, "with text or without");
    if (a->str)
        MUST(a->len == b->len && memcmp(a->str, b->str, a->len + 1) == 0,
             "the same text, with a NUL behind it");
    MUST(a->elements == b->elements, "as many elements");
    for (size_t i = 0; i < a->elements; i++)
        check_same(a->element[i], b->element[i]);
}

static void try_pieces(const struct fuzz_input *in)
{
    struct fuzz_input whole = {.text = in->text};
    struct heard once, again;
    hear(whole, SIZE_MAX, &once);
    hear(*in, SIZE_MAX, &again);
    MUST(once.count == again.count, "the same replies");
    MUST(once.err == again.err || once.count == REPLIES_MAX, "the same end");
    MUST(once.err == 0 || once.err == -EPROTO, "which is an error of RESP");
    for (size_t i = 0; i < once.count; i++)
        check_same(once.replies[i], again.replies[i]);
    forget(&once);
    forget(&again);
}

static void try_limit(const struct fuzz_input *in)
{
    struct heard heard;
    hear(*in, 16, &heard);
    MUST(heard.err == 0 || heard.err == -EPROTO || heard.err == -YOKE_ETOOLARGE,
         "it is refused for a reason");
    forget(&heard);
}

/* As what is kept under a key. */
static void try_kept(struct yk_slice kept)
{
    char head[YK_REDIS_HEAD_LEN];
    struct yk_slice value;
    int64_t number, numbers[2];
    uint64_t version = yk_redis_parse(kept, &value);
    MUST(value.ptr >= kept.ptr && value.ptr + value.len == kept.ptr + kept.len,
         "a value is the end of what is kept");
    if (value.len < kept.len) {
        yk_redis_head(head, version);
        MUST(memcmp(head, kept.ptr, sizeof(head)) == 0, "a head is written so");
    } else if (yk_redis_parse_number(kept, &number)) {
        MUST(yk_redis_version_numbers(version, numbers) &&
                 (numbers[0] == number || numbers[1] == number),
             "a version of a number is of that number");
    } else {
        MUST(version == 0, "nothing else has a version");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[YOKE_STORE_TEXT_MAX];
    struct fuzz_input in = fuzz_input_of(data, size);
    if (yk_hiredis_load(why) < 0)
        abort();
    try_pieces(&in);
    try_limit(&in);
    char *kept = fuzz_copy((struct yk_slice){(const char *)data, size});
    try_kept((struct yk_slice){kept, size});
    free(kept);
    return 0;
}
