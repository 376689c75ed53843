/* What can be wrong with an HTTP/1 request: one list of names, the status that
 * each is answered with, and its text, which the client is told. */
#ifndef YK_HTTP_H1_ERROR_H
#define YK_HTTP_H1_ERROR_H

/* name, status, text */
#define YK_H1_ERROR_MAP(XX)                                                    \
    XX(LINE_END, 400, "a line does not end in CR LF")                          \
    XX(BLANK_LINES, 400, "too many blank lines before the request")            \
    XX(REQUEST_LINE, 400, "malformed request line")                            \
    XX(METHOD, 400, "malformed method")                                        \
    XX(TARGET, 400, "malformed request target")                                \
    XX(TARGET_LONG, 414, "request target too long")                            \
    XX(VERSION, 400, "malformed HTTP version")                                 \
    XX(VERSION_MAJOR, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here")       \
    XX(CONNECT, 501, "CONNECT is not supported")                               \
    XX(FIELD_LINE, 400, "malformed header field")                              \
    XX(FIELD_FOLDED, 400, "folded header field")                               \
    XX(FIELD_VALUE, 400, "control character in a header field")                \
    XX(FIELD_LONG, 431, "header field too long")                               \
    XX(FIELDS_MANY, 431, "too many header fields")                             \
    XX(HEAD_LONG, 431, "request head too long")                                \
    XX(HOST_MISSING, 400, "no Host field")                                     \
    XX(HOST_TWICE, 400, "more than one Host field")                            \
    XX(HOST, 400, "malformed Host")                                            \
    XX(LENGTH_TWICE, 400, "more than one Content-Length field")                \
    XX(LENGTH, 400, "malformed Content-Length")                                \
    XX(LENGTH_AND_CODING, 400, "both Content-Length and Transfer-Encoding")    \
    XX(CODING_TWICE, 400, "more than one Transfer-Encoding field")             \
    XX(CODING, 400, "malformed Transfer-Encoding")                             \
    XX(CODING_1_0, 400, "Transfer-Encoding in HTTP/1.0")                       \
    XX(CODING_UNKNOWN, 501, "unknown transfer coding")                         \
    XX(EXPECT, 417, "unknown expectation")                                     \
    XX(CHUNK_SIZE, 400, "malformed chunk size")                                \
    XX(CHUNK_EXT, 400, "malformed chunk extension")                            \
    XX(CHUNK_EXT_LONG, 413, "chunk extensions too long")                       \
    XX(CHUNK_END, 400, "chunk data is not followed by CR LF")                  \
    XX(TRAILER_LONG, 431, "trailer section too long")                          \
    XX(TRUNCATED, 400, "the body ended too early")                             \
    XX(TIMEOUT, 408, "the request took too long")                              \
    XX(TOO_SLOW, 408, "the body came too slowly")                              \
    XX(OVERLOADED, 503, "too many connections")

enum yk_h1_error {
    YK_H1_OK,
#define XX(name, status, text) YK_H1_##name,
    YK_H1_ERROR_MAP(XX)
#undef XX
};

/* The status to answer with, 400 to 505. */
int yk_h1_error_status(enum yk_h1_error error);

/* Most bytes of a text. */
#define YK_H1_ERROR_TEXT_MAX 64

/* The text; static, and free of anything the client sent. */
const char *yk_h1_error_text(enum yk_h1_error error);

#endif
