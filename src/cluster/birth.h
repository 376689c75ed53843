/* A birth: a worker that has been asked of a template, and has no process yet.
 *
 *   waiting ----> asked ----> born            the worker has a process
 *      |            |
 *      | cancelled  | the template could not, or has died
 *      v            v
 *   stillborn: the worker dies without having lived
 *
 * It holds the descriptors that the worker is to have until they have been
 * sent. */
#ifndef YK_CLUSTER_BIRTH_H
#define YK_CLUSTER_BIRTH_H

#include <stdbool.h>

#include "cluster/message.h"
#include "cluster/stdio.h"
#include "core/list.h"
#include "net/later.h"

struct yk_channel;
struct yk_template;
struct yoke_worker;

struct yk_birth {
    struct yk_list node; /* Among its template's. */
    struct yk_template *from;
    struct yoke_worker *worker;
    struct yk_message_fork request;
    struct yk_stdio_given stdio;
    int channel_fd; /* The worker's end. */
    bool is_asked;
    struct yk_later cancelling;
};

/* Opens what the worker needs. `cpu` is the only one that it runs on, or -1;
 * `channel_fd` is taken over, also on failure. Returns 0 or -errno. */
int yk_birth_new(struct yoke_worker *worker, int cpu, int channel_fd,
                 struct yk_birth **ret);

/* Closes what it holds. NULL is allowed. */
void yk_birth_free(struct yk_birth *birth);

/* Asks over the template's channel; from then on it holds nothing. Returns 0,
 * -EAGAIN or -YOKE_ECHANNEL, as yk_channel_try_send. */
int yk_birth_ask(struct yk_birth *birth, struct yk_channel *channel);

#endif
