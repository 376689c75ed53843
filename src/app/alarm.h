/* Calls that a request wants later. An exchange has one timer; here it is
 * shared: it is set for the alarm that comes first. In the arena; the caller
 * keeps the alarm, or yoke_req_after makes one. */
#ifndef YK_APP_ALARM_H
#define YK_APP_ALARM_H

#include <stdint.h>

#include <yoke/app.h>

struct yk_alarm {
    struct yk_alarm *next; /* Comes later. */
    uint64_t due_ms;
    void (*fn)(yoke_req *req, void *data);
    void *data;
};

/* Rings in `ms` milliseconds, up to half a second late. It must not be waiting;
 * `fn` and `data` are set. */
void yk_alarm_set(yoke_req *req, struct yk_alarm *alarm, uint64_t ms);

/* The exchange's timer: rings what is due. */
void yk_alarms_ring(yoke_req *req);

#endif
