/* What nodes of a Redis cluster say: maps of slots and redirections; and cursors
 * of scans, which users hand in. An input is a reply, one piece a line:
 *
 *     *3     an array, of the three that follow
 *     :7     a number
 *     $text  a string
 *     _      nil
 *
 * and its whole text is tried as an error, a cursor and a key, too. */
#include "fuzz.h"

#include "store/redis_cursor.h"
#include "store/redis_slots.h"

#define REPLIES_MAX  400
#define ELEMENTS_MAX 20
#define DEPTH_MAX    5

struct tree {
    redisReply replies[REPLIES_MAX];
    redisReply *elements[REPLIES_MAX][ELEMENTS_MAX];
    size_t count;
};

/* A copy of the line, in memory of its size and with a NUL; moves behind it. */
static char *take_line(const char **at, const char *end)
{
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    size_t len = (size_t)((stop ? stop : end) - *at);
    char *line = malloc(len + 1);

    memcpy(line, *at, len);
    line[len] = '\0';
    *at += len + (stop ? 1 : 0);
    return line;
}

/* Strings are owned by their reply. */
static redisReply *take_reply(struct tree *tree, const char **at,
                              const char *end, int depth)
{
    if (*at >= end || tree->count == REPLIES_MAX)
        return NULL;
    size_t index = tree->count++;
    redisReply *reply = &tree->replies[index];
    char *line = take_line(at, end);
    *reply = (redisReply){.type = REDIS_REPLY_NIL};
    if (*line == ':') {
        reply->type = REDIS_REPLY_INTEGER;
        reply->integer = strtoll(line + 1, NULL, 10);
    } else if (*line == '$') {
        reply->type = REDIS_REPLY_STRING;
        reply->str = strdup(line + 1);
        reply->len = strlen(reply->str);
    } else if (*line == '*' && depth < DEPTH_MAX) {
        size_t wanted = strtoul(line + 1, NULL, 10);
        reply->type = REDIS_REPLY_ARRAY;
        reply->element = tree->elements[index];
        while (reply->elements < wanted && reply->elements < ELEMENTS_MAX) {
            redisReply *one = take_reply(tree, at, end, depth + 1);
            if (!one)
                break;
            reply->element[reply->elements++] = one;
        }
    }
    free(line);
    return reply;
}

static void on_range(const struct yk_redis_range *range, void *data)
{
    int *told = data;

    MUST(range->first <= range->last && range->last < YK_REDIS_SLOTS,
         "slots are within their range");
    MUST(range->copy_count >= 1 && range->copy_count <= YK_REDIS_COPIES_MAX,
         "a range has a primary, and copies have a limit");
    MUST(*range->id && strlen(range->id) < sizeof(range->id), "it has an id");
    for (unsigned i = 0; i < range->copy_count; i++)
        MUST(*range->copies[i].host && range->copies[i].port > 0 &&
                 range->copies[i].port <= 65535,
             "an address is one");
    *told += (int)(range->last - range->first + 1);
}

static void try_map(const char *text, size_t len)
{
    static struct tree tree;
    const char *at = text;
    int told = 0;

    tree.count = 0;
    redisReply *reply = take_reply(&tree, &at, text + len, 0);
    if (!reply)
        return;
    int counted = yk_redis_slots_parse(reply, "otherwise", NULL, NULL);
    MUST(yk_redis_slots_parse(reply, "otherwise", on_range, &told) == counted,
         "it is told as it was counted");
    MUST(counted < 0 || counted == told, "every slot is told");
    for (size_t i = 0; i < tree.count; i++)
        free(tree.replies[i].str);
}

static void try_redirect(const char *text)
{
    struct yk_redis_redirect redirect;

    if (!yk_redis_redirect_parse(text, "otherwise", &redirect))
        return;
    MUST(redirect.slot < YK_REDIS_SLOTS, "a slot is one");
    MUST(*redirect.address.host && redirect.address.port > 0 &&
             redirect.address.port <= 65535,
         "an address is one");
}

static void try_cursor(const char *text)
{
    struct yk_redis_cursor cursor, again;
    char out[YK_REDIS_CURSOR_MAX];

    if (!yk_redis_cursor_parse(text, &cursor) || strlen(cursor.own) > 20)
        return;
    yk_redis_cursor_format(&cursor, out);
    MUST(yk_redis_cursor_parse(out, &again), "it is a cursor again");
    MUST(again.map == cursor.map && again.restarts == cursor.restarts &&
             again.index == cursor.index && strcmp(again.own, cursor.own) == 0,
         "and the same");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    char *text = malloc(in.text.len + 1);

    if (in.text.len > 0)
        memcpy(text, in.text.ptr, in.text.len);
    text[in.text.len] = '\0';
    MUST(yk_redis_slot((struct yk_slice){text, in.text.len}) < YK_REDIS_SLOTS,
         "every key has a slot");
    try_map(text, in.text.len);
    try_redirect(text);
    try_cursor(text);
    free(text);
    return 0;
}
