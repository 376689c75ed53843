/* A request that arrives in pieces is the same request. */
#include <stdio.h>
#include <string.h>

#include "test/client.h"
#include "test/exchange.h"
#include "test/failure.h"

#include "core/banned.h"

void yoke_tr_split(yoke_tr *r, size_t n)
{
    r->split = n;
    if (r->link)
        r->link->memory.split = n;
}

void yoke_tr_split_at(yoke_tr *r, size_t n)
{
    yk_tr_check_unsent(r);
    r->split_at = n;
}

void yoke_tr_split_everywhere(yoke_tr *r)
{
    yk_tr_check_unsent(r);
    r->is_every_split = true;
}

size_t yoke_tr_request_len(yoke_tr *r)
{
    struct yk_bytes request = {0};
    if (r->link)
        return r->request_len;
    yk_tr_write(r, &request);
    size_t len = request.len;
    yk_bytes_done(&request);
    return len;
}

/* The same bytes once more, on a connection of their own. */
static yoke_tr *send_again(yoke_tr *r, size_t split, size_t split_at)
{
    yoke_tr *again = yk_tr_new(r->test);
    const struct yk_memory *sent = &r->link->memory;
    yk_bytes_append(&again->draft.body, sent->in.ptr, r->request_len);
    again->peer = r->peer;
    again->may_be_followed = true;
    again->split = split;
    again->split_at = split_at;
    yk_tr_end(again);
    return again;
}

/* What is compared is what came, byte by byte. Returns false when it has
 * failed. */
static bool compare(yoke_tr *r, yoke_tr *again, const char *how)
{
    const struct yk_bytes *whole = &r->link->memory.out;
    const struct yk_bytes *split = &again->link->memory.out;
    struct yk_bytes text = {0};

    if (whole->len == split->len &&
        memcmp(yk_bytes_text(whole), yk_bytes_text(split), whole->len) == 0)
        return true;
    yk_bytes_printf(&text, "the answer is another one when the request %s\n",
                    how);
    yk_failure_add_link(&text, again->link);
    yk_bytes_add(&text, "    the answer to the whole request:\n");
    yk_failure_add_answer(&text, r->link);
    yk_failure_report(&text, r->test->root->file, r->test->root->line);
    return false;
}

void yk_tr_split_everywhere(yoke_tr *r)
{
    char how[60];
    r->is_every_split = false;
    yk_tr_end(r);
    if (!compare(r, send_again(r, 1, 0), "arrives in single bytes"))
        return;
    for (size_t at = 1; at < r->request_len; at++) {
        snprintf(how, sizeof(how), "is cut after byte %zu", at);
        if (!compare(r, send_again(r, 0, at), how))
            return;
    }
}
