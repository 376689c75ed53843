#include "cluster/haven.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cluster/control.h"
#include "cluster/runtime_dir.h"
#include "core/cleanup.h"

#include "core/banned.h"

static int folder(void)
{
    return yk_control_folder();
}

static int set_address(struct sockaddr_un *addr, const char *file)
{
    char path[YK_RUNTIME_PATH_MAX];

    *addr = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (folder() < 0)
        return -ENOENT;
    snprintf(addr->sun_path, sizeof(addr->sun_path), "%s",
             yk_runtime_path(folder(), file, path));
    return 0;
}

static void name_of(int id, char out[32])
{
    snprintf(out, 32, YK_HAVEN_PREFIX "%d", id);
}

int yk_haven_open(int id)
{
    char file[32];

    if (folder() < 0)
        return -ENOENT;
    name_of(id, file);
    return yk_runtime_listen(folder(), file, SOCK_SEQPACKET, 1);
}

void yk_haven_remove(int id)
{
    char file[32];

    name_of(id, file);
    if (folder() >= 0)
        unlinkat(folder(), file, 0);
}

int yk_haven_connect(const char *file)
{
    struct sockaddr_un addr;
    int on = 1;
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || set_address(&addr, file) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
        connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
        return -1;
    return yk_take_fd(&fd);
}

void yk_haven_each(void (*fn)(const char *file, void *data), void *data)
{
    if (folder() >= 0)
        yk_runtime_each_haven(folder(), fn, data);
}

void yk_haven_unlink(const char *file)
{
    unlinkat(folder(), file, 0);
}
