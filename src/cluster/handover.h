/* What a primary hands over to the one that takes its place: a document in
 * JSON, in a file in memory, and descriptors that stay open over execve(2).
 *
 *   old:  init, fill in, keep(fd) ... seal ---> pass ---> execve
 *   new:  load ---> take_fd ...
 *
 * The document names descriptors by their numbers, which exec does not change.
 * LAYOUT counts every change of what is in it; a primary takes over nothing
 * that has another. The memory that is shared with workers (board.h, loads.h)
 * and the language of the channel (message.h) have to be the same as well. */
#ifndef YK_CLUSTER_HANDOVER_H
#define YK_CLUSTER_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#define YK_HANDOVER_LAYOUT   2
/* Room for what is wrong with one, in words. */
#define YK_HANDOVER_TEXT_MAX 256

struct yk_handover {
    json_t *root;
    int *fds; /* That are to stay open; borrowed. */
    size_t count, room;
    bool is_short; /* No memory: it cannot be sealed. */
};

/* Begins one. Returns 0 or -ENOMEM. */
int yk_handover_init(struct yk_handover *handover);

void yk_handover_done(struct yk_handover *handover);

/* The descriptor is to stay open; -1 is none. Returns what stands for it in the
 * document, the caller's. */
json_t *yk_handover_keep(struct yk_handover *handover, int fd);

/* Writes the document into a file in memory, which stays open as well; the
 * descriptor is the caller's. Returns 0, or -errno. */
int yk_handover_seal(struct yk_handover *handover, int *ret_fd);

/* From here on the descriptors stay open over exec, or no longer do. */
void yk_handover_pass(const struct yk_handover *handover, bool passes);

/* Reads a document; it is the caller's. The descriptor stays his. Returns 0; or
 * -EPROTO, with what is wrong with it in words. */
int yk_handover_load(int fd, json_t **ret_root,
                     char text[YK_HANDOVER_TEXT_MAX]);

/* The descriptor of that name, which is the caller's and close-on-exec from
 * here on; -1: there is none. */
int yk_handover_take_fd(const json_t *object, const char *name);

/* The integer of that name; 0: there is none. */
json_int_t yk_handover_int(const json_t *object, const char *name);

/* The string of that name; "": there is none. Borrowed. */
const char *yk_handover_text(const json_t *object, const char *name);

#endif
