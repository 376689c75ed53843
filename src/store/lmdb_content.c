#include "store/lmdb_content.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <yoke/error.h>

#include "store/lmdb_order.h"
#include "store/url.h"

#include "core/banned.h"

/* Where the first page of an LMDB file says that it is one. */
#define MAGIC_OFFSET  16
#define MAGIC         0xBEEFC0DEu
/* Pages at the end that a transaction has claimed and not written. */
#define SLACK_PAGES   64
/* What says that the records in it are a store's, of this layout. */
#define MARK_KEY      "m"
#define MARK          "yoke store 1"
#define MARK_TRIES    200
#define MARK_PAUSE_NS 10000000

int yk_lmdb_fail(const char *path, int code, const char *doing, char *why)
{
    int err = code > 0 ? -code : -EBADMSG;
    return yk_store_why(why, err, "%s: cannot be %s: %s", path, doing,
                        yk_lmdb.mdb_strerror(code));
}

int yk_lmdb_refuse(const char *path, const char *what, char *why)
{
    return yk_store_why(why, -EBADMSG, "%.150s: %s; it has been left as it is",
                        path, what);
}

int yk_lmdb_check_head(const char *path, int fd, char *why)
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
        return yk_lmdb_refuse(path, "is not a store's file", why);
    return 0;
}

int yk_lmdb_check_length(struct yk_lmdb_file *file, char *why)
{
    MDB_envinfo info;
    MDB_stat stat;
    struct stat st;

    yk_lmdb.mdb_env_info(file->env, &info);
    yk_lmdb.mdb_env_stat(file->env, &stat);
    if (fstat(file->fd, &st) < 0)
        return yk_lmdb_fail(file->path, errno, "looked at", why);
    uint64_t wanted = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize;
    uint64_t there = (uint64_t)st.st_size;
    if (there + (uint64_t)SLACK_PAGES * stat.ms_psize < wanted)
        return yk_lmdb_refuse(file->path, "is broken: its end is missing", why);
    if (there < wanted && ftruncate(file->fd, (off_t)wanted) < 0)
        return yk_lmdb_fail(file->path, errno, "extended", why);
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
        return yk_lmdb_refuse(file->path, "is a store of another version", why);
    if (code == MDB_NOTFOUND)
        code = yk_lmdb.mdb_stat(txn, file->dbi, &stat);
    if (code != 0)
        return yk_lmdb_fail(file->path, code, "read", why);
    if (stat.ms_entries > 0)
        return yk_lmdb_refuse(file->path, "is a file of LMDB's, but no store",
                              why);
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
        return yk_lmdb_fail(file->path, code, "written to", why);
    code = yk_lmdb.mdb_put(txn, file->dbi, &key, &value, 0);
    if (code != 0)
        yk_lmdb.mdb_txn_abort(txn);
    else
        code = yk_lmdb.mdb_txn_commit(txn);
    return code != 0 ? yk_lmdb_fail(file->path, code, "written to", why) : 0;
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

int yk_lmdb_open_content(struct yk_lmdb_file *file, char *why)
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
        return yk_lmdb_fail(file->path, code, "read", why);
    code = yk_lmdb.mdb_dbi_open(file->reader, NULL, 0, &file->dbi);
    if (code == 0)
        code = yk_lmdb.mdb_set_compare(file->reader, file->dbi,
                                       yk_lmdb_compare_keys);
    if (code != 0)
        return yk_lmdb_fail(file->path, code, "read", why);
    int err = check_mark(file, file->reader, &is_new, why);
    yk_lmdb_end_read(file);
    return err == 0 && is_new ? mark(file, why) : err;
}
