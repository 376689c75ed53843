#include "store/lmdb_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "store/hub.h"
#include "store/lmdb_content.h"
#include "store/url.h"

#include "core/banned.h"

#define FIRST_MAP_SIZE ((uint64_t)16 << 20)
/* As many processes, at least, as a cluster can have workers. */
#define READERS_MAX    2048
#define KEEPER_BYTE    1
#define HUB_BYTE       2

/* The files that this process has open. Written by yk_lmdb_open and _close. */
static struct yk_list files = {&files, &files};

/* ---- Locks ---- */

static bool lock_byte(int fd, off_t byte, short type)
{
    struct flock what = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &what) == 0;
}

bool yk_lmdb_is_keeper(struct yk_lmdb_file *file)
{
    return lock_byte(file->fd, KEEPER_BYTE, F_WRLCK);
}

void yk_lmdb_try_hub(struct yk_lmdb_file *file, const char *path)
{
    if (file->hub || !lock_byte(file->fd, HUB_BYTE, F_WRLCK))
        return;
    file->hub = yk_hub_open(path);
    if (file->hub)
        return;
    yoke_log(YOKE_LOG_WARN, "store: %s has no channels: %s", file->path,
             yoke_strerror(-errno));
    lock_byte(file->fd, HUB_BYTE, F_UNLCK);
}

/* ---- Whether it is still there ---- */

/* A path that leads nowhere says nothing: the process may have another root by
 * now. */
static bool is_gone(int fd, const char *path, const char *ending)
{
    char name[PATH_MAX];
    struct stat own, there;

    if (fstat(fd, &own) < 0)
        return false;
    if (own.st_nlink == 0)
        return true;
    snprintf(name, sizeof(name), "%s%s", path, ending);
    return stat(name, &there) == 0 &&
           (there.st_dev != own.st_dev || there.st_ino != own.st_ino);
}

bool yk_lmdb_look(struct yk_lmdb_file *file)
{
    if (!file->is_lost)
        file->is_lost = is_gone(file->fd, file->path, "") ||
                        is_gone(file->lock_fd, file->path, "-lock") ||
                        is_gone(file->guard.fd, file->path, "-guard");
    return !file->is_lost;
}

/* LMDB has locks on it, which this process would lose by closing another
 * descriptor of it, unless that is good for nothing. */
static int open_lock(struct yk_lmdb_file *file, char *why)
{
    char name[PATH_MAX];

    snprintf(name, sizeof(name), "%s-lock", file->path);
    file->lock_fd = open(name, O_PATH | O_CLOEXEC);
    return file->lock_fd < 0 ? yk_store_why(why, -errno, "%.150s-lock: %s",
                                            file->path, yoke_strerror(-errno))
                             : 0;
}

/* ---- Errors ---- */

int yk_lmdb_error(int code, const char **ret_text)
{
    *ret_text = NULL;
    switch (code) {
    case 0:
        return 0;
    case MDB_NOTFOUND:
        return -ENOENT;
    case MDB_MAP_FULL:
        *ret_text = "the store has reached its max_size";
        break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        *ret_text = "the disk is full";
        break;
    case EIO: /* LMDB says so, too, when only a part has been written. */
        *ret_text = "the disk is full, or fails";
        break;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_PANIC:
        *ret_text = "the store's file is broken";
        break;
    case MDB_READERS_FULL:
        *ret_text = "too many processes have the store's file open";
        break;
    default:
        *ret_text = yk_lmdb.mdb_strerror(code);
    }
    return -YOKE_EUNAVAILABLE;
}

/* ---- Opening ---- */

static struct yk_lmdb_file *find_open(dev_t dev, ino_t ino)
{
    YK_LIST_EACH(node, &files)
    {
        struct yk_lmdb_file *file =
            YK_CONTAINER_OF(node, struct yk_lmdb_file, node);
        if (file->dev == dev && file->ino == ino)
            return file;
    }
    return NULL;
}

static int open_env(struct yk_lmdb_file *file, char *why)
{
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
    int code = yk_lmdb.mdb_env_create(&file->env);

    if (code != 0)
        return yk_lmdb_fail(file->path, code, "opened", why);
    if (file->options.sync != YK_LMDB_COMMIT)
        flags |= MDB_NOSYNC;
    file->map_size = FIRST_MAP_SIZE < file->options.max_size
                         ? FIRST_MAP_SIZE
                         : file->options.max_size;
    yk_lmdb.mdb_env_set_mapsize(file->env, file->map_size);
    yk_lmdb.mdb_env_set_maxreaders(file->env, READERS_MAX);
    code = yk_lmdb.mdb_env_open(file->env, file->path, flags, 0600);
    if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH)
        return yk_lmdb_refuse(file->path, "is broken", why);
    return code != 0 ? yk_lmdb_fail(file->path, code, "opened", why) : 0;
}

