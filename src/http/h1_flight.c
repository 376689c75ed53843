/* What others can see of a connection's requests: the primary and `yoke ps` in
 * counters, whoever asks after a crash in the table of requests in flight. */
#include "http/h1_state.h"

#include "core/probe.h"
#include "net/flights.h"
#include "net/vitals.h"

/* What a client gets whose request was open when the process crashed. Without
 * a date, for nothing is to be computed any more; a 5xx need not have one (RFC
 * 9110 section 6.6.1). */
#define LAST_HEAD                                                              \
    "HTTP/1.1 500 Internal Server Error\r\n"                                   \
    "Connection: close\r\n"                                                    \
    "Content-Type: text/plain; charset=utf-8\r\n"                              \
    "Content-Length: 26\r\n"                                                   \
    "\r\n"
#define LAST_BODY "500 Internal Server Error\n"

_Static_assert(sizeof(LAST_BODY) - 1 == 26, "Content-Length");

static const struct yk_last_words last_words = {
    .ptr = LAST_HEAD LAST_BODY,
    .len = sizeof(LAST_HEAD LAST_BODY) - 1,
    .head_len = sizeof(LAST_HEAD) - 1,
};

void yk_h1_flights_init(void)
{
    yk_flights_set_last_words(&last_words);
}

/* The rare request that lies badly: too near to the end of its block to be
 * copied without looking; or an absolute target, which has lost its authority,
 * so that it does not follow the method as it did on the wire. */
__attribute__((noinline)) static void begin_badly(const struct yk_h1_conn *conn)
{
    const struct yk_request *req = &conn->head->request;
    size_t method_len = req->method.len + 1u, target_len = req->target.len + 1u;
    char line[YK_FLIGHT_TEXT_MAX];
    size_t room = sizeof(line) - method_len;

    memcpy(line, req->base + req->method.off, method_len);
    memcpy(line + method_len, req->base + req->target.off,
           target_len < room ? target_len : room);
    yk_flight_begin(conn->fd, conn->begun_ns, line, conn->out.len == 0);
}

__attribute__((noinline)) void yk_h1_flight_begin(struct yk_h1_conn *conn)
{
    const struct yk_request *req = &conn->head->request;
    const char *line = req->base + req->method.off;
    const char *last =
        conn->in + conn->server->buffers.block_size - YK_FLIGHT_TEXT_MAX;

    conn->begun_ns = yk_turn_time();
    conn->sent_status = 0;
    YK_PROBE3(request__begin, conn->fd, line, req->base + req->target.off);
    if (__builtin_expect(line > last || req->is_absolute, 0))
        begin_badly(conn);
    else
        yk_flight_begin(conn->fd, conn->begun_ns, line, conn->out.len == 0);
}

void yk_h1_flight_returned(struct yk_h1_conn *conn)
{
    if (conn->x.is_ended)
        yk_flight_returned();
    else
        conn->flight = yk_flight_stays();
}

static unsigned class_of(int status)
{
    unsigned class = (unsigned)status / 100;
    return class < YK_ANSWER_CLASSES ? class : 0;
}

__attribute__((noinline)) void yk_h1_flight_end(struct yk_h1_conn *conn)
{
    uint64_t taken_us =
        yk_vitals_answered(conn->begun_ns, class_of(conn->sent_status));

    YK_PROBE3(request__end, conn->fd, conn->sent_status, taken_us);
    (void)taken_us;
    if (conn->flight)
        yk_flight_end(conn->flight);
    conn->flight = NULL;
}

void yk_h1_flight_refused(struct yk_h1_conn *conn, int status)
{
    if (conn->has_exchange)
        conn->sent_status = status;
    else
        yk_vitals_add(&yk_vitals->answers[class_of(status)], 1);
}
