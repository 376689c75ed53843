/* In the steady state a request costs no malloc: 1,000 requests on a keep-alive
 * connection over a real socket, and every call of the allocator is counted,
 * whoever makes it. Under AddressSanitizer the pools do not reuse their blocks,
 * on purpose; there each request must free as much as it takes. */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

#include <yoke/yoke.h>

/* Counted by the functions below. */
static long allocations, releases;

#if defined(__SANITIZE_ADDRESS__)
#    define IS_SANITIZED 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define IS_SANITIZED 1
#    endif
#endif

#ifdef IS_SANITIZED

int __sanitizer_install_malloc_and_free_hooks(
    void (*on_malloc)(const volatile void *, size_t),
    void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *ptr, size_t size)
{
    (void)ptr;
    (void)size;
    allocations++;
}

static void on_free(const volatile void *ptr)
{
    if (ptr)
        releases++;
}

static void count_allocations(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

#else

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *ptr, size_t size);

/* The allocator's own names, for this program and every library in it. */
void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    allocations++;
    return __libc_calloc(n, size);
}

void *realloc(void *ptr, size_t size)
{
    allocations++;
    return __libc_realloc(ptr, size);
}

static void count_allocations(void)
{
}

#endif

static int port;
static yoke_server *server;

static void get(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "X-Param", yoke_req_param(req, "id"));
    yoke_res_text(res, yoke_req_printf(req, "%s %s", yoke_req_ip(req),
                                       yoke_req_query(req, "q")));
}

static void post(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_send(res, body, len);
}

/* ---- Routing: hooks, wildcards, constraints, mounts, rewriting ---- */

static void look_up(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_param_set_data(req, yoke_req_strdup(req, yoke_param_value(req)));
    yoke_next(req);
}

static void get_deep(yoke_req *req, yoke_res *res)
{
    size_t count;
    const char *const *parts = yoke_req_param_parts(req, "path", &count);
    yoke_res_text(res, yoke_req_printf(req, "deep %s %zu %s %s %s",
                                       (char *)yoke_req_param_data(req, "user"),
                                       count, parts[0],
                                       yoke_req_route_full_path(req),
                                       yoke_req_base_url(req)));
}

static void rewrite(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_req_set_method(req, "GET");
    yoke_req_set_url(req, "/in/7/a/x%2Fy/z?q=1");
    yoke_next(req);
}

static void add_routes(yoke_app *app)
{
    yoke_app *inner = yoke_app_new();
    yoke_router *router = yoke_router_new(.merge_params = true);
    yoke_app_param(inner, "user", look_up);
    yoke_router_get(router, "/:a-:b{.:ext}/*path", get_deep);
    yoke_router_get(router, "/a/*path", get_deep);
    yoke_app_use_router(inner, "/:user<uint>", router);
    yoke_app_delete(app, "/old", rewrite);
    yoke_app_mount(app, "/in", inner);
}

/* ---- Negotiation, cookies, signatures, entity tags, typed values ---- */

static void rich(yoke_req *req, yoke_res *res)
{
    int64_t page = 0;
    const char *type = yoke_req_accepts(req, "html", "json");
    yoke_res_vary(res, "Accept");
    yoke_res_cookie(res, "a", yoke_req_cookie(req, "a"), .is_signed = true,
                    .max_age_s = 60);
    assert_null(yoke_req_signed_cookie(req, "b"));
    if (yoke_req_int_or(req, YOKE_QUERY, "page", 1, 9, 1, &page))
        yoke_res_text(res, yoke_req_printf(req, "%s %d %s", type, (int)page,
                                           yoke_req_hostname(req)));
}

static void add_rich(yoke_app *app)
{
    yoke_app_get(app, "/rich", rich);
    yoke_app_set_str(app, "etag", "weak");
    yoke_app_cookie_secrets(app, "new", "old");
}

/* ---- Middleware ---- */

static void show_form(yoke_req *req, yoke_res *res)
{
    const char *a = yoke_req_form(req, "a");
    const struct yoke_upload *file = yoke_req_upload(req, "f");
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_text(res, yoke_req_printf(req, "%s %s %s.", yoke_req_method(req),
                                       a ? a : body, file ? file->ptr : "-"));
}

static void show_id(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_id(req));
}

static void add_middleware(yoke_app *app)
{
    yoke_app_use_at(app, "/form",
                    yoke_rate_limit(.limit = 1000000, .no_fields = true),
                    yoke_csrf(), yoke_method_override(), yoke_urlencoded(),
                    yoke_text(), yoke_multipart());
    yoke_app_all(app, "/form", show_form);
    yoke_app_use_at(app, "/site", yoke_access_log(.path = "/dev/null"),
                    yoke_request_id(.accepts_theirs = true),
                    yoke_secure_headers(), yoke_cors(), yoke_compress(),
                    yoke_timeout(5000));
    yoke_app_get(app, "/site", show_id);
}

