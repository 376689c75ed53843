#include "store/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "net/vitals.h"
#include "store/forks.h"
#include "store/link_connect.h"
#include "store/link_tls.h"
#include "store/store.h"
#include "store/tls.h"

#include "core/banned.h"

#define PAUSE_MIN_MS 25
#define PAUSE_MAX_MS 1000
#define BEAT_MS      2500
#define INPUT_LEN    65536

/* What has been read, for as long as on_bytes lasts; of all connections. Written
 * by libuv, on the loop's thread. */
static char input[INPUT_LEN];

static void try_connect(struct yk_link *link);
static void on_timer(uv_timer_t *timer);

static void set_timer(struct yk_link *link, uint64_t ms)
{
    uv_timer_start(&link->timer, on_timer, ms, 0);
}

bool yk_link_is_foreign(const struct yk_link *link)
{
    return link->forks != yk_forks();
}

void yk_link_init(struct yk_link *link)
{
    link->forks = yk_forks();
    uv_timer_init(yoke_loop(), &link->timer);
    link->timer.data = link;
    if (!link->keeps_loop)
        uv_unref((uv_handle_t *)&link->timer);
    link->state = YK_LINK_RESTING;
    yk_random_init(&link->random);
}

/* ---- The end of a connection ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    struct yk_link *link = handle->data;
    yk_link_out_free(&link->out);
    yk_link_out_free(&link->plain);
    link->ops->on_closed(link);
}

/* When nothing is libuv's any more. */
void yk_link_end_if_let_go(struct yk_link *link)
{
    if (link->state == YK_LINK_RESTING && !link->is_resolving)
        uv_close((uv_handle_t *)&link->timer, on_timer_closed);
}

uint64_t yk_link_pause(struct yk_random *random, unsigned attempts,
                       uint64_t tried_ms)
{
    unsigned doublings = attempts < 6 ? attempts : 6;
    uint64_t pause = (uint64_t)PAUSE_MIN_MS << doublings;
    uint64_t passed = uv_now(yoke_loop()) - tried_ms;

    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    pause = passed < pause - PAUSE_MIN_MS ? pause - passed : PAUSE_MIN_MS;
    return pause / 2 + yk_random_below(random, pause / 2 + 1);
}

static void tell_store(struct yk_link *link, bool is_trying)
{
    if (!link->store || link->is_trying == is_trying)
        return;
    link->is_trying = is_trying;
    yk_store_note_attempt(link->store, is_trying);
}

void yk_link_rest(struct yk_link *link)
{
    link->state = YK_LINK_RESTING;
    yk_link_forget_addresses(link);
    link->out.len = link->plain.len = 0;
    free(link->writing);
    link->writing = NULL;
    link->is_writing = false;
    link->is_torn = false;
    yk_tls_free(link->tls);
    link->tls = NULL;
    if (link->is_ending) {
        yk_link_end_if_let_go(link);
        return;
    }
    set_timer(link,
              yk_link_pause(&link->random, link->attempts, link->tried_ms));
    link->attempts++;
}

static void on_stream_closed(uv_handle_t *handle)
{
    yk_link_rest(handle->data);
}

/* Lets go of the socket, if there is one. */
static void drop(struct yk_link *link)
{
    bool is_to_close = yk_link_has_socket(link);

    uv_timer_stop(&link->timer);
    tell_store(link, false);
    if (link->is_resolving)
        uv_cancel((uv_req_t *)&link->resolve);
    link->state = YK_LINK_CLOSING;
    if (is_to_close)
        uv_close(&link->uv.handle, on_stream_closed);
    else if (!link->is_switching) /* Then it is being closed. */
        yk_link_rest(link);
}

void yk_link_break(struct yk_link *link, const char *why)
{
    if (link->state == YK_LINK_RESTING || link->state == YK_LINK_CLOSING)
        return;
    drop(link);
    link->ops->on_break(link, why);
}

void yk_link_close(struct yk_link *link)
{
    link->is_ending = true;
    if (link->state == YK_LINK_CLOSING)
        return;
    if (link->state == YK_LINK_RESTING)
        yk_link_end_if_let_go(link);
    else
        drop(link);
}

/* A look-up has errors of its own, which only libuv knows. */
static const char *words_of(int err)
{
    bool is_of_lookup = err <= UV_EAI_ADDRFAMILY && err >= UV_EAI_PROTOCOL;
    return is_of_lookup ? uv_strerror(err) : yoke_strerror(err);
}

