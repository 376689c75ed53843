/* Puts the pieces of a message together again. */
#ifndef YK_CLUSTER_ASSEMBLY_H
#define YK_CLUSTER_ASSEMBLY_H

#include <stddef.h>

struct yk_message_piece;

/* Zeroed: none is under way. */
struct yk_assembly {
    char *ptr;
    size_t have, room;
    size_t total;
};

/* A whole message; `owned` is to be freed, unless it is NULL. */
struct yk_assembled {
    const char *ptr;
    size_t len;
    char *owned;
};

/* Adds the piece with its `len` bytes. Returns 1 when it completed a message,
 * which is then in `*ret`: a message of one piece is borrowed from `bytes`. 0
 * when there is more to come. -EBADMSG when the piece does not fit, -ENOMEM:
 * the message it belongs to is dropped, with its later pieces (-EBADMSG). A
 * first piece drops what is under way. */
int yk_assembly_add(struct yk_assembly *assembly,
                    const struct yk_message_piece *piece, const char *bytes,
                    size_t len, struct yk_assembled *ret);

/* Drops what is under way. */
void yk_assembly_clear(struct yk_assembly *assembly);

#endif
