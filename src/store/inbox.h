/* What has come over a connection, until it is whole. */
#ifndef YK_STORE_INBOX_H
#define YK_STORE_INBOX_H

#include <stddef.h>

/* Bytes that have come and are not whole yet. All zero: none. */
struct yk_inbox {
    char *bytes; /* Owned. */
    size_t len, size;
};

/* Adds bytes. Returns 0 or -ENOMEM. */
int yk_inbox_add(struct yk_inbox *inbox, const char *ptr, size_t len);

/* Drops bytes from its beginning. */
void yk_inbox_drop(struct yk_inbox *inbox, size_t len);

/* Frees what it has. */
void yk_inbox_clear(struct yk_inbox *inbox);

#endif
