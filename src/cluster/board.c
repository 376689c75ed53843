#include "cluster/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "net/handoff.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int map(int fd, struct yk_board **ret_board)
{
    void *ptr = mmap(NULL, sizeof(struct yk_board), PROT_READ | PROT_WRITE,
                     MAP_SHARED, fd, 0);

    if (ptr == MAP_FAILED)
        return -errno;
    *ret_board = ptr;
    return 0;
}

int yk_board_create(struct yk_board **ret_board, int *ret_fd)
{
    YK_CLEANUP(yk_close_fd)
    int fd = memfd_create("yoke-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int err;

    if (fd < 0 || ftruncate(fd, sizeof(struct yk_board)) < 0 ||
        fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return -errno;
    err = map(fd, ret_board);
    if (err < 0)
        return err;
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

int yk_board_map(int fd, struct yk_board **ret_board)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size != sizeof(struct yk_board))
        return -EINVAL;
    return map(fd, ret_board);
}

void yk_board_unmap(struct yk_board *board)
{
    if (board)
        munmap(board, sizeof(*board));
}

void yk_board_own_all(struct yk_board *board)
{
    for (int i = 0; i < YK_BOARD_ENTRIES; i++) {
        struct yk_handoff handoff = {.word = &board->words[i]};
        handoff.generation = YK_HANDOFF_GENERATION(
            atomic_load_explicit(handoff.word, memory_order_acquire));
        yk_handoff_begin(&handoff);
    }
}
