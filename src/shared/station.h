/* A channel of a broadcast: its subscription, those who listen, and what is
 * being sent.
 *
 *     sender                     the store                    each station
 *     number = incr(seq)
 *     set(slot number % history) -----> slot
 *     publish(event) ------------------------------------->  number is the next:
 *                                                             delivered
 *                                       slots <------------  else: read what is
 *                                                             between, in order
 *
 * As an event is in its slot before it is published, the slots are the truth,
 * and messages only say that there is something new: after a break, and when
 * messages overtake one another, a station reads on from the last number that it
 * has delivered. A number whose slot stays empty, for its sender has died, is
 * passed over after a moment. So does each client that comes back, or was too
 * slow: it reads on from its own last number until it is where the station is.
 *
 * A station begins at the last number that has been given out, and the events of
 * some may still be on their way to their slots. Who comes back to one that has
 * just begun waits for them, for it is told of each when it is published, or
 * until none can be on its way any more.
 *
 * Numbers begin at the clock's milliseconds, so that they go on growing when the
 * store has lost them. Whoever finds none, or one that is too low, sets the first
 * by compare and swap: only one can. */
#ifndef YK_SHARED_STATION_H
#define YK_SHARED_STATION_H

#include <uv.h>

#include <yoke/broadcast.h>

#include "core/list.h"
#include "core/random.h"
#include "net/later.h"
#include "shared/feed.h"
#include "shared/names.h"

#define YK_STATION_BUCKETS 256
/* Numbers below this have not begun as they should. */
#define YK_STATION_FIRST   (INT64_C(1) << 40)
/* Slots that are read at a time. */
#define YK_STATION_PAGE    50

struct yoke_broadcast {
    struct yoke_broadcast_options options; /* Defaults filled in. */
    char name[YK_NAME_MAX + 1];
    char *missed;
    struct yk_list stations[YK_STATION_BUCKETS];
    struct yk_list lagging; /* Clients that are slow. */
    struct yk_list holes;   /* Stations that wait for a slot. */
    struct yk_list again;   /* Events that are to be published once more. */
    struct yk_list refused; /* Events that are not sent. */
    struct yk_later later;  /* Tells so. */
    struct yk_list hungry;  /* Stations with clients that are to be fed. */
    struct yk_later feeder; /* Feeds them. */
    uv_timer_t timer;       /* Looks at `lagging` and `holes`. */
    struct yk_random random;
    struct yoke_broadcast_stats stats;
    bool cannot_publish; /* The store. */
    bool is_closing;
};

/* An event on its way to the store. */
struct yk_sending {
    struct yk_list node;
    struct yk_list again;       /* Among those of the broadcast. */
    uint64_t give_up_ms;        /* 0: it has not failed. */
    struct yk_station *station; /* NULL: refused. */
    yoke_broadcast_fn *fn;
    void *data;
    int err;
    uint64_t number;
    size_t len;
    char bytes[]; /* shared/event.h */
};

enum yk_client_state {
    YK_CLIENT_WAITING,   /* Until the station listens. */
    YK_CLIENT_REPLAYING, /* Reads what it has missed, or waits for it. */
    YK_CLIENT_LIVE,
    YK_CLIENT_LAGGING, /* Gets nothing until it has taken what waits. */
};

struct yk_client {
    struct yk_list node; /* In its station. */
    struct yk_list lag;  /* Among those that lag, or that wait. */
    struct yk_station *station;
    yoke_sse *sse;
    yoke_res *res;
    enum yk_client_state state;
    bool has_last;      /* It came back. */
    bool is_reading;    /* A call is on its way; */
    bool is_gone;       /* and it is freed when that comes back. */
    bool has_missed;    /* To be told. */
    bool is_from_start; /* Nothing was before what it reads. */
    uint64_t last;      /* The number of the last event that it has. */
    uint64_t place;     /* In the station's feed, when it is live. */
    struct yoke_broadcast_join options;
};

/* Somebody goes over the clients of a station. A client that is told something
 * may end others: who leaves is no walk's next. */
struct yk_walk {
    struct yk_walk *outer; /* One inside which this one has begun. */
    struct yk_list *next;
};