static void free_file(struct yk_lmdb_file *file)
{
    yk_list_remove(&file->node);
    yk_hub_close(file->hub);
    if (file->reader)
        yk_lmdb.mdb_txn_abort(file->reader);
    if (file->env)
        yk_lmdb.mdb_env_close(file->env);
    yk_lmdb_guard_close(&file->guard);
    yk_close_fd(&file->lock_fd);
    yk_close_fd(&file->fd);
    free(file->path);
    free(file);
}

/* `fd` is taken over. */
static int open_new(const char *path, int fd, const struct stat *st,
                    const struct yk_lmdb_options *options,
                    struct yk_lmdb_file **ret_file, char *why)
{
    struct yk_lmdb_file *file = yk_alloc(sizeof(*file));
    MDB_envinfo info;

    *file = (struct yk_lmdb_file){
        .users = 1,
        .path = yk_strdup(path),
        .dev = st->st_dev,
        .ino = st->st_ino,
        .options = *options,
        .fd = fd,
        .lock_fd = -1,
        .guard.fd = -1,
    };
    yk_list_init(&file->node);
    int err = yk_lmdb_check_head(path, fd, why);
    if (err == 0)
        err = yk_lmdb_guard_open(&file->guard, path, why);
    if (err == 0)
        err = open_env(file, why);
    if (err == 0)
        err = open_lock(file, why);
    if (err == 0)
        err = yk_lmdb_check_length(file, why);
    if (err == 0)
        err = yk_lmdb_open_content(file, why);
    if (err < 0) {
        free_file(file);
        return err;
    }
    yk_lmdb.mdb_env_info(file->env, &info);
    file->map_size = info.me_mapsize;
    yk_list_add(&files, &file->node);
    *ret_file = file;
    return 0;
}

static int share(struct yk_lmdb_file *file,
                 const struct yk_lmdb_options *options, char *why)
{
    if (!yk_lmdb_look(file))
        return yk_store_why(why, -ESTALE,
                            "%.120s: its -lock or -guard has been removed or "
                            "replaced while this process has it open",
                            file->path);
    if (file->options.sync != options->sync ||
        file->options.max_size != options->max_size)
        return yk_store_why(why, -EBUSY,
                            "%.150s: is open in this process "
                            "already, with other options",
                            file->path);
    file->users++;
    return 0;
}

int yk_lmdb_open(const char *path, const struct yk_lmdb_options *options,
                 struct yk_lmdb_file **ret_file, char *why)
{
    struct stat st;
    YK_CLEANUP(yk_close_fd)
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

    if (fd < 0 || fstat(fd, &st) < 0)
        return yk_store_why(why, -errno, "%.150s: %s", path,
                            yoke_strerror(-errno));
    if (!S_ISREG(st.st_mode))
        return yk_store_why(why, -EINVAL, "%.150s: is not a file", path);
    struct yk_lmdb_file *file = find_open(st.st_dev, st.st_ino);
    if (!file)
        return open_new(path, yk_take_fd(&fd), &st, options, ret_file, why);
    int err = share(file, options, why);
    if (err == 0)
        *ret_file = file;
    return err;
}

void yk_lmdb_close(struct yk_lmdb_file *file)
{
    if (--file->users == 0)
        free_file(file);
}

/* ---- Reading and growing ---- */

int yk_lmdb_begin_read(struct yk_lmdb_file *file)
{
    return yk_lmdb.mdb_txn_renew(file->reader);
}

void yk_lmdb_end_read(struct yk_lmdb_file *file)
{
    yk_lmdb.mdb_txn_reset(file->reader);
}

int yk_lmdb_resize(struct yk_lmdb_file *file, int reason)
{
    uint64_t size = 0; /* What the file says. */
    MDB_envinfo info;

    if (reason == MDB_MAP_FULL) {
        if (file->map_size >= file->options.max_size)
            return MDB_MAP_FULL;
        size = file->map_size * 2;
        if (size > file->options.max_size)
            size = file->options.max_size;
    }
    int code = yk_lmdb.mdb_env_set_mapsize(file->env, size);
    yk_lmdb.mdb_env_info(file->env, &info);
    file->map_size = info.me_mapsize;
    return code;
}
