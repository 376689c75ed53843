#include "cluster/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <yoke/version.h>

#include "cluster/board.h"
#include "cluster/loads.h"
#include "cluster/message.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* Descriptors of the first array; it doubles. */
#define FIRST_ROOM 64

/* ---- Writing ---- */

int yk_handover_init(struct yk_handover *handover)
{
    *handover = (struct yk_handover){.fds = NULL};
    handover->root = json_pack(
        "{s:s, s:i, s:i, s:i, s:i}", "version", YOKE_VERSION, "layout",
        YK_HANDOVER_LAYOUT, "message", YK_MESSAGE_VERSION, "board",
        (int)sizeof(struct yk_board), "loads", (int)sizeof(struct yk_loads));
    return handover->root ? 0 : -ENOMEM;
}

void yk_handover_done(struct yk_handover *handover)
{
    json_decref(handover->root);
    free(handover->fds);
    *handover = (struct yk_handover){.fds = NULL};
}

static bool make_room(struct yk_handover *handover)
{
    size_t room = handover->room ? handover->room * 2 : FIRST_ROOM;

    if (handover->count < handover->room)
        return true;
    int *fds = yk_try_realloc(handover->fds, room * sizeof(*fds));
    if (!fds)
        return false;
    handover->fds = fds;
    handover->room = room;
    return true;
}

static void keep(struct yk_handover *handover, int fd)
{
    if (make_room(handover))
        handover->fds[handover->count++] = fd;
    else
        handover->is_short = true;
}

json_t *yk_handover_keep(struct yk_handover *handover, int fd)
{
    if (fd >= 0)
        keep(handover, fd);
    return json_integer(fd);
}

int yk_handover_seal(struct yk_handover *handover, int *ret_fd)
{
    YK_CLEANUP(yk_close_fd) int fd = memfd_create("yoke-state", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (json_dumpfd(handover->root, fd, JSON_COMPACT) < 0)
        return -ENOMEM;
    keep(handover, fd);
    if (handover->is_short)
        return -ENOMEM;
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

void yk_handover_pass(const struct yk_handover *handover, bool passes)
{
    for (size_t i = 0; i < handover->count; i++)
        fcntl(handover->fds[i], F_SETFD, passes ? 0 : FD_CLOEXEC);
}

/* ---- Reading ---- */

static int refuse(char text[YK_HANDOVER_TEXT_MAX], const char *what)
{
    snprintf(text, YK_HANDOVER_TEXT_MAX, "%s", what);
    return -EPROTO;
}

static bool is(const json_t *root, const char *name, size_t value)
{
    return yk_handover_int(root, name) == (json_int_t)value;
}

static int check(const json_t *root, char text[YK_HANDOVER_TEXT_MAX])
{
    if (is(root, "layout", YK_HANDOVER_LAYOUT) &&
        is(root, "message", YK_MESSAGE_VERSION) &&
        is(root, "board", sizeof(struct yk_board)) &&
        is(root, "loads", sizeof(struct yk_loads)))
        return 0;
    snprintf(text, YK_HANDOVER_TEXT_MAX,
             "version %s cannot take over the workers of version %.32s: stop "
             "it and start it anew",
             YOKE_VERSION, yk_handover_text(root, "version"));
    return -EPROTO;
}

int yk_handover_load(int fd, json_t **ret_root, char text[YK_HANDOVER_TEXT_MAX])
{
    json_error_t error;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return refuse(text, "what is to be taken over cannot be read");
    json_t *root = json_loadfd(fd, 0, &error);
    if (!root)
        return refuse(text, "what is to be taken over is no JSON");
    int err = check(root, text);
    if (err < 0) {
        json_decref(root);
        return err;
    }
    *ret_root = root;
    return 0;
}

int yk_handover_take_fd(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    json_int_t fd = json_is_integer(value) ? json_integer_value(value) : -1;

    if (fd <= STDERR_FILENO || fd > INT_MAX ||
        fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
        return -1;
    return (int)fd;
}

json_int_t yk_handover_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *yk_handover_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}
