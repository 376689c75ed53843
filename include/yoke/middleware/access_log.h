/* A line for each request that has been answered.
 *
 *     yoke_app_use(app, yoke_access_log());
 *     yoke_app_use(app, yoke_access_log(.format = "json",
 *                                       .path = "/var/log/site/access.log"));
 *
 * It stands first, so that it sees all requests, and the time that they take.
 * Lines go to standard output, or to a file that all workers share: each is one
 * write(2) to its end, so lines never mix. What a client has sent is escaped, so
 * that it cannot forge a line or drive a terminal: `\x1b`, `\"`, `\\`; what is very
 * long is cut.
 *
 * The file is opened anew, within a second, when its name has become another
 * file's, or nobody's: so logrotate(8) needs no signal. A disk that is full loses
 * lines, and says so once in yoke's own log; it never keeps a request waiting.
 * (npm: morgan.)
 *
 * Formats: "combined" and "common", Apache's; "json", one object a line; or text
 * with Apache's directives:
 *
 *     %h %a    address of the client (yoke_req_ip)
 *     %l       "-"
 *     %u       user of yoke_basic_auth
 *     %t       [06/Nov/1994:08:49:37 +0000], when the request came; UTC
 *     %{F}t    the same by strftime(3); "%{%FT%TZ}t"
 *     %r       request line
 *     %m %U %q %H   method, path, query with its "?", "HTTP/1.1"
 *     %V       host that was asked for
 *     %s %>s   status; "-" when the client was gone before the head
 *     %b %B    bytes of body sent; "-" or 0 for none
 *     %D %T    time taken, in microseconds, in seconds
 *     %{ms}T   in milliseconds
 *     %X       "X" when the connection was lost, else "+"
 *     %P       process id
 *     %L       name of the request (yoke_req_id)
 *     %R       route that matched, "/users/:id"
 *     %{N}i    header field N of the request
 *     %{N}o    header field N of the answer
 *     %%       %
 */
#ifndef YOKE_MIDDLEWARE_ACCESS_LOG_H
#define YOKE_MIDDLEWARE_ACCESS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default; text is copied. */
struct yoke_access_log_options {
    int reserved_;      /* Leave it; it lets the macro be called without any. */
    const char *format; /* "combined" */
    const char *path;   /* The file, made if it is not there (mode 0640); NULL:
                           standard output. */
    size_t buffer_len;  /* So many bytes of lines are collected before they are
                           written, at most 1 MiB; 0: each line at once. What a
                           crash finds there is lost. */
    uint32_t flush_ms;  /* They wait no longer than this; 1,000. */
    int reopen_signal;  /* The file is opened anew at this signal, too, SIGUSR1
                           for example; 0: none. Each worker has to get it; the primary of
                           yoke_cluster_run passes SIGUSR1 on to all. */
    bool is_immediate;  /* A line when the request comes, so that a crash loses
                           none; status, bytes and time are "-". */
    /* True for a request without a line. */
    bool (*skip)(yoke_req *req, yoke_res *res, void *data);
    /* Gets the lines, with their ends, instead of a file. */
    void (*write)(const char *line, size_t len, void *data);
    void *data; /* Handed to both. */
};

#define yoke_access_log(...)                                                   \
    yoke_access_log_with(YOKE_OPTIONS_(yoke_access_log_options, __VA_ARGS__))
struct yoke_handler
yoke_access_log_with(const struct yoke_access_log_options *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
