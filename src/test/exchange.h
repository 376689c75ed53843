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

struct yk_link;

struct yoke_tr {
    struct yk_list node; /* In the client's `exchanges`. */
    yoke_test *test;

    /* The request, until it is sent. */
    char *method, *path;    /* NULL for raw bytes. */
    struct yk_bytes fields; /* As they will be sent. */
    struct yk_bytes body;   /* The body, or the raw bytes. */
    bool has_body;          /* A body was given, be it empty. */
    bool has_host;          /* Host was set by hand. */
    bool has_length;        /* So was Content-Length. */
    size_t chunk_len;       /* 0: not chunked. */
    size_t split;           /* Most bytes of one read; 0: all. */
    size_t pace;            /* See yoke_tr_read_slowly; SIZE_MAX: all. */
    size_t abort_after;     /* SIZE_MAX: never. */
    struct yk_peer peer;    /* Where it comes from. */

    /* The answer, once it is sent. */
    struct yk_link *link;    /* Shared with those before and after it on the
                                same connection; NULL until it is sent. */
    size_t index;            /* Which answer on the connection; from 0. */
    size_t start;            /* Where it begins in what the server sent. */
    bool is_unreachable;     /* There is no whole answer before it. */
    bool may_be_followed;    /* More than one request was sent. */
    bool has_waited;         /* The loop was run for it, in vain. */
    struct yk_answer answer; /* As read from... */
    size_t read_len;         /* ...so many bytes of the server's, */
    bool read_end;           /* ...and its end or not. */
    struct yoke_tr *next;    /* The one after it, once it was asked for. */
};

/* Sends the request if it has not been, waits for the answer, and returns what
 * there is of it. */
const struct yk_answer *yk_tr_answer(yoke_tr *r);

/* Frees it; not the link. */
void yk_tr_free(yoke_tr *r);

#endif
