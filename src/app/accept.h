/* What a client would rather have: the lists in Accept, Accept-Encoding,
 * Accept-Charset and Accept-Language (RFC 9110 section 12.5), and which of a
 * server's offers is best for it.
 *
 * Pure, and without memory. Of several elements that
 * match an offer the most specific one counts; of several offers that are
 * acceptable the one with the highest weight is best, then the one that was
 * matched more specifically, then the one whose element stands first in the
 * list, then the one that was offered first. An element with a malformed
 * weight is passed over. */
#ifndef YK_APP_ACCEPT_H
#define YK_APP_ACCEPT_H

#include "core/slice.h"

enum yk_accept_kind {
    YK_ACCEPT_TYPE,     /* "text/html;level=1", a range of types */
    YK_ACCEPT_ENCODING, /* "gzip"; "identity" goes unless it is refused. */
    YK_ACCEPT_CHARSET,  /* "utf-8" */
    YK_ACCEPT_LANGUAGE, /* "en-GB"; "en" is taken for it, and it for "en". */
};

/* Most offers that are looked at. */
#define YK_ACCEPT_OFFERS_MAX 64

/* The place of the best of `n` offers, or -1 when none is acceptable. A list
 * without elements accepts nothing (but "identity"). */
int yk_accept_best(enum yk_accept_kind kind, struct yk_slice list,
                   const struct yk_slice *offers, size_t n);

/* The elements of a list without their weights, best first, to `out`; returns
 * how many, at most `max`. What the client refuses (q=0) is left out. */
size_t yk_accept_sorted(enum yk_accept_kind kind, struct yk_slice list,
                        struct yk_slice *out, size_t max);

/* Takes the next element off a list at commas, without the space around it;
 * commas in quotes do not separate. False at the end; empty ones are
 * skipped. */
bool yk_accept_next(struct yk_slice *rest, struct yk_slice *ret_element);

/* Takes the next parameter "name=value" off a text that begins with ";" or is
 * at its end; a value in quotes is without them, but its escapes stay. False
 * at the end. */
bool yk_accept_next_param(struct yk_slice *rest, struct yk_slice *ret_name,
                          struct yk_slice *ret_value);

/* Without the spaces and tabs around it. */
struct yk_slice yk_trim(struct yk_slice text);

/* The two sides of a media type, "text" and "html" of "text/html; a=b", and
 * what follows, from the ";" on. False when it is none. */
bool yk_accept_split_type(struct yk_slice text, struct yk_slice *ret_type,
                          struct yk_slice *ret_subtype,
                          struct yk_slice *ret_params);

#endif
