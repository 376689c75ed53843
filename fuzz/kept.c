/* What caches keep and read: Cache-Control, and the bytes that come back from a
 * store, where anybody may have written. Whatever they are, they are read within
 * their bounds; and a field in two parts says what it says in one. */
#include "fuzz.h"

#include "middleware/cache_control.h"
#include "middleware/kept_answer.h"
#include "middleware/vary.h"
#include "shared/cache_record.h"
#include "shared/event.h"

/* At the end of a block of its own, so that a byte too many is seen. */
static char *copy_of(struct yk_slice text)
{
    char *copy = malloc(text.len + 1);

    if (!copy)
        abort();
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

static void check_seconds(int64_t seconds)
{
    MUST(seconds >= -1 && seconds <= YK_CACHE_SECONDS_MAX, "a time");
}

static void check_control(struct yk_slice text)
{
    struct yk_cache_control once, twice;
    char *field = copy_of(text);

    yk_cache_control_init(&once);
    yk_cache_control_add(&once, field);
    check_seconds(once.max_age);
    check_seconds(once.s_maxage);
    check_seconds(once.min_fresh);
    check_seconds(once.stale_while_revalidate);
    twice = once;
    yk_cache_control_add(&twice, field);
    MUST(memcmp(&once, &twice, sizeof(once)) == 0,
         "what is said twice is said once");
    yk_cache_control_add(&twice, "no-store, max-age=0");
    MUST(twice.no_store && twice.max_age == 0, "more can be said");
    free(field);
}

static void check_bytes(struct yk_slice text)
{
    struct yk_variants variants;
    struct yk_cache_record record;
    struct yoke_sse_event event;
    uint64_t number;
    char *bytes = copy_of(text);
    struct yk_slice own = {bytes, text.len};

    yk_is_kept_answer(bytes, text.len);
    if (yk_variants_read(bytes, text.len, &variants))
        MUST(variants.count <= YK_VARIANTS_MAX &&
                 strlen(variants.names) < YK_VARY_NAMES_MAX,
             "a list of variants");
    if (yk_cache_record_read(own, &record))
        MUST(yk_cache_record_len(&record) == text.len, "a record");
    if (yk_event_read(own, &event, &number) && event.data)
        MUST(event.data + strlen(event.data) < bytes + text.len, "an event");
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yk_slice text = {(const char *)data, size};

    check_control(text);
    check_bytes(text);
    return 0;
}
