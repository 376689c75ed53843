/* Whoever wants to know when handlers begin and end (yoke_app_on_layer). A
 * request that nobody watches pays one comparison for each handler. */
#ifndef YK_APP_OBSERVE_H
#define YK_APP_OBSERVE_H

struct yk_observer;
struct yoke_req;

/* The handler of the innermost frame is about to be called. */
void yk_observe_start(struct yoke_req *req);

/* It has answered or passed on, or the request is over. Only after a start that
 * has had no end: `is_observed`. */
void yk_observe_end(struct yoke_req *req);

/* Frees the list. */
void yk_observers_done(struct yk_observer *first);

#endif
