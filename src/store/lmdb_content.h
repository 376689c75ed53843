/* Whether a file of LMDB's is a store's, and whole. One that is not is left as it
 * is. All return 0; or a negative code, with the reason in `why`: -EBADMSG when
 * it is not a store's, or broken. */
#ifndef YK_STORE_LMDB_CONTENT_H
#define YK_STORE_LMDB_CONTENT_H

#include "store/lmdb_file.h"

/* Before LMDB sees it: an empty file becomes a store, another has to be one of
 * LMDB's. */
int yk_lmdb_check_head(const char *path, int fd, char *why);

/* A read beyond the file's end would be a signal, not an error. */
int yk_lmdb_check_length(struct yk_lmdb_file *file, char *why);

/* Begins the reader's transaction, the first, and opens the database in it; marks
 * a new file as a store's. */
int yk_lmdb_open_content(struct yk_lmdb_file *file, char *why);

/* What LMDB says when the file is to be opened, read ... (`doing`). */
int yk_lmdb_fail(const char *path, int code, const char *doing, char *why);

/* It is not what it should be. */
int yk_lmdb_refuse(const char *path, const char *what, char *why);

#endif
