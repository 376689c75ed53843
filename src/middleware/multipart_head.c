#include "middleware/multipart_head.h"

#include <stdbool.h>
#include <string.h>

#include "core/banned.h"

/* Enough for most, so that few have to grow. */
#define FIRST_ROOM 500

/* An empty line ends it, be it the first one. */
static bool is_complete(const struct yk_multipart_head *head)
{
    const char *end = head->ptr + head->len;
    if (head->len == 2)
        return memcmp(head->ptr, "\r\n", 2) == 0;
    return head->len >= 4 && memcmp(end - 4, "\r\n\r\n", 4) == 0;
}

static int grow(struct yk_multipart_head *head)
{
    size_t room = head->room ? head->room * 2 : FIRST_ROOM;
    if (head->room == head->max_len)
        return head->too_long;
    if (room > head->max_len)
        room = head->max_len;
    char *ptr = head->grow(head->data, head->ptr, head->len, room + 1);
    if (!ptr)
        return head->no_memory;
    head->ptr = ptr;
    head->room = room;
    return 0;
}

int yk_multipart_head_read(struct yk_multipart_head *head, const char **at,
                           const char *end)
{
    while (*at < end) {
        int err = head->len == head->room ? grow(head) : 0;
        if (err < 0)
            return err;
        char c = *(*at)++;
        head->ptr[head->len++] = c;
        if (c != '\n' || !is_complete(head))
            continue;
        head->len -= 2;
        head->ptr[head->len] = '\0';
        return 1;
    }
    return 0;
}
