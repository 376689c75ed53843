#include "middleware/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <uv.h>

#include <yoke/loop.h>

#include "core/banned.h"

/* Written at a time. */
#define CAPACITY 65536

/* ---- Files ---- */

static int open_named(yoke_req *req, const char *dir, const char **ret_path)
{
    uint64_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return -errno;
    const char *path =
        yoke_req_printf(req, "%s/.upload-%016" PRIx64, dir, random);
    int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    *ret_path = path;
    return fd;
}

int yk_spool_open(yoke_req *req, const char *dir, const char **ret_path)
{
    *ret_path = NULL;
    int fd = open(dir, O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return -errno;
    return open_named(req, dir, ret_path);
}

int yk_spool_link(int fd, const char *old_path, const char *path)
{
    char link[64];
    if (old_path)
        return linkat(AT_FDCWD, old_path, AT_FDCWD, path, 0) < 0 ? -errno : 0;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0
               ? -errno
               : 0;
}

/* ---- Writing ---- */

struct yk_spool {
    yoke_req *req;
    void (*on_empty)(void *data, int err);
    void *data;
    int fd;
    uint64_t offset; /* Of `ptr` in the file. */
    char *ptr;
    size_t len, capacity, written;
    uv_fs_t write;
};

struct yk_spool *yk_spool_new(yoke_req *req,
                              void (*on_empty)(void *data, int err), void *data)
{
    struct yk_spool *spool = yoke_req_alloc(req, sizeof(*spool));
    *spool = (struct yk_spool){
        .req = req, .on_empty = on_empty, .data = data, .fd = -1};
    spool->write.data = spool;
    return spool;
}

/* Whatever the size of a piece, for the piece is in memory already. */
static int make_room(struct yk_spool *spool, size_t need)
{
    if (need <= spool->capacity)
        return 0;
    size_t capacity = need > CAPACITY ? need : CAPACITY;
    char *ptr = yoke_req_try_alloc(spool->req, capacity);
    if (!ptr)
        return -ENOMEM;
    if (spool->len > 0)
        memcpy(ptr, spool->ptr, spool->len);
    spool->ptr = ptr;
    spool->capacity = capacity;
    return 0;
}

int yk_spool_add(struct yk_spool *spool, int fd, uint64_t offset,
                 const char *ptr, size_t len)
{
    int err = make_room(spool, spool->len + len);
    if (err < 0)
        return err;
    memcpy(spool->ptr + spool->len, ptr, len);
    if (spool->len == 0) {
        spool->fd = fd;
        spool->offset = offset;
    }
    spool->len += len;
    return yk_spool_is_full(spool);
}

bool yk_spool_is_filled(const struct yk_spool *spool)
{
    return spool->len > 0;
}

bool yk_spool_is_full(const struct yk_spool *spool)
{
    return spool->len >= CAPACITY / 2;
}

static void on_written(uv_fs_t *write)
{
    struct yk_spool *spool = write->data;
    ssize_t n = write->result;
    uv_fs_req_cleanup(write);
    if (n > 0) {
        spool->written += (size_t)n;
        if (spool->written < spool->len) {
            yk_spool_write(spool);
            return;
        }
    }
    spool->len = spool->written = 0;
    spool->on_empty(spool->data, n < 0 ? (int)n : n > 0 ? 0 : -EIO);
}

void yk_spool_write(struct yk_spool *spool)
{
    uv_buf_t buf = uv_buf_init(spool->ptr + spool->written,
                               (unsigned)(spool->len - spool->written));
    /* It fails only for arguments that are not so. */
    uv_fs_write(yoke_loop(), &spool->write, spool->fd, &buf, 1,
                (int64_t)(spool->offset + spool->written), on_written);
}
