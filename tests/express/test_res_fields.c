/* Express: test/res.links.js, test/res.vary.js, test/res.append.js,
 * test/res.set.js, test/res.get.js, test/res.type.js and
 * test/res.attachment.js. Lists, objects and numbers as arguments are
 * JavaScript's. */
#include "express.h"

static void links(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_link(res, "next", "http://api.example.com/users?page=2");
    yoke_res_link(res, "last", "http://api.example.com/users?page=5");
    yoke_res_end(res);
}

static void links_of_one_rel(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_link(res, "last", "/5");
    yoke_res_link(res, "last", "/1");
    yoke_res_link(res, "prev", "/a b");
    yoke_res_end(res);
}

static void vary(yoke_req *req, yoke_res *res)
{
    yoke_res_vary(res, yoke_data(req));
    yoke_res_end(res);
}

static void vary_often(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_vary(res, "Accept");
    yoke_res_vary(res, "Accept-Encoding");
    yoke_res_vary(res, "accept-encoding");
    yoke_res_vary(res, "Accept");
    yoke_res_end(res);
}

static void vary_on_all(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_vary(res, "Accept");
    yoke_res_vary(res, "*");
    yoke_res_vary(res, "Origin");
    yoke_res_end(res);
}

static void set(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Type", "text/x-foo; charset=utf-8");
    yoke_res_set(res, "X-Foo", "bar");
    yoke_res_text(res, yoke_res_get(res, "content-type"));
}

static void set_charset(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Type", "text/html; charset=lol");
    yoke_res_end(res);
}

static void set_after_append(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_append(res, "Set-Cookie", "foo=bar");
    yoke_res_append(res, "Set-Cookie", "fizz=buzz");
    yoke_res_set(res, "Set-Cookie", "pet=tobi");
    yoke_res_end(res);
}

static void type(yoke_req *req, yoke_res *res)
{
    yoke_res_type(res, yoke_data(req));
    yoke_res_end(res);
}

static void attachment(yoke_req *req, yoke_res *res)
{
    yoke_res_attachment(res, yoke_data(req));
    yoke_res_text(res, "foo");
}

#define TYPE(name, text, sent)                                                 \
    {                                                                          \
        "type: " name, type, .data = text, .answered = {                       \
            {"Content-Type", sent}                                             \
        }                                                                      \
    }
#define SAVED(name, file, sent)                                                \
    {                                                                          \
        "attachment: " name, attachment, .data = file, .body = "foo",          \
                                         .answered = {                         \
                                             {"Content-Disposition", sent}     \
                                         }                                     \
    }
#define JAPANESE "/locales/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e.txt"

static const struct express_case cases[] = {
    {"links: several", links,
     .answered = {{"Link", "<http://api.example.com/users?page=2>; "
                           "rel=\"next\", "
                           "<http://api.example.com/users?page=5>; "
                           "rel=\"last\""}}},
    {"links: several of one relation, encoded", links_of_one_rel,
     .answered = {{"Link", "</5>; rel=\"last\", </1>; rel=\"last\", "
                           "</a%20b>; rel=\"prev\""}}},

    {"vary: no field", vary, .data = "", .status = 500},
    {"vary: several", vary, .data = "Accept, Accept-Language, Accept-Encoding",
     .answered = {{"Vary", "Accept, Accept-Language, Accept-Encoding"}}},
    {"vary: one", vary, .data = "Accept", .answered = {{"Vary", "Accept"}}},
    {"vary: none twice", vary_often,
     .answered = {{"Vary", "Accept, Accept-Encoding"}}},
    {"vary: on everything", vary_on_all, .answered = {{"Vary", "*"}}},

    {"set: a field, which can be read", set,
     .body = "text/x-foo; charset=utf-8",
     .answered = {{"Content-Type", "text/x-foo; charset=utf-8"},
                  {"X-Foo", "bar"}}},
    {"set: a charset stays", set_charset,
     .answered = {{"Content-Type", "text/html; charset=lol"}}},
    {"set: takes the place of what was appended", set_after_append,
     .answered = {{"Set-Cookie", "pet=tobi"}}},

    TYPE("a file's name", "foo.js", "text/javascript; charset=utf-8"),
    TYPE("an unknown one", "rawr", "application/octet-stream"),
    TYPE("a type", "application/vnd.amazon.ebook",
         "application/vnd.amazon.ebook"),
    TYPE("none", "", "application/octet-stream"),
    TYPE("an extension with its dot", ".json",
         "application/json; charset=utf-8"),
    TYPE("two extensions", "file.tar.gz", "application/gzip"),
    TYPE("in upper case", "FILE.JSON", "application/json; charset=utf-8"),
    TYPE("behind odd characters", "file@test.json",
         "application/json; charset=utf-8"),

    SAVED("without a name", NULL, "attachment"),
    SAVED("with a name", "/path/to/image.png",
          "attachment; filename=image.png"),
    SAVED("a name that is no token", "/path/to/my report.png",
          "attachment; filename=\"my report.png\""),
    SAVED("an empty name", "", "attachment; filename=\"\""),
    SAVED("a name beyond ASCII", JAPANESE,
          "attachment; filename=\"???.txt\"; "
          "filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.txt"),
    SAVED("a name of Latin letters", "/locales/caf\xc3\xa9.txt",
          "attachment; filename=\"caf?.txt\"; filename*=UTF-8''caf%C3%A9.txt"),
    SAVED("a name with an escape in it", "/a%20b.txt",
          "attachment; filename=\"a%20b.txt\"; filename*=UTF-8''a%2520b.txt"),
    SAVED("a name with quotes", "/say \"hi\".txt",
          "attachment; filename=\"say \\\"hi\\\".txt\""),
    {"attachment: its type", attachment, .data = "/path/to/image.png",
     .answered = {{"Content-Type", "image/png"}}},
    {"attachment: its type, beyond ASCII", attachment, .data = JAPANESE,
     .answered = {{"Content-Type", "text/plain; charset=utf-8"}}},
};

EXPRESS_MAIN("res.set")
