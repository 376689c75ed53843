/* Files that uploads go to, and writing to them on the thread pool, for a disk
 * may block. One piece at a time: whoever fills the spool waits until it is
 * empty again, and lets the client wait. */
#ifndef YK_MIDDLEWARE_SPOOL_H
#define YK_MIDDLEWARE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/req.h>

/* A file without a name, mode 0600, in a folder; it goes when it is closed.
 * Where the file system has none of these, it has a name, which goes to
 * `ret_path`, in the request's memory; else that is NULL. Returns the
 * descriptor, or -errno. */
int yk_spool_open(yoke_req *req, const char *dir, const char **ret_path);

/* Gives the file a name, beside the one that it may have. Returns 0 or
 * -errno. */
int yk_spool_link(int fd, const char *old_path, const char *path);

struct yk_spool;

/* In the request's memory. `on_empty` is called from the loop when what
 * yk_spool_write has begun has been written (0) or could not be (-errno). */
struct yk_spool *
yk_spool_new(yoke_req *req, void (*on_empty)(void *data, int err), void *data);

/* Copies bytes for a file, at `offset`. Only while nothing is being written, and
 * of one file, in order, until it is written. Returns 0; 1 when it is time to
 * write; or -ENOMEM. */
int yk_spool_add(struct yk_spool *spool, int fd, uint64_t offset,
                 const char *ptr, size_t len);

/* Whether there is something to write; so much that it is time to. */
bool yk_spool_is_filled(const struct yk_spool *spool);
bool yk_spool_is_full(const struct yk_spool *spool);

/* Begins to write. The request must be on hold until `on_empty`. */
void yk_spool_write(struct yk_spool *spool);

#endif
