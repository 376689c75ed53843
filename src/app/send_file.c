/* The way of a file: open it, set the fields that describe it, see whether the
 * client needs it at all or only a part, and hand its descriptor to the
 * exchange, which says when it has been sent. */
#include "app/send_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/file.h>
#include <yoke/value.h>

#include "app/delay.h"
#include "app/file_fields.h"
#include "app/file_open.h"
#include "app/fresh.h"
#include "app/range.h"
#include "app/req.h"
#include "core/arena.h"
#include "core/cleanup.h"
#include "http/status.h"
#include "net/later.h"

#include "core/banned.h"

/* A file from this size on is read ahead from the disk. */
#define READ_AHEAD_MIN (128 * 1024)
/* Bytes of a file that go through filters at a time. */
#define PUMP_BLOCK     (32 * 1024)

/* A file that is on its way; in the arena. */
struct yk_sending {
    int fd;
    struct yoke_file options;
    struct stat stat;
    uint64_t off, len; /* The part that is sent. */
    unsigned set;      /* Of app/file_fields.h. */
    /* When the answer has filters, and so the file goes through memory: */
    yoke_res *res;
    struct yk_later next; /* Reads the next block. */
};

/* ---- When it goes wrong ---- */

static int status_of(int err)
{
    switch (err) {
    case -ENOENT:
    case -EISDIR:
        return 404;
    case -EACCES:
    case -EXDEV:
        return 403;
    case -YOKE_ECONDITION:
        return 412;
    case -YOKE_ERANGE:
        return 416;
    case -EAGAIN:
        return 503;
    default:
        return 500;
    }
}

/* Nothing has been sent: the error goes to `done`, or down the stack. */
static int fail(yoke_res *res, struct yk_sending *sending, int err)
{
    yoke_req *req = res->req;
    yk_close_fd(&sending->fd);
    yk_file_fields_forget(res, sending->set);
    if (sending->options.done)
        sending->options.done(req, res, err, sending->options.data);
    else
        yoke_next_err(req, status_of(err), "a file cannot be sent: %s",
                      yoke_strerror(err));
    return err;
}

/* ---- What of it the client needs ---- */

static bool is_get(const yoke_req *req)
{
    return strcmp(yoke_req_method(req), "GET") == 0;
}

static bool is_ok(const yoke_res *res)
{
    int status = yoke_res_get_status(res);
    return (status >= 200 && status < 300) || status == 304;
}

/* A unit that is not known is as good as none (RFC 9110 section 14.2). */
static bool is_in_bytes(const yoke_req *req)
{
    static const char start[] = "bytes=";
    const char *range = yoke_req_get(req, "Range");
    return range && strncasecmp(range, start, sizeof(start) - 1) == 0;
}

/* Cuts the answer down to the part that `Range` asks for. */
static int take_range(yoke_res *res, struct yk_sending *sending)
{
    yoke_req *req = res->req;
    struct yoke_ranges ranges;
    uint64_t size = sending->len;
    if (sending->options.no_ranges || !is_get(req) || !is_in_bytes(req) ||
        yoke_res_get_status(res) != 200 || !yk_fresh_may_range(req))
        return 0;
    int n = yoke_req_range(req, size, &ranges);
    if (n == 0 || n == -EINVAL)
        return 0;
    if (n == -ERANGE) {
        yoke_res_set(
            res, "Content-Range",
            yoke_req_printf(req, "bytes */%llu", (unsigned long long)size));
        return -YOKE_ERANGE;
    }
    yoke_ranges_combine(&ranges);
    if (ranges.count != 1)
        return 0;
    sending->off = ranges.items[0].start;
    sending->len = ranges.items[0].end - ranges.items[0].start + 1;
    yoke_res_status(res, 206);
    yoke_res_set(res, "Content-Range",
                 yoke_req_printf(req, "bytes %llu-%llu/%llu",
                                 (unsigned long long)ranges.items[0].start,
                                 (unsigned long long)ranges.items[0].end,
                                 (unsigned long long)size));
    return 0;
}

