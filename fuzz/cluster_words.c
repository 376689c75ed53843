/* What a cluster reads of others: a worker's wish to listen; what the kernel says
 * about control groups and quotas; a piece of a message that a server of
 * PostgreSQL passes on. */
#include "fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/cgroup.h"
#include "cluster/cpus.h"
#include "cluster/request.h"
#include "store/postgres_piece.h"

#define AFFINITY 8

/* ---- A wish to listen ---- */

static void try_request(const uint8_t *data, size_t size)
{
    struct yk_listen_request request, again;
    char room[YK_PACKET_MAX];
    char *body = fuzz_copy((struct yk_slice){(const char *)data, size});
    int err = yk_listen_request_read(&request, body, size);
    MUST(err == 0 || err == -EBADMSG, "it is read or refused");
    if (err == 0 && size < sizeof(room)) {
        size_t len = yk_listen_request_write(&request, room, sizeof(room));
        MUST(len <= size, "what has been read is no longer when written");
        MUST(memcmp(room, body, len) == 0, "but the same");
        MUST(yk_listen_request_read(&again, room, len) == 0, "and read again");
        MUST(yk_listen_is_same(&request.listen, request.name, &again.listen,
                               again.name),
             "it is the same wish");
        for (size_t less = 0; less < len; less++)
            MUST(yk_listen_request_read(&again, room, less) == -EBADMSG,
                 "less of it is none");
    }
    free(body);
}

/* ---- Control groups: the file of groups, a blank line, a quota ---- */

static char folder[] = "/tmp/yoke-fuzz-XXXXXX", quota[64];

static void remove_files(void)
{
    unlink(quota);
    rmdir(folder);
}

static void make_folder(void)
{
    if (!mkdtemp(folder))
        abort();
    snprintf(quota, sizeof(quota), "%s/cpu.max", folder);
    atexit(remove_files);
}

static int write_file(const char *path, struct yk_slice text)
{
    FILE *file = fopen(path, "we");
    if (!file)
        abort();
    fwrite(text.ptr, 1, text.len, file);
    return fclose(file);
}

static void try_groups(struct yk_slice text)
{
    static char self[32];
    static int fd = -1;
    const struct yk_cgroup_roots roots = {.self = self, .mount = folder};
    const char *blank =
        text.len > 0 ? memmem(text.ptr, text.len, "\n\n", 2) : NULL;
    size_t len = blank ? (size_t)(blank - text.ptr) + 1 : text.len;
    if (fd < 0) {
        make_folder();
        fd = memfd_create("groups", MFD_CLOEXEC);
        snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
    }
    write_file(self, (struct yk_slice){text.ptr, len});
    write_file(quota, (struct yk_slice){text.ptr + len, text.len - len});
    int cpus = yk_cpus_limit(&roots, AFFINITY);
    MUST(cpus >= 1 && cpus <= AFFINITY, "there is a CPU, and no more than all");
}

/* ---- A piece of a message ---- */

static void try_piece(struct yk_slice text)
{
    static struct yk_pg_piece piece;
    char *copy = strndup(text.ptr, text.len);
    int err = yk_pg_piece_parse(&piece, copy);
    MUST(err == 0 || err == -EPROTO, "it is read or refused");
    if (err == 0)
        MUST(piece.len > 0 && piece.len <= YK_PG_PIECE &&
                 memchr(piece.id, '\0', sizeof(piece.id)),
             "it has its limits");
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yk_slice text = {(const char *)data, size};
    try_request(data, size);
    try_groups(text);
    try_piece(text);
    return 0;
}
