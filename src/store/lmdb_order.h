/* The order of keys in a file of LMDB's. */
#ifndef YK_STORE_LMDB_ORDER_H
#define YK_STORE_LMDB_ORDER_H

#include "store/lmdb_library.h"

/* Less than, equal to or greater than 0. The order that LMDB has by itself, so
 * that every program has it; but LMDB asks memcmp for each of the ten keys or so
 * on the way to one. Here it is eight bytes at a time, the last eight of which
 * may be some of those before them, which are the same. */
int yk_lmdb_compare_keys(const MDB_val *a, const MDB_val *b);

#endif
