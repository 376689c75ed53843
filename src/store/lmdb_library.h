/* LMDB's functions, loaded at the first use. Only the files lmdb*.c include
 * this. */
#ifndef YK_STORE_LMDB_LIBRARY_H
#define YK_STORE_LMDB_LIBRARY_H

#include <lmdb.h>

#define YK_LMDB_FUNCTIONS(XX)                                                  \
    XX(mdb_env_create)                                                         \
    XX(mdb_env_open)                                                           \
    XX(mdb_env_close)                                                          \
    XX(mdb_env_info)                                                           \
    XX(mdb_env_stat)                                                           \
    XX(mdb_env_set_mapsize)                                                    \
    XX(mdb_env_set_maxreaders)                                                 \
    XX(mdb_reader_check)                                                       \
    XX(mdb_txn_begin)                                                          \
    XX(mdb_txn_id)                                                             \
    XX(mdb_txn_commit)                                                         \
    XX(mdb_txn_abort)                                                          \
    XX(mdb_txn_reset)                                                          \
    XX(mdb_txn_renew)                                                          \
    XX(mdb_dbi_open)                                                           \
    XX(mdb_set_compare)                                                        \
    XX(mdb_get)                                                                \
    XX(mdb_put)                                                                \
    XX(mdb_del)                                                                \
    XX(mdb_cursor_open)                                                        \
    XX(mdb_cursor_close)                                                       \
    XX(mdb_cursor_get)                                                         \
    XX(mdb_stat)                                                               \
    XX(mdb_strerror)

struct yk_lmdb_library {
#define XX(name) __typeof__(name) *name;
    YK_LMDB_FUNCTIONS(XX)
#undef XX
};

/* Written once, by yk_lmdb_load. */
extern struct yk_lmdb_library yk_lmdb;

/* Returns 0; or -ENOTSUP, with the reason in `why`. */
int yk_lmdb_load(char *why);

#endif