void yk_link_fail(struct yk_link *link, int err)
{
    char why[256];

    if (link->path)
        snprintf(why, sizeof(why), "%.160s: %s", link->path, words_of(err));
    else
        snprintf(why, sizeof(why), "%.160s:%d: %s", link->host, link->port,
                 words_of(err));
    yk_link_break(link, why);
}

/* A server that does not speak TLS mostly waits for the end of a line. */
static void break_late(struct yk_link *link)
{
    if (link->tls && !yk_tls_is_ready(link->tls))
        yk_link_break(link, "no answer to the TLS handshake in time (does it "
                            "speak TLS?)");
    else
        yk_link_fail(link, -ETIMEDOUT);
}

static void beat(struct yk_link *link)
{
    if (!link->has_heard) {
        yk_link_break(link, "the connection is silent");
        return;
    }
    link->has_heard = false;
    set_timer(link, link->beat_ms);
    link->ops->on_beat(link);
}

static void on_timer(uv_timer_t *timer)
{
    struct yk_link *link = timer->data;

    if (yk_link_is_foreign(link))
        return;
    if (link->state == YK_LINK_RESTING && link->is_resolving)
        set_timer(link, PAUSE_MIN_MS); /* The last look-up still runs. */
    else if (link->state == YK_LINK_RESTING)
        try_connect(link);
    else if (link->state == YK_LINK_UP)
        beat(link);
    else
        break_late(link);
}

/* ---- Input ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    yk_turn_begin();
    *buf = uv_buf_init(input,
                       yk_link_is_foreign(handle->data) ? 0 : sizeof(input));
}

static void on_eof(struct yk_link *link)
{
    bool is_early = link->tls && !yk_tls_is_ready(link->tls);

    yk_link_break(link, is_early ? "the server has closed the connection "
                                   "during the TLS handshake"
                                 : "the server has closed the connection");
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct yk_link *link = stream->data;

    if (yk_link_is_foreign(link)) {
        uv_read_stop(stream);
        return;
    }
    if (n > 0)
        link->has_heard = true;
    if (n > 0 && link->tls)
        yk_link_take_encrypted(link, buf->base, (size_t)n);
    else if (n > 0)
        link->ops->on_bytes(link, buf->base, (size_t)n);
    else if (n == UV_EOF)
        on_eof(link);
    else if (n < 0)
        yk_link_fail(link, (int)n);
}

/* ---- Connecting ---- */

void yk_link_up(struct yk_link *link)
{
    if (link->state != YK_LINK_GREETING)
        return;
    link->state = YK_LINK_UP;
    tell_store(link, false);
    link->attempts = 0;
    link->has_heard = true;
    if (link->ops->on_beat)
        set_timer(link, link->beat_ms);
    else
        uv_timer_stop(&link->timer);
}

static void hold(uv_handle_t *handle, bool keeps_loop)
{
    if (keeps_loop)
        uv_ref(handle);
    else
        uv_unref(handle);
}

void yk_link_hold_loop(struct yk_link *link, bool keeps_loop)
{
    link->keeps_loop = keeps_loop;
    hold((uv_handle_t *)&link->timer, keeps_loop);
    if (yk_link_has_socket(link))
        hold(&link->uv.handle, keeps_loop);
}

void yk_link_greet(struct yk_link *link)
{
    int err = uv_read_start(&link->uv.stream, on_alloc, on_read);

    yk_link_forget_addresses(link);
    if (err < 0) {
        yk_link_fail(link, err);
        return;
    }
    link->state = YK_LINK_GREETING;
    if (link->tls_config)
        yk_link_start_tls(link);
    else
        link->ops->on_connected(link);
    yk_link_flush(link);
}

static void try_connect(struct yk_link *link)
{
    link->state = YK_LINK_CONNECTING;
    /* The loop's time is old when a program has worked for long before it opens
     * the store. */
    uv_update_time(yoke_loop());
    link->tried_ms = uv_now(yoke_loop());
    tell_store(link, true);
    set_timer(link, link->connect_ms);
    yk_link_connect(link);
}

void yk_link_start(struct yk_link *link)
{
    if (link->state == YK_LINK_RESTING && !link->is_ending &&
        !uv_is_active((uv_handle_t *)&link->timer))
        try_connect(link);
}

void yk_link_hurry(struct yk_link *link)
{
    link->attempts = 0;
    if (link->state != YK_LINK_RESTING || link->is_ending ||
        link->is_resolving || !uv_is_active((uv_handle_t *)&link->timer))
        return;
    uv_timer_stop(&link->timer);
    try_connect(link);
}
