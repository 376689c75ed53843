#include "store/lmdb_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "store/hub.h"
#include "store/url.h"

#include "core/banned.h"

#define FIRST_MAP_SIZE ((uint64_t)16 << 20)
/* As many processes, at least, as a cluster can have workers. */
#define READERS_MAX    2048
/* Where the first page of an LMDB file says that it is one. */
#define MAGIC_OFFSET   16
#define MAGIC          0xBEEFC0DEu
/* Pages at the end that a transaction has claimed and not written. */
#define SLACK_PAGES    64
/* What says that the records in it are a store's, of this layout. */
#define MARK_KEY       "m"
#define MARK           "yoke store 1"
#define KEEPER_BYTE    1
#define HUB_BYTE       2
#define MARK_TRIES     200
#define MARK_PAUSE_NS  10000000

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

static int fail(const char *path, int code, const char *doing, char *why)
{
    int err = code > 0 ? -code : -EBADMSG;
    return yk_store_why(why, err, "%s: cannot be %s: %s", path, doing,
                        yk_lmdb.mdb_strerror(code));
}

static int refuse(const char *path, const char *what, char *why)
{
    return yk_store_why(why, -EBADMSG, "%.150s: %s; it has been left as it is",
                        path, what);
}

/* ---- What is in the file ---- */

/* Before LMDB sees it: an empty file becomes a store, another has to be one of
 * LMDB's. */
static int check_head(const char *path, int fd, char *why)
{
    struct {
        char page_head[MAGIC_OFFSET];
        uint32_t magic, version;
    } head;
    ssize_t n = pread(fd, &head, sizeof(head), 0);

    if (n < 0)
        return yk_store_why(why, -errno, "%.150s: %s", path,
                            yoke_strerror(-errno));
    if (n == 0)
        return 0;
    if (n < (ssize_t)sizeof(head) || head.magic != MAGIC)
        return refuse(path, "is not a store's file", why);
    return 0;
}

/* A read beyond the file's end would be a signal, not an error. */
static int check_length(struct yk_lmdb_file *file, char *why)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;

    yk_lmdb.mdb_env_info(file->env, &info);
    yk_lmdb.mdb_env_stat(file->env, &stat);
    if (fstat(file->fd, &st) < 0)
        return fail(file->path, errno, "looked at", why);
    uint64_t wanted = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    uint64_t there = (uint64_t)st.st_size;
    if (there + (uint64_t)SLACK_PAGES * stat.ms_psize < wanted)
        return refuse(file->path, "is broken: its end is missing", why);
    if (there < wanted && ftruncate(file->fd, (off_t)wanted) < 0)
        return fail(file->path, errno, "extended", why);
    return 0;
}

/* The mark is there, or nothing is. */
static int check_mark(struct yk_lmdb_file *file, MDB_txn *txn, bool *ret_is_new,
                      char *why)
{
    char name[] = MARK_KEY;
    MDB_val key = {sizeof(name), name}, value;
    MDB_stat stat;
    int code = yk_lmdb.mdb_get(txn, file->dbi, &key, &value);

    *ret_is_new = false;
    if (code == 0 && value.mv_size == sizeof(MARK) &&
        memcmp(value.mv_data, MARK, sizeof(MARK)) == 0)
        return 0;
    if (code == 0)
        return refuse(file->path, "is a store of another version", why);
    if (code == MDB_NOTFOUND)
        code = yk_lmdb.mdb_stat(txn, file->dbi, &stat);
    if (code != 0)
        return fail(file->path, code, "read", why);
    if (stat.ms_entries > 0)
        return refuse(file->path, "is a file of LMDB's, but no store", why);
    *ret_is_new = true;
    return 0;
}

static int write_mark(struct yk_lmdb_file *file, char *why)
{
    char name[] = MARK_KEY, text[] = MARK;
    MDB_val key = {sizeof(name), name};
    MDB_val value = {sizeof(text), text};
    MDB_txn *txn;
    int code = yk_lmdb.mdb_txn_begin(file->env, NULL, 0, &txn);

    if (code != 0)
        return fail(file->path, code, "written to", why);
    code = yk_lmdb.mdb_put(txn, file->dbi, &key, &value, 0);
    if (code != 0)
        yk_lmdb.mdb_txn_abort(txn);
    else
        code = yk_lmdb.mdb_txn_commit(txn);
    return code != 0 ? fail(file->path, code, "written to", why) : 0;
}

/* A new file is marked by whoever gets the guard; others may do it, too. Opening
 * may wait for a moment. */
