/* A piece of a message, as a notification has it (postgres_schema.h). */
#ifndef YK_STORE_POSTGRES_PIECE_H
#define YK_STORE_POSTGRES_PIECE_H

#include <stddef.h>
#include <stdint.h>

#include "store/postgres_schema.h"

struct yk_pg_piece {
    char id[17];
    unsigned number;
    size_t whole_len;
    size_t len; /* At most YK_PG_PIECE. */
    /* There is room for the line feeds, too, that the server puts in. */
    char bytes[YK_PG_PIECE + YK_PG_PIECE / 50];
};

/* Reads what a notification says. Returns 0; or -EPROTO when it is not yoke's. */
int yk_pg_piece_parse(struct yk_pg_piece *ret_piece, const char *text);

#endif