struct yk_station {
    struct yk_list node;
    struct yk_list hole; /* Among those that wait for a slot. */
    struct yk_list hungry;
    yoke_broadcast *broadcast;
    char channel[YOKE_BROADCAST_CHANNEL_MAX + 1];
    char key[YK_NAME_SIZE];  /* The channel's name in the store, */
    char seq[YK_NAME_SIZE];  /* the key of the last number, */
    char slot[YK_NAME_SIZE]; /* and what those of slots begin with. */
    struct yk_list clients;
    struct yk_walk *walks;  /* The innermost. */
    struct yk_feed feed;    /* What is on its way to them. */
    struct yk_list *round;  /* Who is next; NULL: nobody. */
    uint64_t round_end;     /* The feed's end when the round began. */
    struct yk_list waiting; /* Clients, for a number up to `first`. */
    struct yk_list sending; /* The first is on its way. */
    uint32_t sending_count;
    unsigned calls; /* On their way. */
    yoke_subscription *subscription;
    bool is_listening;    /* `last` is known. */
    bool is_reading;      /* Slots. */
    bool is_asking;       /* For the last number. */
    bool asks_again;      /* Once more, when that is there. */
    uint64_t last;        /* Put into the feed. */
    uint64_t seen;        /* Known to be there. */
    uint64_t first;       /* `last` when it began to listen; events up to it */
    uint64_t settled_ms;  /* may be on their way until then. */
    uint64_t hole_due_ms; /* When an empty slot is passed over; 0: none is. */
    uint64_t hole_end;    /* Up to this number. */
};

/* Publishes what has its number. */
void yk_station_publish(struct yk_sending *sending);

/* The station of a channel, made when there is none; NULL when there are too
 * many. `channel` is plain. */
struct yk_station *yk_station_of(yoke_broadcast *broadcast,
                                 const char *channel);

/* Frees it, if nobody needs it. */
void yk_station_release(struct yk_station *station);

/* A client has come: it begins as soon as the station listens. */
void yk_station_listen(struct yk_station *station, struct yk_client *client);

/* Reads what is between the last event and the last that is known to be there;
 * goes on by itself (station_read.c). */
void yk_station_read_on(struct yk_station *station);

/* An event may be on its way to its slot: the station began after it was given
 * its number, and has not listened for long enough to be told of it. */
bool yk_station_may_come(const struct yk_station *station, uint64_t number);

/* Looks at empty slots and at clients that wait, now and then. */
void yk_station_look(struct yk_station *station);

/* Sends, behind what is being sent. */
void yk_station_send(struct yk_station *station, struct yk_sending *sending);

/* Writes the number that comes before the first, not below any that is known;
 * returns its length. */
size_t yk_station_first_number(const struct yk_station *station, char out[24]);

/* The key of the slot of a number. */
void yk_station_slot(const struct yk_station *station, uint64_t number,
                     char out[YK_NAME_SIZE]);

/* ---- What clients get (station_deliver.c) ---- */

/* Calls `fn` for each client, which may end others; the station stays, as the
 * caller sees to. */
void yk_station_each(struct yk_station *station,
                     void (*fn)(struct yk_client *client, void *data),
                     void *data);

/* A client leaves its station. */
void yk_station_remove_client(struct yk_station *station,
                              struct yk_client *client);

/* The next event, for all: from the loop, some clients in a turn. */
void yk_station_deliver(struct yk_station *station,
                        const struct yoke_sse_event *event, uint64_t number);

/* All get at once what is in the feed. */
void yk_station_feed_all(struct yk_station *station);

/* Feeds some clients; goes on by itself. */
void yk_broadcast_feed(yoke_broadcast *broadcast);

/* Tells all that events may have been lost. */
void yk_station_tell_missed(struct yk_station *station);

/* Numbers have begun anew, below those that were; `last` is the last one. */
void yk_station_begin_anew(struct yk_station *station, uint64_t last);

/* Ends all streams. */
void yk_station_end_clients(struct yk_station *station);

/* ---- Clients (client.c) ---- */

/* Begins: live, or by what it has missed. */
void yk_client_begin(struct yk_client *client);

/* What is in the station's feed, for one that is live; returns how many bytes
 * that was. The client may be gone afterwards. */
size_t yk_client_feed(struct yk_client *client);

/* Reads once more: what it waits for may be there. */
void yk_client_read_on(struct yk_client *client);

/* Events may have been lost. */
void yk_client_tell_missed(struct yk_client *client);

/* Looks whether a slow one has taken what waited. */
void yk_client_look(struct yk_client *client);

/* Ends its stream. */
void yk_client_end(struct yk_client *client);

/* The stream has ended. */
void yk_client_gone(struct yk_client *client);

/* Starts the timer. */
void yk_broadcast_tick(yoke_broadcast *broadcast);

void yk_broadcast_free_if_idle(yoke_broadcast *broadcast);

#endif