/* All is done, one way or the other; who wants to know is told. */
static void tell(yoke_req *req, const struct yoke_file *options, int err)
{
    if (options->done)
        options->done(req, &req->res, err, options->data);
}

/* The handler, or who looks at the head, has set something illegal. */
static int answer_broken(yoke_res *res, struct yk_sending *sending)
{
    res->req->sending = NULL;
    yk_close_fd(&sending->fd);
    int err = yk_res_answer(res, YK_TYPE_TEXT, "", 0);
    tell(res->req, &sending->options, err);
    return err;
}

/* Ends the answer without the file: the client's copy is good, or the answer
 * has no body. */
static int answer_without(yoke_res *res, struct yk_sending *sending, int status)
{
    struct yk_exchange *x = res->req->x;
    yk_close_fd(&sending->fd);
    if (status == 304) {
        yk_headers_remove(&x->headers, YK_LIT("Content-Type"));
        yk_headers_remove(&x->headers, YK_LIT("Content-Encoding"));
        yk_headers_remove(&x->headers, YK_LIT("Content-Language"));
        yoke_res_status(res, status);
    }
    /* HEAD is told the length that GET would have. */
    x->content_length = x->request->is_head && yk_status_has_body(status)
                            ? (int64_t)sending->len
                            : -1;
    int err = yoke_res_end(res);
    tell(res->req, &sending->options, err);
    return err;
}

/* ---- Through filters ----
 *
 * Block by block, one for each turn of the loop, as the client takes them:
 * filters cost time, and others are to be served in between. */

static ssize_t send_block(struct yk_sending *sending)
{
    char block[PUMP_BLOCK];
    size_t len =
        sending->len < sizeof(block) ? (size_t)sending->len : sizeof(block);
    ssize_t n = pread(sending->fd, block, len, (off_t)sending->off);
    if (n <= 0)
        return n < 0 ? -errno : -EIO;
    sending->off += (uint64_t)n;
    sending->len -= (uint64_t)n;
    return yoke_res_write(sending->res, block, (size_t)n);
}

static void pump(struct yk_later *later)
{
    struct yk_sending *sending =
        YK_CONTAINER_OF(later, struct yk_sending, next);
    yoke_req *req = sending->res->req;
    ssize_t waiting = send_block(sending);
    if (waiting < 0) {
        yk_exchange_cut(req->x);
        yk_send_file_over(req, (int)waiting);
    } else if (sending->len == 0) {
        yk_send_file_over(req, 0);
    } else if ((size_t)waiting <= req->x->limits->high_water) {
        yk_later_start(later);
    }
}

/* There is room again; or there will never be. */
void yk_send_file_go_on(struct yoke_req *req)
{
    if (req->sending && req->sending->res)
        yk_later_start(&req->sending->next);
}

static int answer_through_filters(yoke_res *res, struct yk_sending *sending)
{
    sending->res = res;
    yk_later_init(&sending->next, pump);
    if (sending->len > 0)
        yk_send_file_go_on(res->req);
    else
        yk_send_file_over(res->req, 0);
    return 0;
}

int yk_send_file_begun(yoke_res *res, struct yk_sending *sending)
{
    yoke_req *req = res->req;
    if (res->broken)
        return answer_broken(res, sending);
    if (sending->len >= READ_AHEAD_MIN)
        posix_fadvise(sending->fd, (off_t)sending->off, (off_t)sending->len,
                      POSIX_FADV_WILLNEED);
    if (res->filtering)
        return answer_through_filters(res, sending);
    int err =
        yk_exchange_send_file(req->x, sending->fd, sending->off, sending->len);
    if (err < 0)
        yk_send_file_over(req, err);
    return err;
}

static int answer_with(yoke_res *res, struct yk_sending *sending)
{
    res->req->sending = sending;
    res->req->needs_release = true;
    if (yk_res_is_watched(res))
        yk_res_begin(res, (int64_t)sending->len);
    return res->delay ? yk_delay_file(res, sending)
                      : yk_send_file_begun(res, sending);
}