static int mark(struct yk_lmdb_file *file, char *why)
{
    struct timespec pause = {.tv_nsec = MARK_PAUSE_NS};
    int tries = MARK_TRIES;

    while (!yk_lmdb_guard_try(&file->guard)) {
        if (tries-- == 0)
            return yk_store_why(why, -EAGAIN,
                                "%.150s: another process does "
                                "not let go of it",
                                file->path);
        nanosleep(&pause, NULL);
    }
    int err = write_mark(file, why);
    yk_lmdb_guard_leave(&file->guard);
    return err;
}

/* Eight bytes of a key, in no order: good for whether they are the same. */
static uint64_t eight_bytes(const char *ptr)
{
    uint64_t bytes;
    memcpy(&bytes, ptr, sizeof(bytes));
    return bytes;
}

static int compare_eight(uint64_t x, uint64_t y)
{
    return be64toh(x) < be64toh(y) ? -1 : 1;
}

static int compare_lens(const MDB_val *a, const MDB_val *b)
{
    return (a->mv_size > b->mv_size) - (a->mv_size < b->mv_size);
}

/* Out of line, so that what is common needs no stack. */
__attribute__((noinline)) static int compare_short(const MDB_val *a,
                                                   const MDB_val *b, size_t len)
{
    int order = memcmp(a->mv_data, b->mv_data, len);
    return order ? order : compare_lens(a, b);
}

/* The order that LMDB has by itself, so that every program has it; but LMDB asks
 * memcmp for each of the ten keys or so on the way to one. Here it is eight bytes
 * at a time, the last eight of which may be some of those before them, which are
 * the same. */
static int compare_keys(const MDB_val *a, const MDB_val *b)
{
    size_t len = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
    const char *x = a->mv_data, *y = b->mv_data;

    if (len < sizeof(uint64_t))
        return compare_short(a, b, len);
    size_t last = len - sizeof(uint64_t);
    for (size_t at = 0; at < last; at += sizeof(uint64_t))
        if (eight_bytes(x + at) != eight_bytes(y + at))
            return compare_eight(eight_bytes(x + at), eight_bytes(y + at));
    if (eight_bytes(x + last) != eight_bytes(y + last))
        return compare_eight(eight_bytes(x + last), eight_bytes(y + last));
    return compare_lens(a, b);
}

/* The reader's transaction is the first, and opens the database in it. */
static int check_content(struct yk_lmdb_file *file, char *why)
{
    bool is_new;
    int code =
        yk_lmdb.mdb_txn_begin(file->env, NULL, MDB_RDONLY, &file->reader);

    if (code == MDB_READERS_FULL) {
        yk_lmdb.mdb_reader_check(file->env, NULL);
        code =
            yk_lmdb.mdb_txn_begin(file->env, NULL, MDB_RDONLY, &file->reader);
    }
    if (code != 0)
        return fail(file->path, code, "read", why);
    code = yk_lmdb.mdb_dbi_open(file->reader, NULL, 0, &file->dbi);
    if (code == 0)
        code = yk_lmdb.mdb_set_compare(file->reader, file->dbi, compare_keys);
    if (code != 0)
        return fail(file->path, code, "read", why);
    int err = check_mark(file, file->reader, &is_new, why);
    yk_lmdb_end_read(file);
    return err == 0 && is_new ? mark(file, why) : err;
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
        return fail(file->path, code, "opened", why);
    if (file->options.sync != YK_LMDB_COMMIT)
        flags |= MDB_NOSYNC;
    file->map_size = FIRST_MAP_SIZE < file->options.max_size
                         ? FIRST_MAP_SIZE
                         : file->options.max_size;
    yk_lmdb.mdb_env_set_mapsize(file->env, file->map_size);
    yk_lmdb.mdb_env_set_maxreaders(file->env, READERS_MAX);
    code = yk_lmdb.mdb_env_open(file->env, file->path, flags, 0600);
    if (code == MDB_INVALID || code == MDB_VERSION_MISMATCH)
        return refuse(file->path, "is broken", why);
    return code != 0 ? fail(file->path, code, "opened", why) : 0;
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
    int err = check_head(path, fd, why);
    if (err == 0)
        err = yk_lmdb_guard_open(&file->guard, path, why);
    if (err == 0)
        err = open_env(file, why);
    if (err == 0)
        err = open_lock(file, why);
    if (err == 0)
        err = check_length(file, why);
    if (err == 0)
        err = check_content(file, why);
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
