#include "http/exchange.h"

#include <errno.h>

#include <yoke/error.h>

#include "http/date.h"

int64_t yk_exchange_now(const struct yk_exchange *x)
{
    return x->clock ? x->clock->wall_s(x->clock->data) : yk_http_now();
}

int yk_exchange_read(struct yk_exchange *x)
{
    if (x->body_state != YK_READ_NOT_STARTED)
        return -EALREADY;
    x->body_state = YK_READ_STARTED;
    x->ops->read(x);
    return 0;
}

void yk_exchange_pause(struct yk_exchange *x)
{
    x->is_paused = true;
}

void yk_exchange_resume(struct yk_exchange *x)
{
    if (!x->is_paused)
        return;
    x->is_paused = false;
    x->ops->resume(x);
}

int yk_exchange_inform(struct yk_exchange *x, int status,
                       const struct yk_headers *headers)
{
    if (x->is_ended || x->is_head_sent)
        return -YOKE_EANSWERED;
    if (x->is_aborted)
        return -YOKE_ECLOSED;
    return x->ops->inform(x, status, headers);
}

int yk_exchange_send(struct yk_exchange *x, const void *ptr, size_t len)
{
    if (x->is_ended || x->is_head_sent)
        return -YOKE_EANSWERED;
    return x->ops->send(x, ptr, len);
}

ssize_t yk_exchange_write(struct yk_exchange *x, const void *ptr, size_t len)
{
    if (x->is_ended || x->has_left)
        return -YOKE_EANSWERED;
    if (x->is_aborted)
        return -YOKE_ECLOSED;
    /* What a body cannot be sent of is counted all the same, so that HEAD
     * keeps the promise that GET would. */
    if (x->content_length >= 0 &&
        len > (uint64_t)x->content_length - x->body_len)
        return -YOKE_ELENGTH;
    return x->ops->write(x, ptr, len);
}

int yk_exchange_send_file(struct yk_exchange *x, int fd, uint64_t off,
                          uint64_t len)
{
    if (x->is_ended || x->is_head_sent)
        return -YOKE_EANSWERED;
    if (x->is_aborted)
        return -YOKE_ECLOSED;
    return x->ops->send_file(x, fd, off, len);
}

void yk_exchange_set_timer(struct yk_exchange *x, uint64_t ms)
{
    if (!x->is_ended && !x->is_aborted)
        x->ops->set_timer(x, ms);
}

int yk_exchange_end(struct yk_exchange *x)
{
    if (x->is_ended)
        return -YOKE_EANSWERED;
    return x->ops->end(x);
}

void yk_exchange_leave(struct yk_exchange *x)
{
    if (x->is_ended || x->is_aborted || x->has_left || !x->is_head_sent)
        return;
    x->ops->leave(x);
    x->has_left = true;
}

void yk_exchange_ask_stop(struct yk_exchange *x)
{
    x->is_stop_told = false;
}

void yk_exchange_cut(struct yk_exchange *x)
{
    if (!x->is_ended)
        x->ops->cut(x);
}
