/* The answer, from the inside. Part of the request (app/req.h).
 *
 *   res.c         whole answers, and what becomes of any
 *   res_head.c    status and fields
 *   res_stream.c  answers in pieces */
#ifndef YK_APP_RES_H
#define YK_APP_RES_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/res.h>

#include "core/slice.h"

struct yk_delay;
struct yk_filtering;
struct yk_finish;

/* Most callbacks of yoke_res_on_finish, and of yoke_res_on_head. */
#define YK_FINISH_MAX 8

struct yoke_res {
    yoke_req *req;
    struct yk_finish *finish;         /* Callbacks; the last one first. */
    struct yk_finish *head;           /* The same, of yoke_res_on_head. */
    struct yk_filtering *filtering;   /* NULL: no filters. */
    struct yk_delay *delay;           /* NULL: nobody delays it. */
    const struct yoke_err *delay_err; /* What it is to be instead, or NULL. */
    int64_t expected_len;             /* Set before `head` is called. */
    void (*on_drain)(yoke_res *res, void *data);
    void *on_drain_data;
    int broken;           /* Something illegal was set: the code, and the
                             answer becomes a 500. 0: all is well. */
    uint8_t finish_count; /* Of `finish`. */
    bool is_filtering;    /* A large body is on its way through the filters,
                             and nothing has been sent yet. */
    bool is_beginning;    /* The callbacks of `head` are running. */
    bool is_swallowing;   /* That 500 has been sent instead of a stream whose
                             pieces still come, until yoke_res_end. */
};

static inline void yk_res_init(struct yoke_res *res, yoke_req *req)
{
    res->req = req;
    res->finish = NULL;
    res->head = NULL;
    res->filtering = NULL;
    res->delay = NULL;
    res->delay_err = NULL;
    res->expected_len = -1;
    res->on_drain = NULL;
    res->broken = 0;
    res->finish_count = 0;
    res->is_filtering = false;
    res->is_beginning = false;
    res->is_swallowing = false;
}

/* Ends the answer with `ptr` as its body. `type` is used unless Content-Type
 * is set. What every whole answer goes through: refuses a second one, and turns
 * a broken one into a 500. Returns as yoke_res_send. */
int yk_res_answer(yoke_res *res, struct yk_slice type, const void *ptr,
                  size_t len);

/* Ends the answer, of which nothing has been sent, with a body of yoke's own,
 * of a static type; headers that described another body go. */
int yk_res_answer_own(yoke_res *res, int status, struct yk_slice type,
                      struct yk_slice body);

/* The same with plain text. */
int yk_res_answer_plain(yoke_res *res, int status, struct yk_slice text);

/* yoke_res_vary of one static name, for an answer of which nothing has been
 * sent. */
void yk_res_vary(yoke_res *res, struct yk_slice name);

/* Something illegal was set: logs it with the place of the route, and makes the
 * answer a 500. Returns `err`. */
int yk_res_break(yoke_res *res, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for what can only be found when the answer is made: sends the 500.
 */
int yk_res_fail(yoke_res *res, int err, const char *why);

/* Whether an answer has been given, or is to go as it is. */
bool yk_res_is_fixed(const yoke_res *res);

/* A second answer; the first stands. Or a handler that has come back late.
 * Returns -YOKE_EANSWERED. */
int yk_res_refuse(yoke_res *res);

/* Sends a whole answer, of which status and fields are set. */
int yk_res_deliver(yoke_res *res, const void *ptr, size_t len);

/* Sends a 500 in place of an answer that is `broken`, and returns that code.
 * The 500 is an answer, too, and delivered in the same way; once, for then
 * there is nothing left that could break it. */
int yk_res_answer_broken(yoke_res *res);

/* Cuts the connection in the middle of an answer that cannot be finished. */
void yk_res_cut(yoke_res *res);

/* Somebody is left who believes that he can still answer, or whose memory the
 * request's is, or the answer is still being made: until that is over the
 * exchange is not ended. */
bool yk_res_is_kept(const yoke_res *res);

/* Ends the exchange of an answered request for which nobody is waited any
 * more. */
void yk_res_settle(yoke_res *res);

/* Nobody will answer, and the client has gone: the request is over, for the
 * sake of those who are still waited for as if it had been answered. */
void yk_res_abandon(yoke_res *res);

/* A handler that was answered for has come back: the last one ends the
 * exchange. */
void yk_res_come_back(yoke_res *res);

/* Runs the callbacks of yoke_res_on_finish. */
void yk_res_finish(yoke_res *res);

/* The head of the answer is about to go; `len` is the length of its body, or
 * -1. Runs the callbacks of yoke_res_on_head and gets the filters ready. One of
 * them may break the answer, or delay it: `res->delay` is then set. */
void yk_res_begin(yoke_res *res, int64_t len);

/* A large body has come through the filters, or could not: sends it, or a 500.
 */
void yk_res_filtered(yoke_res *res, int err, const void *ptr, size_t len);

/* What follows yk_res_begin, at once or, if the answer was delayed there, later
 * (app/delay.h): as yoke_res_send, _write and _end. */
int yk_res_deliver_begun(yoke_res *res, const void *ptr, size_t len);
ssize_t yk_res_write_begun(yoke_res *res, const void *ptr, size_t len);
int yk_res_end_begun(yoke_res *res);

/* Whether there is anything for that to do. */
static inline bool yk_res_is_watched(const yoke_res *res)
{
    return res->head || res->filtering;
}

#define YK_TYPE_TEXT YK_LIT("text/plain; charset=utf-8")

#endif
