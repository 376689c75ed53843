#include "app/alarm.h"

#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

static void set_timer(yoke_req *req, uint64_t now_ms)
{
    uint64_t due_ms = req->alarms ? req->alarms->due_ms : 0;
    if (!req->alarms)
        yk_exchange_set_timer(req->x, 0);
    else
        yk_exchange_set_timer(req->x, due_ms > now_ms ? due_ms - now_ms : 1);
}

void yk_alarm_set(yoke_req *req, struct yk_alarm *alarm, uint64_t ms)
{
    struct yk_alarm **place = &req->alarms;
    uint64_t now_ms = yoke_req_now_ms(req);
    alarm->due_ms = now_ms + ms;
    while (*place && (*place)->due_ms <= alarm->due_ms)
        place = &(*place)->next;
    alarm->next = *place;
    *place = alarm;
    if (req->alarms == alarm)
        set_timer(req, now_ms);
}

void yk_alarms_ring(yoke_req *req)
{
    uint64_t now_ms = yoke_req_now_ms(req);
    while (req->alarms && req->alarms->due_ms <= now_ms) {
        struct yk_alarm *alarm = req->alarms;
        req->alarms = alarm->next;
        alarm->fn(req, alarm->data);
        if (req->x->is_ended)
            return;
    }
    set_timer(req, now_ms);
}

void yoke_req_after(yoke_req *req, uint64_t ms,
                    void (*fn)(yoke_req *req, void *data), void *data)
{
    struct yk_alarm *alarm = yk_arena_alloc(req->x->arena, sizeof(*alarm));
    *alarm = (struct yk_alarm){.fn = fn, .data = data};
    yk_alarm_set(req, alarm, ms);
}
