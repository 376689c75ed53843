/* Errors of yoke: one list, names and texts together.
 *
 * Every function of yoke that can fail returns an int: 0 or a count on
 * success, a negative number on failure. The number is either `-errno` as the
 * system gave it (`-EADDRINUSE`) or one of the codes below, negated in the same
 * way (`-YOKE_EANSWERED`); they lie outside errno's range. `yoke_strerror` has
 * a text for both. */
#ifndef YOKE_ERROR_H
#define YOKE_ERROR_H

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* name, number, text */
#define YOKE_ERROR_MAP(XX)                                                     \
    XX(EANSWERED, 20001, "the request has already been answered")              \
    XX(EHEADER, 20002, "not a legal header name or value")                     \
    XX(ESTATUS, 20003, "status code is not between 200 and 999")               \
    XX(ELENGTH, 20004, "more bytes written than Content-Length promised")      \
    XX(ECLOSED, 20005, "the other side has closed the connection")             \
    XX(ETOOLARGE, 20006, "larger than the limit")                              \
    XX(EROLE, 20008, "this process has the wrong role for that call")          \
    XX(ESTARTED, 20009, "too late: this can only be set before the start")     \
    XX(ECHANNEL, 20010, "the channel between primary and worker is closed")    \
    XX(EFULL, 20011, "the queue is full")                                      \
    XX(ESTARTUP, 20012, "a worker could not start")                            \
    XX(EESCAPE, 20013, "a percent sign is not followed by two hex digits")     \
    XX(ECONDITION, 20021, "a condition of the request does not hold")          \
    XX(ERANGE, 20022, "the requested range lies outside of the file")          \
    XX(EUNAVAILABLE, 20031, "the store is not available")                      \
    XX(ECONFLICT, 20032, "somebody else has changed it, or has it")

enum yoke_error {
#define XX(name, number, text) YOKE_##name = number,
    YOKE_ERROR_MAP(XX)
#undef XX
};

/* The text for `err`, a negative code from any yoke function. Never NULL; the
 * string is static. */
const char *yoke_strerror(int err);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
