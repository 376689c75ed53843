/* Express: test/res.location.js */
#include "express.h"

static void location(yoke_req *req, yoke_res *res)
{
    yoke_res_location(res, yoke_data(req));
    yoke_res_end(res);
}

#define CASE(name, url, sent)                                                  \
    {                                                                          \
        name, location, .data = url, .body = "", .answered = {                 \
            {"Location", sent}                                                 \
        }                                                                      \
    }
#define SAME(name, url) CASE(name, url, url)

static const struct express_case cases[] = {
    SAME("as it is", "http://google.com/"),
    SAME("no slash is added", "http://google.com"),
    CASE("encoded",
         "https://google.com?q=\xe2\x98\x83 \xc2\xa7"
         "10",
         "https://google.com?q=%E2%98%83%20%C2%A710"),
    CASE("a data URL", "data:text/javascript,export default () => { }",
         "data:text/javascript,export%20default%20()%20=%3E%20%7B%20%7D"),
    SAME("empty", ""),
    SAME("what is encoded stays so", "https://google.com?q=%A710"),
    SAME("a query alone", "?foo=bar"),
    SAME("a fragment alone", "#anchor"),
    SAME("a path of the same folder", "foo/bar"),
    SAME("a backslash stays, so that no list of hosts is fooled",
         "http://google.com\\@apple.com"),
    SAME("the scheme in upper case", "HTTP://google.com\\@apple.com"),
    SAME("https", "https://google.com\\@apple.com"),
    SAME("without a scheme", "//google.com\\@apple.com/"),
    SAME("a backslash in the path", "https://google.com/foo\\bar\\baz"),
    SAME("encoded line ends stay so",
         "http://google.com\\@apple.com/%0d%0afoo:%20bar"),
    SAME("encoded unicode stays so", "https://google.com/%e2%98%83"),
    SAME("encoded unicode behind an odd host",
         "http://google.com\\@apple.com/%e2%98%83"),
    SAME("characters that some take for the host's end",
         "http://google.com'.bb.com/"),
    SAME("a port that is none", "http://google.com:foo/"),
    SAME("a file", "file:///etc\\passwd"),
};

EXPRESS_MAIN("res.location")
