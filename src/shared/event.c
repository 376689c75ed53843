#include "shared/event.h"

#include <string.h>

#include "core/banned.h"

#define VERSION   1
#define NUMBER_AT 4
#define LENS_AT   12
#define HEAD_LEN  24
#define STRINGS   3

static void put_number(char *out, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        out[i] = (char)(number >> 8 * i);
}

static uint64_t get_number(const char *at, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)at[i] << 8 * i;
    return number;
}

static void list_strings(const struct yoke_sse_event *event,
                         const char *out[STRINGS])
{
    out[0] = event->event;
    out[1] = event->id;
    out[2] = event->data;
}

size_t yk_event_len(const struct yoke_sse_event *event)
{
    const char *strings[STRINGS];
    size_t len = HEAD_LEN + STRINGS;

    list_strings(event, strings);
    for (int i = 0; i < STRINGS; i++)
        len += strings[i] ? strlen(strings[i]) : 0;
    return len;
}

void yk_event_write(const struct yoke_sse_event *event, char *out)
{
    const char *strings[STRINGS];
    char *at = out + HEAD_LEN;

    list_strings(event, strings);
    memcpy(out, "ye", 2);
    out[2] = VERSION;
    out[3] = 0;
    put_number(out + NUMBER_AT, 0, 8);
    for (int i = 0; i < STRINGS; i++) {
        size_t len = strings[i] ? strlen(strings[i]) : 0;
        if (strings[i])
            out[3] = (char)(out[3] | 1 << i);
        put_number(out + LENS_AT + 4 * i, len, 4);
        if (len > 0)
            memcpy(at, strings[i], len);
        at[len] = '\0';
        at += len + 1;
    }
}

void yk_event_set_number(char *bytes, uint64_t number)
{
    put_number(bytes + NUMBER_AT, number, 8);
}

bool yk_event_read(struct yk_slice bytes, struct yoke_sse_event *ret_event,
                   uint64_t *ret_number)
{
    const char *strings[STRINGS] = {NULL};
    const char *at = bytes.ptr + HEAD_LEN, *end = bytes.ptr + bytes.len;

    if (bytes.len < HEAD_LEN || memcmp(bytes.ptr, "ye", 2) != 0 ||
        bytes.ptr[2] != VERSION)
        return false;
    for (int i = 0; i < STRINGS; i++) {
        size_t len = (size_t)get_number(bytes.ptr + LENS_AT + 4 * i, 4);
        if (len >= (size_t)(end - at) || at[len] != '\0')
            return false;
        if (bytes.ptr[3] & 1 << i)
            strings[i] = at;
        at += len + 1;
    }
    *ret_event = (struct yoke_sse_event){
        .event = strings[0], .id = strings[1], .data = strings[2]};
    *ret_number = get_number(bytes.ptr + NUMBER_AT, 8);
    return true;
}
