/* One exchange of the test client: the request as the test builds it, and the
 * answer as it has been read so far. */
#ifndef YK_TEST_EXCHANGE_H
#define YK_TEST_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/test.h>

#include "core/list.h"
#include "net/peer.h"
#include "test/answer.h"
#include "test/bytes.h"
#include "test/draft.h"

struct yk_link;

struct yoke_tr {
    struct yk_list node; /* In the root's `exchanges`. */
    yoke_test *test;     /* The client that sends it; or an agent. */

    /* The request, and how it is sent. */
    struct yk_draft draft;
    size_t request_len;           /* Bytes of it, once it is sent. */
    struct yk_bytes cookies_sent; /* What stood in its Cookie. */
    size_t split;                 /* Most bytes of one read; 0: all. */
    size_t split_at;              /* Where a read ends; 0: nowhere. */
    size_t pace;                  /* See yoke_tr_read_slowly; SIZE_MAX: all. */
    size_t abort_after;  /* Bytes after which the client's side is closed, */
    size_t reset_after;  /* or reset; SIZE_MAX: never. */
    size_t answer_max;   /* Bytes of the answer after which it is reset. */
    bool is_every_split; /* See yoke_tr_split_everywhere. */
    struct yk_peer peer; /* Where it comes from. */

    /* The answer, once it is sent. */
    struct yk_link *link;    /* Shared with those before and after it on the
                                same connection; NULL until it is sent. */
    size_t index;            /* Which answer on the connection; from 0. */
    size_t start;            /* Where it begins in what the server sent. */
    bool is_unreachable;     /* There is no whole answer before it. */
    bool may_be_followed;    /* More than one request was sent. */
    bool has_waited;         /* The loop was run for it, in vain. */
    bool is_stream;          /* What has come so far is what counts. */
    bool is_noted;           /* Its head has been seen: cookies are kept. */
    size_t blocks_after;     /* Of the server's memory in use, then. */
    struct yk_answer answer; /* As read from... */
    size_t read_len;         /* ...so many bytes of the server's, */
    bool read_end;           /* ...and its end or not. */
    struct yoke_tr *next;    /* The one after it on the connection, or NULL. */
    struct yoke_tr *before;  /* The one before it, which is to be sent first. */

    /* Redirects. */
    int redirects_left;     /* Hops that may follow. */
    struct yoke_tr *hop;    /* Where its answer sent it, or NULL. */
    struct yoke_tr *origin; /* Of a hop: whose answer sent it here. */

    size_t event_at;          /* Bytes of the body before the next event. */
    struct yk_bytes event;    /* Type and data of the last one. */
    struct yk_bytes event_id; /* The last that was given. */
};

/* A new exchange of that client; the client owns it. */
yoke_tr *yk_tr_new(yoke_test *t);

/* The exchange whose answer counts: `r`, or where redirects have led to. Sends
 * the request if it has not been, and waits for the answer. */
yoke_tr *yk_tr_end(yoke_tr *r);

/* What there is of the answer of yk_tr_end(r). */
const struct yk_answer *yk_tr_answer(yoke_tr *r);

/* Reads what has come of the answer of `r`; nothing is sent or waited for. */
void yk_tr_read(yoke_tr *r);

/* Waits until `is_done(r)`, for as long as anything can come. */
bool yk_tr_wait(yoke_tr *r, bool (*is_done)(void *r));

/* The request's bytes as they will be sent now. */
void yk_tr_write(yoke_tr *r, struct yk_bytes *out);

/* A change to a request that has left is a mistake in the test. */
void yk_tr_check_unsent(const yoke_tr *r);

/* Frees it; not the link. */
void yk_tr_free(yoke_tr *r);

/* ---- redirect.c ---- */

/* The exchange that follows the answer of `r`, which is whole; NULL when it is
 * no redirect, or none may follow. */
yoke_tr *yk_tr_follow(yoke_tr *r);

/* ---- split.c ---- */

/* Sends the request once for each way of cutting it, and compares the answers
 * with that of `r`, which has been sent in one piece. */
void yk_tr_split_everywhere(yoke_tr *r);

#endif