static void on_listening(yoke_server *s, const struct yoke_address *addr,
                         void *data)
{
    (void)data;
    server = s;
    port = addr->port;
}

static void start(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/get/:id", get);
    yoke_app_post(app, "/post", yoke_body, post);
    add_routes(app);
    add_rich(app);
    add_middleware(app);
    yoke_app_listen(app, .host = "127.0.0.1", .on_listening = on_listening);
    while (!port)
        uv_run((uv_loop_t *)yoke_loop(), UV_RUN_ONCE);
}

static int connect_client(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

/* Sends a request and lets the server run until its answer is here. */
static size_t ask(int fd, const char *text, size_t len, char *answer,
                  size_t size)
{
    ssize_t n;
    assert_int_equal(send(fd, text, len, 0), (ssize_t)len);
    do {
        uv_run((uv_loop_t *)yoke_loop(), UV_RUN_NOWAIT);
        n = recv(fd, answer, size, MSG_DONTWAIT);
    } while (n < 0 && errno == EAGAIN);
    assert_true(n > 0);
    return (size_t)n;
}

#define FORM_TYPE "Content-Type: application/x-www-form-urlencoded\r\n"
#define FORMS                                                                  \
    "POST /form HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: PUT\r\n"        \
    "Origin: http://a\r\nContent-Length: 13\r\n" FORM_TYPE "\r\na=x%41y&b=%2B" \
    "POST /form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"         \
    "Content-Type: text/plain\r\n\r\n3\r\nabc\r\n0\r\n\r\n"                    \
    "POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 117\r\n"                \
    "Content-Type: multipart/form-data; boundary=B\r\n\r\n"                    \
    "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"               \
    "--B\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n"        \
    "2\r\n--B--"

static void a_request_costs_no_malloc(void **state)
{
    static const char text[] = "GET /get/7%2F8?q=x+y HTTP/1.1\r\nHost: a\r\n"
                               "User-Agent: test\r\nAccept: */*\r\n\r\n"
                               "POST /post HTTP/1.1\r\nHost: a\r\n"
                               "Content-Length: 11\r\n\r\nhello world"
                               "POST /post HTTP/1.1\r\nHost: a\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n0\r\n\r\n"
                               "GET /in/7/x-y.z/p/q HTTP/1.1\r\n"
                               "Host: a\r\n\r\n"
                               "DELETE /old HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET /in/none HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET /rich?page=3 HTTP/1.1\r\nHost: a:80\r\n"
                               "Accept: text/html;q=0.5, application/json\r\n"
                               "Cookie: a=1; b=s%3A2.x\r\n\r\n"
                               "GET /site HTTP/1.1\r\nHost: a\r\n"
                               "X-Request-Id: id-7\r\n\r\n" FORMS;
    char answer[8000];
    (void)state;
    count_allocations();
    start();
    int fd = connect_client();
    size_t len = ask(fd, text, sizeof(text) - 1, answer, sizeof(answer));
    answer[len] = '\0';
    assert_non_null(strstr(answer, "X-Param: 7/8\r\n"));
    assert_non_null(strstr(answer, "127.0.0.1 x y"));
    assert_non_null(strstr(answer, "hello world"));
    assert_non_null(
        strstr(answer, "deep 7 2 p /in/:user<uint>/:a-:b{.:ext}/*path /in/7"));
    assert_non_null(
        strstr(answer, "deep 7 2 x/y /in/:user<uint>/a/*path /in/7"));
    assert_non_null(strstr(answer, "Cannot GET /in/none"));
    assert_non_null(strstr(answer, "json 3 a"));
    assert_non_null(strstr(answer, "X-Request-Id: id-7\r\n"));
    assert_non_null(strstr(answer, "PUT xAy -."));
    assert_non_null(strstr(answer, "POST abc -."));
    assert_non_null(strstr(answer, "POST 1 2."));

    long allocations_before = allocations, releases_before = releases;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(
            ask(fd, text, sizeof(text) - 1, answer, sizeof(answer)), len);
#ifdef IS_SANITIZED
    assert_int_equal(allocations - allocations_before,
                     releases - releases_before);
#else
    (void)releases_before;
    assert_int_equal(allocations - allocations_before, 0);
#endif
    close(fd);
    yoke_server_stop(server, 0);
    uv_run((uv_loop_t *)yoke_loop(), UV_RUN_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_costs_no_malloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
