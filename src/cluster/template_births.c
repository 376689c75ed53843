#include "cluster/template_births.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/birth.h"
#include "cluster/generation.h"
#include "cluster/life.h"
#include "cluster/output.h"
#include "cluster/primary.h"
#include "cluster/spawn.h"
#include "cluster/template.h"
#include "cluster/worker.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* ---- Their ends ---- */

static struct yk_birth *birth_of(struct yk_list *node)
{
    return YK_CONTAINER_OF(node, struct yk_birth, node);
}

static void end_birth(struct yk_birth *birth, pid_t pid, const siginfo_t *info,
                      const char *reason)
{
    struct yoke_worker *worker = birth->worker;

    yk_birth_free(birth);
    yk_primary_stillborn(worker, pid, info, reason);
}

/* What it said last explains what becomes of them. */
static void end_all(struct yk_template *one, struct yk_list *births)
{
    struct yk_list *node;

    while ((node = yk_list_take(births))) {
        struct yk_life *life = birth_of(node)->worker->life;
        if (life)
            yk_output_copy(&life->output, &one->output);
        end_birth(birth_of(node), one->pid, &one->end,
                  one->reason[0] ? one->reason : NULL);
    }
}

void yk_template_births_end(struct yk_template *one)
{
    end_all(one, &one->asked);
    end_all(one, &one->waiting);
}

static void cancel(struct yk_later *later)
{
    struct yk_birth *birth =
        YK_CONTAINER_OF(later, struct yk_birth, cancelling);
    const siginfo_t well = {.si_code = CLD_EXITED};

    if (!birth->is_asked)
        end_birth(birth, 0, &well, NULL);
}

/* Not from inside the call: the worker's life is to go on until it returns. */
static void cancel_soon(struct yk_birth *birth)
{
    birth->cancelling.fn = cancel;
    if (!birth->is_asked)
        yk_later_start(&birth->cancelling);
}

void yk_template_births_cancel(struct yk_template *one)
{
    YK_LIST_EACH(node, &one->waiting)
    cancel_soon(birth_of(node));
}

void yk_template_cancel(struct yoke_worker *worker)
{
    if (worker->birth)
        cancel_soon(worker->birth);
}

/* ---- Asking ---- */

void yk_template_births_send(struct yk_template *one)
{
    while (one->state == YK_TEMPLATE_READY &&
           !yk_list_is_empty(&one->waiting)) {
        struct yk_birth *birth = birth_of(one->waiting.next);
        if (yk_birth_ask(birth, &one->channel) < 0)
            return;
        yk_later_stop(&birth->cancelling);
        yk_list_remove(&birth->node);
        yk_list_add(&one->asked, &birth->node);
    }
}

void yk_template_ask(struct yk_template *from, struct yk_birth *birth)
{
    birth->from = from;
    birth->worker->birth = birth;
    yk_list_add(&from->waiting, &birth->node);
    yk_template_births_send(from);
}

/* ---- What comes of it ---- */

static struct yk_birth *find_asked(struct yk_template *one, int id)
{
    YK_LIST_EACH(node, &one->asked)
    if (birth_of(node)->worker->id == id)
        return birth_of(node);
    return NULL;
}

static void tell_failed(struct yk_template *one, struct yk_birth *birth,
                        int err)
{
    const siginfo_t failed = {.si_code = CLD_EXITED,
                              .si_status = YK_SPAWN_FAILED};
    char text[128];

    snprintf(text, sizeof(text), "its template cannot fork: %s",
             yoke_strerror(-err));
    if (!yk_primary_is_stopping())
        yoke_log(YOKE_LOG_WARN, "template %d of generation %u cannot fork: %s",
                 (int)one->pid, one->generation->number, yoke_strerror(-err));
    end_birth(birth, one->pid, &failed, text);
}

void yk_template_births_forked(struct yk_template *one,
                               const struct yk_packet *packet)
{
    const struct yk_message_forked *body = packet->body;
    struct yk_birth *birth =
        packet->len < sizeof(*body) ? NULL : find_asked(one, body->id);

    if (!birth)
        return;
    if (body->err || packet->fd_count < 1) {
        /* Without its descriptor it could not be told from another. */
        if (!body->err && body->pid > 0)
            kill(body->pid, SIGKILL);
        tell_failed(one, birth, body->err ? body->err : EMFILE);
        return;
    }
    struct yoke_worker *worker = birth->worker;
    pid_t pid = body->pid;
    yk_birth_free(birth);
    one->born++;
    yk_primary_born(worker, pid, yk_take_fd(&packet->fds[0]));
}
