/* A site behind all the middleware that reads a request's head: whatever a
 * client sends, the answer is well-formed, no file from outside is in it, and
 * the lines of its access logs are whole.
 *
 * The first line of an input is the target, each further one a header field; the
 * first choice is the method, and whether every visitor has a session, which each
 * answer waits for. */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <yoke/yoke.h>

#define SECRET "nobody may see this"

static const struct {
    const char *name, *text; /* text NULL: a folder. */
} files[] = {
    {"root", NULL},
    {"root/index.html", "<p>index</p>"},
    {"root/a.txt", "plain"},
    {"root/a.txt.gz", "packed"},
    {"root/a.txt.br", "packed"},
    {"root/.hidden", "hidden"},
    {"root/sub", NULL},
    {"root/sub/page.html", "page"},
    {"secret", SECRET},
};

static char folder[] = "/tmp/yoke-fuzz-XXXXXX", root[64];
static char large[4000];

static void remove_files(void)
{
    char path[128];
    for (size_t i = sizeof(files) / sizeof(files[0]); i-- > 0;) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        remove(path);
    }
    rmdir(folder);
}

static void make_files(void)
{
    char path[128];
    if (!mkdtemp(folder))
        abort();
    atexit(remove_files);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        if (!files[i].text) {
            mkdir(path, 0700);
            continue;
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, files[i].text, strlen(files[i].text)) < 0)
            abort();
        close(fd);
    }
    snprintf(root, sizeof(root), "%s/root", folder);
    memset(large, 'x', sizeof(large) - 1);
}

static void check_line(const char *line, size_t len, void *data)
{
    const char *kind = data;
    MUST(len > 0 && line[len - 1] == '\n', "a line has an end");
    for (size_t i = 0; i + 1 < len; i++)
        MUST((unsigned char)line[i] >= 0x20 && line[i] != 0x7f,
             "a line has no control characters");
    if (strcmp(kind, "json") != 0)
        return;
    json_t *value = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    MUST(json_is_object(value), "a line of JSON is JSON");
    json_decref(value);
}

static void answer_large(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, large);
}

static yoke_store *the_store(void)
{
    static yoke_store *store;
    if (!store)
        store = yoke_store_open(.url = "memory:");
    return store;
}

static yoke_app *make_site(bool has_sessions)
{
    static char json[] = "json", combined[] = "combined";
    yoke_app *app = yoke_app_new(), *blog = yoke_app_new();
    yoke_app_use(
        app, yoke_access_log(.format = json, .write = check_line, .data = json),
        yoke_access_log(.format = combined, .write = check_line,
                        .data = combined),
        yoke_request_id(.accepts_theirs = true),
        yoke_secure_headers(.content_security_policy = "script-src '{nonce}'"),
        yoke_cors(.origins =
                      YOKE_TEXTS("https://a.example", "https://*.b.example"),
                  .credentials = true),
        yoke_compress(.threshold = 1), yoke_timeout(1000));
    yoke_app_cookie_secrets(app, "of the fuzzer");
    if (has_sessions)
        yoke_app_use(app, yoke_session(.store = the_store(), .ttl_s = 1,
                                       .saves_empty = true));
    yoke_app_get(blog, "/", answer_large);
    yoke_app_vhost(app, "*.blog.*", blog);
    yoke_app_get(app, "/large", answer_large);
    yoke_app_use_at(app, "/admin",
                    yoke_basic_auth(.users = (const struct yoke_basic_user[]){
                                        {"ada", "secret"}, {NULL, NULL}}));
    yoke_app_use_at(app, "/files",
                    yoke_static(root, .is_precompressed = true,
                                .extensions = YOKE_TEXTS("html"),
                                .lists_folders = true));
    yoke_app_use(app, yoke_static(root, .no_fallthrough = true));
    return app;
}

/* The next line, as a string of its own; NULL at the end. */
static char *next_line(struct yk_slice *text)
{
    if (text->len == 0)
        return NULL;
    const char *end = memchr(text->ptr, '\n', text->len);
    size_t len = end ? (size_t)(end - text->ptr) : text->len;
    char *line = strndup(text->ptr, len);
    len += end != NULL;
    text->ptr += len;
    text->len -= len;
    return line;
}

static void add_fields(yoke_tr *r, struct yk_slice text)
{
    char *line;
    while ((line = next_line(&text))) {
        char *colon = strchr(line, ':');
        if (colon)
            *colon++ = '\0';
        yoke_tr_append(r, line, colon ? colon + (*colon == ' ') : "");
        free(line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS", "POST"};
    static bool is_ready;
    struct fuzz_input in = fuzz_input_of(data, size);
    if (!is_ready)
        make_files();
    is_ready = true;
    char *target = next_line(&in.text);
    if (!target)
        return 0;
    yoke_log_set_level(YOKE_LOG_OFF);
    uint8_t choice = fuzz_choose(&in);
    yoke_test *t = yoke_test_new(make_site(choice & 4));
    yoke_tr *r = yoke_test_request(t, methods[choice & 3], target);
    yoke_tr_unset(r, "Content-Length");
    yoke_tr_unset(r, "Transfer-Encoding");
    add_fields(r, in.text);
    int status = yoke_tr_status(r);
    MUST(status == 0 || status >= 200, "an answer is final");
    /* A head that cannot be read is refused with a body, also if it was HEAD. */
    MUST(status == 0 || status == 400 || !yoke_tr_error(r),
         "the answer is well-formed");
    MUST(status == 0 || !strstr(yoke_tr_text(r), SECRET),
         "no file from outside is sent");
    yoke_test_free(t);
    free(target);
    return 0;
}
