/* The bodies of error answers: what a client is told when nobody has told it
 * anything better. Plain text, an HTML page or problem details in JSON (RFC
 * 9457), as its Accept says. Never anything of the server's inside. */
#ifndef YK_APP_PROBLEM_H
#define YK_APP_PROBLEM_H

struct yoke_req;

/* An error whose text the client may see. In the arena. */
struct yk_detail {
    const char *message; /* The error's. */
    const char *type;    /* The error's, or NULL. */
};

/* Ends the answer, of which nothing has been sent, with this status and
 * `detail`, a text for the client; NULL: the reason phrase alone. Plain text
 * unless the client would rather have something else. */
int yk_problem_answer(struct yoke_req *req, int status, const char *detail);

/* What the client may be told of the error that is on its way, or NULL. */
const char *yk_problem_detail(const struct yoke_req *req);

#endif
