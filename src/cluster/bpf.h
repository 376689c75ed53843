/* Programs and maps in the kernel: the few calls of bpf(2) that schedulers
 * need. By the system call itself, for a loader of object files would be most
 * of what the primary keeps in memory, and there are none to load.
 *
 * All of it needs CAP_BPF and Linux 5.14. Where yoke was built without it
 * (-Dbpf=disabled), every call returns -EOPNOTSUPP. Descriptors are
 * close-on-exec and the caller's. */
#ifndef YK_CLUSTER_BPF_H
#define YK_CLUSTER_BPF_H

#include <stddef.h>
#include <stdint.h>

struct bpf_insn;

/* Room for an error in words. */
#define YK_BPF_TEXT_MAX 256

/* Makes memory that a program shares with whoever maps the descriptor: an array
 * of `count` elements of `size` bytes, a multiple of 8, all zero. Returns 0 or
 * -errno. */
int yk_bpf_memory_create(const char *name, size_t size, size_t count,
                         int *ret_fd);

/* Makes an array for up to `max` sockets of SO_REUSEPORT groups; sets a place
 * in it to a listening socket, which leaves it again when it is closed. Returns
 * 0 or -errno. */
int yk_bpf_sockets_create(const char *name, uint32_t max, int *ret_fd);
int yk_bpf_sockets_set(int sockets, uint32_t index, int fd);

/* Loads a program that chooses a member of such a group, also when one is
 * closed and its queue needs another. Returns 0; or a negative code, with the
 * reason in words: what is missing, or the verifier's last line. */
int yk_bpf_program_load(const char *name, const struct bpf_insn *insns,
                        size_t count, char text[YK_BPF_TEXT_MAX], int *ret_fd);

/* In words, why a call has failed. */
void yk_bpf_say_why(int err, char text[YK_BPF_TEXT_MAX]);

#endif
