#include "store/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#include "core/banned.h"

#define FIRST 4096
/* Room that was once needed goes back to malloc. */
#define KEPT  65536

int yk_inbox_add(struct yk_inbox *inbox, const char *ptr, size_t len)
{
    size_t size = inbox->size ? inbox->size : FIRST;

    while (size < inbox->len + len)
        size *= 2;
    if (size != inbox->size) {
        char *larger = yk_try_realloc(inbox->bytes, size);
        if (!larger)
            return -ENOMEM;
        inbox->bytes = larger;
        inbox->size = size;
    }
    memcpy(inbox->bytes + inbox->len, ptr, len);
    inbox->len += len;
    return 0;
}

void yk_inbox_drop(struct yk_inbox *inbox, size_t len)
{
    inbox->len -= len;
    if (inbox->len > 0)
        memmove(inbox->bytes, inbox->bytes + len, inbox->len);
    else if (inbox->size > KEPT)
        yk_inbox_clear(inbox);
}

void yk_inbox_clear(struct yk_inbox *inbox)
{
    free(inbox->bytes);
    *inbox = (struct yk_inbox){.bytes = NULL};
}
