/* Text made fit to stand inside another language. In the request's arena; text
 * that needs nothing is returned as it is. */
#ifndef YK_APP_ESCAPE_H
#define YK_APP_ESCAPE_H

struct yoke_req;

/* For HTML, in text and in attributes with quotes: & < > " ' become references.
 */
const char *yk_escape_html(struct yoke_req *req, const char *text);

/* What a character becomes there; NULL: itself. */
const char *yk_escape_html_char(char c);

/* For a JSON string: quotes, backslashes and control characters. */
const char *yk_escape_json(struct yoke_req *req, const char *text);

#endif
