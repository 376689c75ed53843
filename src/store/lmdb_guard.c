#include "store/lmdb_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/cleanup.h"
#include "store/url.h"

#include "core/banned.h"

#define PAGE_LEN 4096
/* For as long as somebody else makes it: two seconds. */
#define TRIES    2000
#define PAUSE_NS 1000000
/* What is in the file; with the size of a mutex, which 32-bit programs and other
 * libraries have another of. */
#define KIND     (0x596b4701u ^ (uint32_t)sizeof(pthread_mutex_t) << 8)

struct yk_lmdb_guard_page {
    _Atomic uint32_t kind; /* 0: it is not ready. */
    uint32_t unused;
    pthread_mutex_t mutex;
};

/* ---- The mutex ---- */

static int init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    int err = pthread_mutexattr_init(&attr);

    if (err != 0)
        return -err;
    err = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (err == 0)
        err = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    if (err == 0)
        err = pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return -err;
}

bool yk_lmdb_guard_try(struct yk_lmdb_guard *guard)
{
    pthread_mutex_t *mutex = &guard->page->mutex;
    int err = pthread_mutex_trylock(mutex);

    /* Its owner has died: now it is ours. */
    if (err == EOWNERDEAD)
        err = pthread_mutex_consistent(mutex);
    return err == 0;
}

void yk_lmdb_guard_leave(struct yk_lmdb_guard *guard)
{
    pthread_mutex_unlock(&guard->page->mutex);
}

/* ---- Its file ---- */

static bool lock(int fd, short type)
{
    struct flock what = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &what) == 0;
}

static int map(struct yk_lmdb_guard *guard)
{
    void *page =
        mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, guard->fd, 0);

    if (page == MAP_FAILED)
        return -errno;
    guard->page = page;
    return 0;
}

/* Nobody else has it. Its room is claimed on disk first: a mapped page that
 * finds none is a signal, not an error. */
static int make(struct yk_lmdb_guard *guard)
{
    int err;

    do
        err = -posix_fallocate(guard->fd, 0, PAGE_LEN);
    while (err == -EINTR);
    if (err == 0)
        err = map(guard);
    if (err < 0)
        return err;
    atomic_store(&guard->page->kind, 0);
    err = init_mutex(&guard->page->mutex);
    if (err < 0)
        return err;
    atomic_store(&guard->page->kind, KIND);
    return lock(guard->fd, F_RDLCK) ? 0 : -errno;
}

/* Others have it. -EAGAIN: it is not ready, for who made it has died. */
static int join(struct yk_lmdb_guard *guard)
{
    struct stat st;

    if (fstat(guard->fd, &st) < 0)
        return -errno;
    int err = st.st_size < PAGE_LEN ? -EAGAIN : map(guard);
    if (err < 0)
        return err;
    uint32_t kind = atomic_load(&guard->page->kind);
    if (kind == KIND)
        return 0;
    return kind == 0 ? -EAGAIN : -EBUSY;
}

static void unmap(struct yk_lmdb_guard *guard)
{
    if (guard->page)
        munmap(guard->page, PAGE_LEN);
    guard->page = NULL;
}

/* -EAGAIN: it is just being made. */
static int try_open(struct yk_lmdb_guard *guard)
{
    int err = -EAGAIN;

    if (lock(guard->fd, F_WRLCK))
        err = make(guard);
    else if (lock(guard->fd, F_RDLCK))
        err = join(guard);
    if (err == 0)
        return 0;
    unmap(guard);
    lock(guard->fd, F_UNLCK);
    return err;
}

static int open_or_wait(struct yk_lmdb_guard *guard)
{
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    int err = try_open(guard);

    for (int i = 0; err == -EAGAIN && i < TRIES; i++) {
        nanosleep(&pause, NULL);
        err = try_open(guard);
    }
    return err;
}

static const char *text_of(int err)
{
    if (err == -EAGAIN)
        return "another process does not let go of it";
    if (err == -EBUSY)
        return "it is in use by programs of another kind";
    return yoke_strerror(err);
}

int yk_lmdb_guard_open(struct yk_lmdb_guard *guard, const char *path, char *why)
{
    char name[PATH_MAX];
    int len = snprintf(name, sizeof(name), "%s-guard", path);

    *guard = (struct yk_lmdb_guard){.fd = -1};
    if (len < 0 || (size_t)len >= sizeof(name))
        return yk_store_why(why, -ENAMETOOLONG, "%.150s: the path is too long",
                            path);
    guard->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    int err = guard->fd < 0 ? -errno : open_or_wait(guard);
    if (err == 0)
        return 0;
    yk_lmdb_guard_close(guard);
    return yk_store_why(why, err, "%.150s-guard: %s", path, text_of(err));
}

void yk_lmdb_guard_close(struct yk_lmdb_guard *guard)
{
    unmap(guard);
    yk_close_fd(&guard->fd);
}
