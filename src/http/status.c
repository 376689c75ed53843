#include "http/status.h"

#define STATUS_MAP(XX)                                                         \
    XX(100, "Continue")                                                        \
    XX(101, "Switching Protocols")                                             \
    XX(102, "Processing")                                                      \
    XX(103, "Early Hints")                                                     \
    XX(200, "OK")                                                              \
    XX(201, "Created")                                                         \
    XX(202, "Accepted")                                                        \
    XX(203, "Non-Authoritative Information")                                   \
    XX(204, "No Content")                                                      \
    XX(205, "Reset Content")                                                   \
    XX(206, "Partial Content")                                                 \
    XX(207, "Multi-Status")                                                    \
    XX(208, "Already Reported")                                                \
    XX(226, "IM Used")                                                         \
    XX(300, "Multiple Choices")                                                \
    XX(301, "Moved Permanently")                                               \
    XX(302, "Found")                                                           \
    XX(303, "See Other")                                                       \
    XX(304, "Not Modified")                                                    \
    XX(305, "Use Proxy")                                                       \
    XX(307, "Temporary Redirect")                                              \
    XX(308, "Permanent Redirect")                                              \
    XX(400, "Bad Request")                                                     \
    XX(401, "Unauthorized")                                                    \
    XX(402, "Payment Required")                                                \
    XX(403, "Forbidden")                                                       \
    XX(404, "Not Found")                                                       \
    XX(405, "Method Not Allowed")                                              \
    XX(406, "Not Acceptable")                                                  \
    XX(407, "Proxy Authentication Required")                                   \
    XX(408, "Request Timeout")                                                 \
    XX(409, "Conflict")                                                        \
    XX(410, "Gone")                                                            \
    XX(411, "Length Required")                                                 \
    XX(412, "Precondition Failed")                                             \
    XX(413, "Content Too Large")                                               \
    XX(414, "URI Too Long")                                                    \
    XX(415, "Unsupported Media Type")                                          \
    XX(416, "Range Not Satisfiable")                                           \
    XX(417, "Expectation Failed")                                              \
    XX(418, "I'm a teapot")                                                    \
    XX(421, "Misdirected Request")                                             \
    XX(422, "Unprocessable Content")                                           \
    XX(423, "Locked")                                                          \
    XX(424, "Failed Dependency")                                               \
    XX(425, "Too Early")                                                       \
    XX(426, "Upgrade Required")                                                \
    XX(428, "Precondition Required")                                           \
    XX(429, "Too Many Requests")                                               \
    XX(431, "Request Header Fields Too Large")                                 \
    XX(451, "Unavailable For Legal Reasons")                                   \
    XX(500, "Internal Server Error")                                           \
    XX(501, "Not Implemented")                                                 \
    XX(502, "Bad Gateway")                                                     \
    XX(503, "Service Unavailable")                                             \
    XX(504, "Gateway Timeout")                                                 \
    XX(505, "HTTP Version Not Supported")                                      \
    XX(506, "Variant Also Negotiates")                                         \
    XX(507, "Insufficient Storage")                                            \
    XX(508, "Loop Detected")                                                   \
    XX(510, "Not Extended")                                                    \
    XX(511, "Network Authentication Required")

/* "HTTP/1.1 404 " before the phrase, CR LF behind it. */
#define PREFIX_LEN 13
#define TITLE_OFF  9
#define SUFFIX_LEN 2

#define FIRST 100
#define LAST  511

static const struct yk_slice lines[LAST - FIRST + 1] = {
#define XX(code, reason)                                                       \
    [code - FIRST] = {"HTTP/1.1 " #code " " reason "\r\n",                     \
                      sizeof(reason) - 1 + PREFIX_LEN + SUFFIX_LEN},
    STATUS_MAP(XX)
#undef XX
};

struct yk_slice yk_status_line(int status)
{
    if (status < FIRST || status > LAST)
        return (struct yk_slice){NULL, 0};
    return lines[status - FIRST];
}

/* The line from `off` on. */
static struct yk_slice rest_of_line(int status, size_t off)
{
    struct yk_slice line = yk_status_line(status);
    if (!line.ptr)
        return YK_LIT("");
    return (struct yk_slice){line.ptr + off, line.len - off - SUFFIX_LEN};
}

struct yk_slice yk_status_reason(int status)
{
    return rest_of_line(status, PREFIX_LEN);
}

struct yk_slice yk_status_title(int status)
{
    return rest_of_line(status, TITLE_OFF);
}
