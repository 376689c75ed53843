#include "cluster/birth.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "cluster/channel.h"
#include "cluster/settings.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"

static void write_request(struct yk_birth *birth, int cpu)
{
    const struct yoke_worker *worker = birth->worker;

    birth->request = (struct yk_message_fork){
        .id = worker->id,
        .slot = worker->slot,
        .generation = worker->generation,
        .is_on_trial = worker->is_on_trial,
        .cpu = cpu,
        .parent = getpid(),
        .stdio_count = (uint32_t)birth->stdio.count,
    };
    for (int i = 0; i < birth->stdio.count; i++)
        if (birth->stdio.fds[i] >= 0)
            birth->request.stdio |= 1u << i;
}

int yk_birth_new(struct yoke_worker *worker, int cpu, int channel_fd,
                 struct yk_birth **ret)
{
    YK_CLEANUP(yk_close_fd) int fd = channel_fd;
    struct yk_birth *birth = yk_try_alloc(sizeof(*birth));

    if (!birth)
        return -ENOMEM;
    *birth = (struct yk_birth){.worker = worker, .channel_fd = -1};
    yk_list_init(&birth->node);
    yk_later_init(&birth->cancelling, NULL);
    int err = yk_stdio_open(worker, &worker->settings->values, &birth->stdio);
    if (err < 0) {
        free(birth);
        return err;
    }
    birth->channel_fd = yk_take_fd(&fd);
    write_request(birth, cpu);
    *ret = birth;
    return 0;
}

static void let_go(struct yk_birth *birth)
{
    yk_close_fd(&birth->channel_fd);
    yk_stdio_given_close(&birth->stdio);
}

void yk_birth_free(struct yk_birth *birth)
{
    if (!birth)
        return;
    yk_list_remove(&birth->node);
    yk_later_stop(&birth->cancelling);
    let_go(birth);
    free(birth);
}

int yk_birth_ask(struct yk_birth *birth, struct yk_channel *channel)
{
    int fds[1 + YOKE_STDIO_MAX] = {birth->channel_fd};
    int count = 1;

    for (int i = 0; i < birth->stdio.count; i++)
        if (birth->stdio.fds[i] >= 0)
            fds[count++] = birth->stdio.fds[i];
    int err = yk_channel_try_send(channel, YK_MESSAGE_FORK, &birth->request,
                                  sizeof(birth->request), fds, count);
    if (err < 0)
        return err;
    birth->is_asked = true;
    let_go(birth);
    return 0;
}
