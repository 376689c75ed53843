#include "cluster/loads.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/bpf.h"
#include "core/cleanup.h"

#define SEALS         (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
/* More than this nobody has: what is beyond is rubbish. */
#define OPEN_MAX_SANE (1u << 28)

_Static_assert(sizeof(struct yk_load) == 64, "a cache line");
_Static_assert(sizeof(struct yk_loads) == 64 * (YK_SEATS_MAX + 1),
               "an array of cache lines");

static int map(int fd, struct yk_loads **ret_loads)
{
    void *ptr = mmap(NULL, sizeof(struct yk_loads), PROT_READ | PROT_WRITE,
                     MAP_SHARED, fd, 0);

    if (ptr == MAP_FAILED)
        return -errno;
    *ret_loads = ptr;
    return 0;
}

int yk_loads_create(struct yk_loads **ret_loads, int *ret_fd)
{
    YK_CLEANUP(yk_close_fd)
    int fd = memfd_create("yoke-loads", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, sizeof(struct yk_loads)) < 0 ||
        fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return -errno;
    int err = map(fd, ret_loads);
    if (err < 0)
        return err;
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

int yk_loads_create_for_kernel(struct yk_loads **ret_loads, int *ret_fd)
{
    YK_CLEANUP(yk_close_fd) int fd = -1;

    if (yk_bpf_memory_create("yoke_loads", sizeof(struct yk_load),
                             YK_SEATS_MAX + 1, &fd) < 0 ||
        map(fd, ret_loads) < 0)
        return yk_loads_create(ret_loads, ret_fd);
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

/* The kernel's own memory has no size to be seen; it refuses to map more than
 * there is. */
int yk_loads_map(int fd, struct yk_loads **ret_loads)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode) && st.st_size != sizeof(struct yk_loads))
        return -EINVAL;
    return map(fd, ret_loads);
}

void yk_loads_unmap(struct yk_loads *loads)
{
    if (loads)
        munmap(loads, sizeof(*loads));
}

static uint32_t get(const _Atomic uint32_t *field)
{
    return atomic_load_explicit(field, memory_order_relaxed);
}

static uint32_t sane(uint32_t count)
{
    return count < OPEN_MAX_SANE ? count : OPEN_MAX_SANE;
}

uint32_t yk_load_total(const struct yk_load *load)
{
    return sane(get(&load->open)) + sane(get(&load->coming));
}

static void look_at(const struct yk_load *load, uint64_t now_ns,
                    uint64_t stuck_ns, struct yk_others *others)
{
    uint64_t busy_ns = yk_load_busy_ns(load, now_ns);
    uint32_t total = yk_load_total(load);

    if (get(&load->state) != YK_SEAT_SERVES || busy_ns >= stuck_ns)
        return;
    others->count++;
    others->idle += busy_ns == 0;
    if (total < others->least)
        others->least = total;
}

void yk_loads_look(const struct yk_loads *loads, uint32_t own_seat,
                   uint64_t now_ns, uint64_t stuck_ns,
                   struct yk_others *ret_others)
{
    /* Where the last look ended; written here, on the loop's thread. */
    static uint32_t place;
    uint32_t limit = get(&loads->head.limit);
    struct yk_others others = {.least = UINT32_MAX};

    if (limit > YK_SEATS_MAX)
        limit = YK_SEATS_MAX;
    uint32_t count = limit < YK_OTHERS_MAX ? limit : YK_OTHERS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        place = place + 1 < limit ? place + 1 : 0;
        if (place != own_seat)
            look_at(&loads->seats[place], now_ns, stuck_ns, &others);
    }
    *ret_others = others;
}
