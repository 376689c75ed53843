#include "cluster/bpf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yoke/error.h>

#ifndef YK_WITHOUT_BPF
#    include <linux/bpf.h>
#    include <sys/syscall.h>
#    include <unistd.h>
#endif

#include "core/banned.h"

/* Room for what the verifier has to say about a program that it refuses. */
#define VERIFIER_LOG_MAX 65536

void yk_bpf_say_why(int err, char text[YK_BPF_TEXT_MAX])
{
    const char *why = yoke_strerror(err);

    if (err == -EPERM || err == -EACCES)
        why = "it needs CAP_BPF";
    else if (err == -EINVAL || err == -ENOSYS)
        why = "it needs Linux 5.14";
    else if (err == -EOPNOTSUPP)
        why = "this yoke was built without BPF";
    snprintf(text, YK_BPF_TEXT_MAX, "%s", why);
}

#ifdef YK_WITHOUT_BPF

int yk_bpf_memory_create(const char *name, size_t size, size_t count,
                         int *ret_fd)
{
    (void)name;
    (void)size;
    (void)count;
    (void)ret_fd;
    return -EOPNOTSUPP;
}

int yk_bpf_sockets_create(const char *name, uint32_t max, int *ret_fd)
{
    (void)name;
    (void)max;
    (void)ret_fd;
    return -EOPNOTSUPP;
}

int yk_bpf_sockets_set(int sockets, uint32_t index, int fd)
{
    (void)sockets;
    (void)index;
    (void)fd;
    return -EOPNOTSUPP;
}

int yk_bpf_program_load(const char *name, const struct bpf_insn *insns,
                        size_t count, char text[YK_BPF_TEXT_MAX], int *ret_fd)
{
    (void)name;
    (void)insns;
    (void)count;
    (void)ret_fd;
    yk_bpf_say_why(-EOPNOTSUPP, text);
    return -EOPNOTSUPP;
}

#else

/* Everything that bpf(2) opens is close-on-exec. */
static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
    long n = syscall(SYS_bpf, command, attr, sizeof(*attr));

    return n < 0 ? -errno : (int)n;
}

static void set_name(char field[BPF_OBJ_NAME_LEN], const char *name)
{
    snprintf(field, BPF_OBJ_NAME_LEN, "%s", name);
}

static int create_map(union bpf_attr *attr, const char *name, int *ret_fd)
{
    set_name(attr->map_name, name);
    int fd = bpf(BPF_MAP_CREATE, attr);

    if (fd < 0)
        return fd;
    *ret_fd = fd;
    return 0;
}

int yk_bpf_memory_create(const char *name, size_t size, size_t count,
                         int *ret_fd)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
                           .key_size = sizeof(uint32_t),
                           .value_size = (uint32_t)size,
                           .max_entries = (uint32_t)count,
                           .map_flags = BPF_F_MMAPABLE};

    return create_map(&attr, name, ret_fd);
}

int yk_bpf_sockets_create(const char *name, uint32_t max, int *ret_fd)
{
    union bpf_attr attr = {.map_type = BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
                           .key_size = sizeof(uint32_t),
                           .value_size = sizeof(uint64_t),
                           .max_entries = max};

    return create_map(&attr, name, ret_fd);
}

int yk_bpf_sockets_set(int sockets, uint32_t index, int fd)
{
    uint64_t value = (uint64_t)fd;
    union bpf_attr attr = {.map_fd = (uint32_t)sockets,
                           .key = (uintptr_t)&index,
                           .value = (uintptr_t)&value};

    return bpf(BPF_MAP_UPDATE_ELEM, &attr);
}

/* The verifier's log ends with the complaint and a line of statistics. */
static void quote_verifier(char *log, char text[YK_BPF_TEXT_MAX])
{
    char *end = strstr(log, "\nprocessed ");

    if (end)
        *end = '\0';
    char *last = strrchr(log, '\n');
    snprintf(text, YK_BPF_TEXT_MAX, "the kernel refuses the program: %.200s",
             last ? last + 1 : log);
}

/* Loads it again, to hear what is wrong with it. */
static void ask_verifier(union bpf_attr *attr, char text[YK_BPF_TEXT_MAX])
{
    static char log[VERIFIER_LOG_MAX]; /* Written by this call alone. */

    log[0] = '\0';
    attr->log_level = 1;
    attr->log_size = sizeof(log);
    attr->log_buf = (uintptr_t)log;
    int fd = bpf(BPF_PROG_LOAD, attr);
    if (fd >= 0)
        close(fd);
    else if (log[0])
        quote_verifier(log, text);
}

int yk_bpf_program_load(const char *name, const struct bpf_insn *insns,
                        size_t count, char text[YK_BPF_TEXT_MAX], int *ret_fd)
{
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SK_REUSEPORT,
                           .expected_attach_type =
                               BPF_SK_REUSEPORT_SELECT_OR_MIGRATE,
                           .insns = (uintptr_t)insns,
                           .insn_cnt = (uint32_t)count,
                           .license = (uintptr_t) "MIT"};

    set_name(attr.prog_name, name);
    int fd = bpf(BPF_PROG_LOAD, &attr);
    if (fd >= 0) {
        *ret_fd = fd;
        return 0;
    }
    yk_bpf_say_why(fd, text);
    if (fd != -EPERM)
        ask_verifier(&attr, text);
    return fd;
}

#endif
