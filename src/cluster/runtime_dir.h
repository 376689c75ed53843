/* Where running clusters are found: a folder for each, by its name.
 *
 *     $YOKE_RUN_DIR, else as root /run/yoke, else $XDG_RUNTIME_DIR/yoke,
 *     else /tmp/yoke-UID
 *       |
 *       `-- NAME/            mode 0700
 *             lock           locked by the primary for as long as it lives
 *             control        its control socket (control.h), mode 0600
 *             worker-ID      a worker's haven (haven.h), if it has one
 *
 * Whether a cluster lives is what its lock says, which the kernel lets go of
 * when the primary ends, however it ends; what a dead one has left behind is
 * removed by whoever comes across it. The place must belong to this user, and
 * nobody else may be able to write there: else it is refused, for who owns the
 * folder speaks for the cluster. */
#ifndef YK_CLUSTER_RUNTIME_DIR_H
#define YK_CLUSTER_RUNTIME_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The longest name, without its NUL. */
#define YK_NAME_MAX         64
/* Room for an error in words. */
#define YK_RUNTIME_TEXT_MAX 512

/* A cluster's folder, held by this process. */
struct yk_runtime {
    char name[YK_NAME_MAX + 1];
    int dir_fd;  /* -1: none. */
    int lock_fd; /* -1: none. */
};

/* Letters, digits, `.`, `_` and `-`; at most 64; not beginning with `.`, and
 * not a number, which is a worker's. */
bool yk_runtime_is_name(const char *name);

/* The place of all folders, by the environment. Returns 0, -ENAMETOOLONG, or
 * -EINVAL when YOKE_RUN_DIR is no absolute path. */
int yk_runtime_base(char *out, size_t size);

/* Makes the folder and locks it. Returns 0; or a negative code, with what is
 * wrong in words in `text`: -EINVAL for a name that is none; -EADDRINUSE when a
 * cluster of that name is running; -EPERM when the place is not ours alone;
 * -errno. */
int yk_runtime_claim(struct yk_runtime *runtime, const char *name,
                     char text[YK_RUNTIME_TEXT_MAX]);

/* Removes the folder and what is in it. Harmless when none is held. */
void yk_runtime_release(struct yk_runtime *runtime);

/* Opens the folder of a running cluster; the descriptor is the caller's.
 * Returns 0; -ENOENT when none of that name is running; or as above. */
int yk_runtime_find(const char *name, int *ret_dir_fd,
                    char text[YK_RUNTIME_TEXT_MAX]);

/* Calls `fn` with the name of each running cluster, in order. Removes what dead
 * ones have left. Returns their number; 0 if the place does not exist; or a
 * negative code, with words, as above. */
int yk_runtime_each(void (*fn)(const char *name, void *data), void *data,
                    char text[YK_RUNTIME_TEXT_MAX]);

/* Calls `fn` with the name of each haven (haven.h) in the folder. */
#define YK_HAVEN_PREFIX "worker-"
void yk_runtime_each_haven(int dir_fd, void (*fn)(const char *file, void *data),
                           void *data);

/* A socket of that type (SOCK_STREAM ...) that listens in the folder, mode 0600;
 * what stands there under the name is replaced. Returns the descriptor, the
 * caller's; or -errno. */
int yk_runtime_listen(int dir_fd, const char *file, int type, int backlog);

/* A path to a file in a folder that is open, short enough for the address of a
 * socket however long the folder's own is. Returns `out`. */
#define YK_RUNTIME_PATH_MAX 64
const char *yk_runtime_path(int dir_fd, const char *file,
                            char out[YK_RUNTIME_PATH_MAX]);

#endif
