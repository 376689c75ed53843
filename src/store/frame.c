#include "store/frame.h"

#include <errno.h>
#include <string.h>

void yk_frame_head(char out[YK_FRAME_HEAD_LEN], enum yk_frame_type type,
                   size_t name_len, size_t len)
{
    uint32_t length = (uint32_t)len;

    memset(out, 0, YK_FRAME_HEAD_LEN);
    out[0] = (char)type;
    out[1] = (char)name_len;
    memcpy(out + 4, &length, sizeof(length));
}

ssize_t yk_frame_parse(const char *ptr, size_t len, size_t max_len,
                       struct yk_frame *ret_frame)
{
    uint32_t length;

    if (len < YK_FRAME_HEAD_LEN)
        return 0;
    memcpy(&length, ptr + 4, sizeof(length));
    if (length > max_len || !memchr("supdrmx", ptr[0], 7))
        return -EPROTO;
    size_t name_len = (unsigned char)ptr[1];
    size_t whole = YK_FRAME_HEAD_LEN + name_len + length + 1;
    if (len < whole)
        return 0;
    if (ptr[whole - 1] != '\0')
        return -EPROTO;
    const char *name = ptr + YK_FRAME_HEAD_LEN;
    *ret_frame = (struct yk_frame){
        .type = (enum yk_frame_type)ptr[0],
        .name = {name, name_len},
        .bytes = {name + name_len, length},
    };
    return (ssize_t)whole;
}