void yk_send_file_cancel(struct yoke_req *req, int err)
{
    struct yk_sending *sending = req->sending;
    req->sending = NULL;
    if (!sending)
        return;
    yk_close_fd(&sending->fd);
    tell(req, &sending->options, err);
}

void yk_send_file_over(struct yoke_req *req, int err)
{
    struct yk_sending *sending = req->sending;
    req->sending = NULL;
    if (!sending)
        return;
    yk_close_fd(&sending->fd);
    if (err < 0 && err != -YOKE_ECLOSED)
        yk_req_log(req, YOKE_LOG_ERROR,
                   "a file could not be sent to its end: %s",
                   yoke_strerror(err));
    if (!req->x->is_ended)
        yoke_res_end(&req->res);
    tell(req, &sending->options, err);
}

void yk_send_file_drop(struct yoke_req *req)
{
    if (req->sending && req->sending->res)
        yk_later_stop(&req->sending->next);
    if (req->sending)
        yk_close_fd(&req->sending->fd);
    req->sending = NULL;
}

static int send_it(yoke_res *res, struct yk_sending *sending)
{
    yoke_req *req = res->req;
    if (is_ok(res)) {
        if (!yk_fresh_may_go_on(req))
            return fail(res, sending, -YOKE_ECONDITION);
        if (yk_fresh(req))
            return answer_without(res, sending, 304);
    }
    int err = take_range(res, sending);
    if (err < 0)
        return fail(res, sending, err);
    if (req->x->request->is_head || !yk_status_has_body(req->x->status))
        return answer_without(res, sending, req->x->status);
    return answer_with(res, sending);
}

/* ---- Finding it ---- */

/* 0, or why the path is not looked for at all. */
static int check_path(yoke_res *res, const char *path,
                      const struct yoke_file *options)
{
    if (!path || (!options->root && *path != '/')) {
        yk_req_log(res->req, YOKE_LOG_ERROR,
                   "yoke_res_send_file: the path must be absolute, or .root be "
                   "set");
        return -EINVAL;
    }
    if (yk_file_has_parent(path))
        return -EXDEV;
    if (options->dotfiles == YOKE_DOTFILES_ALLOW || !yk_file_has_dotfile(path))
        return 0;
    return options->dotfiles == YOKE_DOTFILES_DENY ? -EACCES : -ENOENT;
}

static int start(yoke_res *res, const char *path, struct yk_sending *sending)
{
    int err = check_path(res, path, &sending->options);
    if (err == 0)
        err = yk_file_open(sending->options.root, path, &sending->fd,
                           &sending->stat);
    if (err < 0)
        return fail(res, sending, err);
    sending->len = (uint64_t)sending->stat.st_size;
    yk_file_fields_set(res, path, &sending->options, &sending->stat,
                       &sending->set);
    return res->broken ? answer_broken(res, sending) : send_it(res, sending);
}

static struct yk_sending *sending_new(yoke_res *res,
                                      const struct yoke_file *options)
{
    struct yk_sending *sending =
        yk_arena_alloc(res->req->x->arena, sizeof(*sending));
    *sending = (struct yk_sending){.fd = -1, .options = *options};
    return sending;
}

/* A second answer, which is refused as any other. */
static int refuse(yoke_res *res, const struct yoke_file *options)
{
    int err = yk_res_answer(res, YK_TYPE_TEXT, "", 0);
    tell(res->req, options, err);
    return err;
}

int yoke_res_send_file_with(yoke_res *res, const char *path,
                            const struct yoke_file *options)
{
    if (yoke_res_is_sent(res))
        return refuse(res, options);
    yoke_hold(res->req);
    return start(res, path, sending_new(res, options));
}

int yoke_res_download_with(yoke_res *res, const char *path,
                           const char *filename,
                           const struct yoke_file *options)
{
    if (yoke_res_is_sent(res))
        return refuse(res, options);
    struct yk_sending *sending = sending_new(res, options);
    yoke_hold(res->req);
    if (!filename)
        filename = path ? path : "";
    yk_file_fields_name(res, filename, &sending->set);
    return start(res, path, sending);
}
