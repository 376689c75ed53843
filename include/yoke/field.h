/* Header fields of the answer that have a meaning: they are built, joined and
 * checked here, so that handlers need not know their syntax.
 *
 * All return 0, or as `yoke_res_set`: -YOKE_EHEADER for text that would not be
 * legal, and -YOKE_ETOOLARGE for too many fields, which make the answer a 500;
 * -YOKE_EANSWERED when the head has been sent. */
#ifndef YOKE_FIELD_H
#define YOKE_FIELD_H

#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Sets `Content-Type`: a type as it is ("text/csv; header=present"), or what a
 * file extension stands for, text with its charset: "html", ".html" and
 * "page.html" are all "text/html; charset=utf-8". An extension that is not
 * known is "application/octet-stream". (Express: res.type.) */
int yoke_res_type(yoke_res *res, const char *type);

/* Adds to `Vary`, one name or several with commas, what is not there yet; "*"
 * takes the place of all others. (Express: res.vary.) */
int yoke_res_vary(yoke_res *res, const char *fields);

/* Adds a link to `Link`: <url>; rel="rel". Bytes that may not stand in a URL
 * are percent-encoded. (Express: res.links, one by one.) */
int yoke_res_link(yoke_res *res, const char *rel, const char *url);

/* Sets `Location`. Bytes that may not stand in a URL are percent-encoded; what
 * is encoded stays so. (Express: res.location.) */
int yoke_res_location(yoke_res *res, const char *url);

/* Says that the answer is a file to be saved: `Content-Disposition`. Of
 * `filename`, which may be NULL, the part behind the last slash is sent, in
 * ASCII, each other letter a "?", and if it has such letters in UTF-8 too (RFC
 * 6266). Of what is not UTF-8 each byte beyond ASCII is a "?", and nothing else
 * is sent. Its extension sets the type. (Express: res.attachment.) */
int yoke_res_attachment(yoke_res *res, const char *filename);

/* ---- Before and behind the answer ---- */

/* Sends `103 Early Hints` with links that the client may fetch while the
 * handler works: `yoke_res_early_hints(res, "</a.css>; rel=preload; as=style")`.
 * Can be sent several times, before the answer. Not to an HTTP/1.0 client, which
 * would not understand it: then nothing is sent, and 0 returned. -YOKE_ECLOSED
 * when the client has gone. The second form takes a list that NULL ends. (RFC
 * 8297; Node: res.writeEarlyHints.) */
#define yoke_res_early_hints(res, ...)                                         \
    yoke_res_early_hints_of((res), YOKE_TEXTS_(__VA_ARGS__, NULL))
int yoke_res_early_hints_of(yoke_res *res, const char *const *links);

/* Adds a trailer field, sent behind the last piece of an answer in pieces
 * (`yoke_res_write`); say so before in the field `Trailer`. An answer that is
 * not chunked has no room for one: it is left out. Fields that frame the
 * message, route it, say who asks, or describe the body are refused (RFC 9110
 * section 6.5.1): -YOKE_EHEADER, a line in the log, and the answer goes on
 * without it. At most 32: -YOKE_EFULL for one more. -YOKE_EANSWERED after the
 * end. (Node: res.addTrailers.) */
int yoke_res_trailer(yoke_res *res, const char *name, const char *value);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
