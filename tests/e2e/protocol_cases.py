"""What is right and what is an attack in HTTP/1.1: bytes, and their answer.

Each case stands under its rule of docs/http-rules.md. `bad` cases are answered
with a status and a close, and nothing behind them is read as a request. `good`
ones are answered, leave the connection open, and what follows is answered next;
they are there so that nobody mends a bad case by refusing everything.

Cases are sent to the example `echo` (any method but GET on / answers the body)
or to tests/apps/mirror.c (/seen answers what the handler saw).
"""

# What is sent behind each case, and what answers it.
FOLLOWING = b"GET /following HTTP/1.1\r\nHost: following\r\n\r\n"
FOLLOWING_STATUS = 404

MAX_TARGET = 8192
MAX_HEAD = 16384
MAX_FIELDS = 100
MAX_BODY = 1 << 20


class Case:
    """`statuses` has one status for each answer, or a set of those that are
    all right. `has` are bytes that the last answer's body must contain;
    `ends`: the client closes its side after it; `is_told`: that the server
    closes can be known when it answers, and the answer says so."""

    def __init__(self, rule, name, data, statuses, closes, app="echo", has=b"",
                 ends=False, is_told=True):
        self.rule = rule
        self.name = name
        self.data = data
        self.statuses = statuses
        self.closes = closes
        self.app = app
        self.has = has
        self.ends = ends
        self.is_told = is_told

    def __str__(self):
        return f"{self.rule:02}-{self.name}"


CASES = []
rule = 0  # Of the cases that are being added.


def bad(name, data, status=400, **rest):
    CASES.append(Case(rule, name, data, [status], True, **rest))


def good(name, data, *statuses, **rest):
    CASES.append(Case(rule, name, data, statuses or (200,), False, **rest))


def as_bytes(value):
    return value.encode("latin-1") if isinstance(value, str) else value


def head(line, *fields):
    """A head: the request line, and the field lines."""
    return b"\r\n".join([as_bytes(line), *map(as_bytes, fields), b"", b""])


def get(*fields, target="/"):
    return head(f"GET {target} HTTP/1.1", "Host: a", *fields)


def post(*fields, body="", target="/"):
    return head(f"POST {target} HTTP/1.1", "Host: a", *fields) + as_bytes(body)


def chunked(body, target="/", *fields):
    return post("Transfer-Encoding: chunked", *fields, body=body, target=target)


def name_of(value):
    """A name for a case, from the bytes that make it up."""
    return repr(as_bytes(value))[2:-1].replace("\\\\", "\\")[:32] or "empty"


HELLO = "5\r\nhello\r\n0\r\n\r\n"  # A body in chunks.


rule = 1
BOTH = ("Content-Length: 5", "Transfer-Encoding: chunked")
bad("length, then coding", post(*BOTH, body=HELLO))
bad("coding, then length", post(*reversed(BOTH), body=HELLO))
bad("length 0 and coding", post("Content-Length: 0", BOTH[1], body=HELLO))
bad("in other letters", post("CONTENT-LENGTH: 5", "transfer-encoding: Chunked",
                             body=HELLO))
bad("with GET", get(*BOTH) + HELLO.encode())

rule = 2
for first, second in (("5", "5"), ("5", "6"), ("0", "5"), ("5", "0")):
    bad(f"{first} and {second}", post(
        f"Content-Length: {first}", f"Content-Length: {second}", body="hello"))
bad("in other letters", post("Content-Length: 5", "content-lengtH: 5",
                             body="hello"))
for value in ("5, 5", "5,5", "5,10", "5,", ",5"):
    bad(f"list {value}", post(f"Content-Length: {value}", body="hello"))

rule = 3
for value in ("+5", "-1", "-0", "0x5", "0o5", "1_0", "1 0", "5abc", "", "5.0",
              "5e0", "9223372036854775808", "18446744073709551621",
              "184467440737095516160000000005", "\v5", "5\f", "\0005", "5\xa0",
              '"5"', "5;", "\xef\xbc\x95", "five"):
    bad(name_of(value), post(f"Content-Length: {value}", body="hello"))
for value in ("005", "0" * 40 + "5", "  5  ", "\t5\t"):
    good(name_of(value), post(f"Content-Length:{value}", body="hello"),
         has=b"hello")

rule = 4
for value in ("chunked, identity", "chunked, gzip", "chunked, chunked",
              "identity", "", "chunked,", ",chunked", "chunked, , chunked",
              ",", "identity, chunked"):
    bad(name_of(value), post(f"Transfer-Encoding: {value}", body=HELLO))

rule = 5
for value in ("xchunked", "chunkedx", "gzip", "gzip, chunked", "deflate,chunked"):
    bad(name_of(value), post(f"Transfer-Encoding: {value}", body=HELLO), 501)

rule = 6
for fields in ((), ("Connection: keep-alive",), ("Host: a",)):
    bad(" ".join(["1.0", *fields]), head(
        "POST / HTTP/1.0", "Transfer-Encoding: chunked", *fields) +
        HELLO.encode())

rule = 7
for line in ("Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked",
             " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked",
             "Transfer-Encoding\v: chunked", "Transfer-Encoding\0: chunked",
             "Transfer\xffEncoding: chunked", "Transfer-Encoding\xa0: chunked",
             "Transfer-Encoding: \vchunked", "Transfer-Encoding: chunked\f",
             "Transfer-Encoding: \0chunked", "Transfer-Encoding: chunked\0",
             "Transfer-Encoding: \xffchunked", "Transfer-Encoding: chunked\xa0",
             'Transfer-Encoding: "chunked"', "Transfer-Encoding: 'chunked",
             "Transfer-Encoding: chunked;q=1", "Transfer-Encoding: chun ked",
             "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: chunked\r\n ,",
             "Transfer-Encoding:\r\n\tchunked", "Transfer-Encoding: chunked\r",
             "Transfer-Encoding\r\n: chunked", "Transfer Encoding: chunked",
             "Transfer-Encoding:: chunked", "Transfer-Encoding chunked"):
    bad(name_of(line), post(line, "Content-Length: 5", body="hello"),
        {400, 501})
for values in (("chunked", "chunked"), ("chunked", "identity"), ("", "chunked"),
               ("identity", "chunked"), ("gzip", "chunked"), ("chunked", "")):
    bad("lines " + ", ".join(values), post(
        *[f"Transfer-Encoding: {value}" for value in values], body=HELLO),
        {400, 501})
for line in ("Transfer_Encoding: chunked", "X-Transfer-Encoding: chunked",
             "Transfer-Encodin: chunked", "Transfer-Encodings: chunked",
             "TransferEncoding: chunked"):
    good(name_of(line), post(line, "Content-Length: 5", body="hello"),
         has=b"hello")
for line in ("Transfer-Encoding: CHUNKED", "TRANSFER-ENCODING:chunked",
             "transfer-encoding:   Chunked  "):
    good(name_of(line), post(line, body=HELLO), has=b"hello")

rule = 8
for size in ("g", "0x5", "x5", "+5", "-5", "5_0", " 5", "5 ", "5\t", "", "5h",
             "0" * 16 + "5", "8000000000000000", "FFFFFFFFFFFFFFFF",
             "10000000000000005", "\xef\xbc\x95", "5.", "5,5", "\0005"):
    bad(name_of(size), chunked(f"{size}\r\nhello\r\n0\r\n\r\n"))
for size in ("05", "0" * 15 + "5"):
    good(name_of(size), chunked(f"{size}\r\nhello\r\n0\r\n\r\n"), has=b"hello")
for size in ("A", "a", "00a"):
    good(name_of(size), chunked(f"{size}\r\nhellohello\r\n0\r\n\r\n"),
         has=b"hellohello")
bad("last chunk of another length", chunked("5\r\nhello\r\n00x\r\n\r\n"))
good("several zeros", chunked("5\r\nhello\r\n000\r\n\r\n"), has=b"hello")

rule = 9
for extension in (";", ";;", ";a=\x01", ";a\x01", ';a="x', ';a="\x02"', ";a\nb",
                  ";a\rb", ";=x", ";a=", ";a b", ';a="x"y', ';a="x\ny"', ";a=\0",
                  ";a=\x7f", ";(=)", "a=b"):
    bad(name_of(extension), chunked(f"5{extension}\r\nhello\r\n0\r\n\r\n"))
bad("over the limit", chunked(f"5;a={'b' * 17000}\r\nhello\r\n0\r\n\r\n"), 413)
bad("over the limit in all", chunked(
    f"1;a={'b' * 900}\r\nx\r\n" * 20 + "0\r\n\r\n"), 413)
for extension in (";a", ";a=b", ';a=b;c="d e"', ';a="\\""'):
    good(name_of(extension), chunked(f"5{extension}\r\nhello\r\n0\r\n\r\n"),
         has=b"hello")

rule = 10
for name, body in (
        ("data and then other bytes", "5\r\nhelloX\r\n0\r\n\r\n"),
        ("data longer than its chunk", "5\r\nhello world\r\n0\r\n\r\n"),
        ("data and LF", "5\r\nhello\n0\r\n\r\n"),
        ("data and CR", "5\r\nhello\r0\r\n\r\n"),
        ("data and nothing", "5\r\nhello0\r\n\r\n"),
        ("data and CR CR LF", "5\r\nhello\r\r\n0\r\n\r\n"),
        ("size and LF", "5\nhello\r\n0\r\n\r\n"),
        ("size and CR", "5\rhello\r\n0\r\n\r\n"),
        ("size and CR CR LF", "5\r\r\nhello\r\n0\r\n\r\n"),
        ("size and LF CR", "5\n\rhello\r\n0\r\n\r\n"),
        ("last chunk and LF", "5\r\nhello\r\n0\n\r\n"),
        ("last chunk and LF LF", "5\r\nhello\r\n0\n\n"),
        ("last line is LF", "5\r\nhello\r\n0\r\n\n"),
        ("last line is CR", "5\r\nhello\r\n0\r\n\rX"),
        ("blank line first", "\r\n5\r\nhello\r\n0\r\n\r\n")):
    bad(name, chunked(body))
for name, body in (("within a chunk", "5\r\nhel"), ("after a chunk", "5\r\nhello"),
                   ("before the last chunk", "5\r\nhello\r\n"),
                   ("within the last chunk", "5\r\nhello\r\n0\r\n"),
                   ("before any chunk", ""), ("within a size", "5")):
    bad(f"end {name}", chunked(body), ends=True)
bad("end within a body of known length",
    post("Content-Length: 10", body="hello"), ends=True)

rule = 11
TRAILER = "5\r\nhello\r\n0\r\nX-Trailer: here\r\n{}\r\n\r\n"
for line in ("Content-Length: 3", "Transfer-Encoding: chunked", "Host: b",
             "Authorization: Basic eDp5", "Cookie: a=b", "X-Trailer: there",
             "Content-Type: text/evil", "Connection: close", "Expect: 100-continue"):
    good(line, chunked(TRAILER.format(line), "/seen"), app="mirror",
         has=b"host: a\nip: 127.0.0.1\nfields: 2\nparameters: 0\nq: (none)\n"
             b"content-type: (none)\nx-trailer: (none)\ntrailer: here\n"
             b"length: 5\nbody: hello\n")
for line in ("X: \x01", "X: \0", "X : a", " folded", "no colon", ": no name",
             "X\xff: a", "X: a\rb"):
    bad(name_of(line), chunked(TRAILER.format(line)))
bad("ends in LF", chunked("5\r\nhello\r\n0\r\nX: a\n\r\n"))
bad("one over the limit", chunked(TRAILER.format(f"X: {'x' * 9000}")), 431)
bad("too long in all", chunked(TRAILER.format(
    "\r\n".join([f"X: {'x' * 900}"] * 12))), 431)
bad("too many", chunked(TRAILER.format(
    "\r\n".join(["X: y"] * (MAX_FIELDS + 1)))), 431)

rule = 12
for name, data in (
        ("LF after the request line", b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
        ("LF after a field", b"GET / HTTP/1.1\r\nHost: a\n\r\n"),
        ("LF as the last line", b"GET / HTTP/1.1\r\nHost: a\r\n\n"),
        ("LF everywhere", b"GET / HTTP/1.1\nHost: a\n\n"),
        ("CR everywhere", b"GET / HTTP/1.1\rHost: a\r\r\r\n\r\n"),
        ("CR in a value", get("X: a\rb")),
        ("CR in a name", get("X\ra: b")),
        ("CR before CR LF", get("X: a\r")),
        ("CR in the request line", head("GET / HTTP/1.1\r", "Host: a")),
        ("CR as a space", head("GET\r/ HTTP/1.1", "Host: a")),
        ("CR in the target", head("GET /a\rb HTTP/1.1", "Host: a")),
        ("LF in a value", get("X: a\nb")),
        ("LF hides a field", get("X: a\nContent-Length: 5")),
        ("CR hides a field", get("X: a\rContent-Length: 5"))):
    bad(name, data)

rule = 13
for name, line in (
        ("folded with SP", "X: a\r\n b"), ("folded with HTAB", "X: a\r\n\tb"),
        ("folded and empty", "X: a\r\n "), ("SP before the colon", "X : a"),
        ("HTAB before the colon", "X\t: a"), ("empty name", ": a"),
        ("no colon", "X"), ("only a colon", ":"), ("name with SP", "X Y: a"),
        *[(f"name with {name_of(c)}", f"X{c}Y: a")
          for c in "\"(),/;<=>?@[\\]{}\0\x01\x7f\x80\xe9\xff"]):
    bad(name, get(line))
bad("SP before the first field", head("GET / HTTP/1.1", " Host: a"))
bad("HTAB before the first field", head("GET / HTTP/1.1", "\tX: a", "Host: a"))
bad("line of spaces first", head("GET / HTTP/1.1", " ", "Host: a"))
good("every character of a token", get("!#$%&'*+-.^_`|~09azAZ: a"))

rule = 14
for c in "\0\x01\x07\b\v\f\x0e\x1b\x1f\x7f":
    bad(name_of(c), get(f"X: a{c}b"))
    bad(f"{name_of(c)} first", get(f"X: {c}"))
good("HTAB", get("X: a\tb"))
good("80 to FF", get(b"X: " + bytes(range(0x80, 0x100))))
good("empty", get("X:", "Y: \t "))

rule = 15
for line in ("GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET\t/ HTTP/1.1",
             "GET /\tHTTP/1.1", " GET / HTTP/1.1", "\tGET / HTTP/1.1",
             "GET HTTP/1.1", "GET  HTTP/1.1", "GET", "GET ", "/ HTTP/1.1",
             "GET / HTTP/1.1 ", "GET / HTTP/1.1 x", "GET / HTTP/1.1\t",
             "GET / HTTP/1.1 HTTP/1.1", "GET / http/1.1", "GET / Http/1.1",
             "GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/.1", "GET / HTTP/01.01",
             "GET / HTTP/1.01", "GET / HTTP/1.10", "GET / HTTP/ 1.1",
             "GET / HTTP/1 .1", "GET / HTTP/1,1", "GET / HTTP/11",
             "GET / HTTP/+1.1", "GET / HTTP/1.x", "GET / HTTP", "GET / HTTP/",
             "GET / HTTPS/1.1", "GET / XTTP/1.1", "GET / FTP/1.1",
             "GET / HTTP-1.1", "GET / HTTP\\1.1", "GET / HTTP/1.1\0",
             "GET / HTTP/1\xb71"):
    bad(name_of(line), head(line, "Host: a"))

rule = 16
for count in (1, 2, 8):
    good(f"{count} blank lines", b"\r\n" * count + get())
bad("blank lines without end", b"\r\n" * 200 + get())
bad("LF", b"\n" + get())
bad("CR", b"\r" + get())
bad("SP in the blank line", b" \r\n" + get())

rule = 17
bad("0.9", b"GET /\r\n")
bad("0.9 with fields", head("GET /", "Host: a"))
bad("HTTP/0.9", head("GET / HTTP/0.9", "Host: a"))
for version in ("2.0", "2.1", "3.0", "9.9"):
    bad(f"HTTP/{version}", head(f"GET / HTTP/{version}", "Host: a"), 505)
bad("preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)
for version in ("1.2", "1.9"):
    good(f"HTTP/{version}", head(f"GET /seen HTTP/{version}", "Host: a"),
         app="mirror", has=b"version: 1.1\n")
bad("HTTP/1.2 without Host", head("GET / HTTP/1.2"))

rule = 18
for method in ("G(T", "GE{T}", "G\0T", "G\xc9T", "GET:", "GET/", '"GET"', "G,T",
               "G\x7f"):
    bad(name_of(method), head(f"{method} / HTTP/1.1", "Host: a"))
for length in (33, 5000):
    bad(f"{length} letters", head(f"{'A' * length} / HTTP/1.1", "Host: a"))
for method in ("QUERY", "BREW", "get", "G", "A" * 32, "M-SEARCH", "a!#$%&'*+.^_`|~"):
    good(name_of(method), head(f"{method} /seen HTTP/1.1", "Host: a"),
         app="mirror", has=f"method: {method}\n".encode())

rule = 19
for target in ("/a b", "/a\tb", "/\0", "/\x01", "/\x1f", "/\x7f", "/a#b", "/#",
               "#", "/\x80", "/\xff", "/\xc3\xa9", "/?\xe9", "/?a b", "?", "a",
               "\\"):
    bad(name_of(target), get(target=target))
for target in ('/"', "/<>", "/^", "/{}", "/|", "/\\", "/`", "/[]", "/%", "/%zz",
               "//", "/.", "/..", "/../..", "/;", "/?", "/??", "/*", "/@", "/:"):
    good(name_of(target), get(target=target), {404, 200})
good("backslash is no slash", get(target="\\seen".join(["/", ""])), 404,
     app="mirror")

rule = 20
for target, host, url in (
        ("http://b/seen", "b", "/seen"), ("http://b:80/seen?q=1", "b:80", "/seen?q=1"),
        ("HTTP://B/seen", "B", "/seen"), ("https://b/seen", "b", "/seen"),
        ("http://[::1]:8/seen", "[::1]:8", "/seen")):
    good(target, get(target=target), app="mirror",
         has=f"url: {url}\nversion: 1.1\nhost: {host}\n".encode())
good("without a path", get(target="http://b"), 200)
good("without a path, with a query", get(target="http://b?q"), 200)
for target in ("http:///seen", "http://", "http:seen", "http:/seen", "http//b/",
               "ftp://b/seen", "://b/seen", "http://u@b/seen", "http://b:x/seen",
               "http://b:99999/seen", "http://b,c/seen", "http://[::1/seen",
               "//b/seen#", "http://b/#"):
    bad(target, get(target=target))
bad("absolute, but no Host", head("GET http://b/ HTTP/1.1"))
bad("absolute, but a wrong Host", head("GET http://b/ HTTP/1.1", "Host: a/b"))

rule = 21
for line in ("GET * HTTP/1.1", "POST * HTTP/1.1", "DELETE * HTTP/1.1",
             "GET b:80 HTTP/1.1", "OPTIONS b HTTP/1.1", "OPTIONS ** HTTP/1.1",
             "options * HTTP/1.1"):
    bad(line, head(line, "Host: a"))
for line in ("CONNECT b:443 HTTP/1.1", "CONNECT b HTTP/1.1",
             "CONNECT http://b/ HTTP/1.1"):
    bad(line, head(line, "Host: a"), {405, 501})
good("OPTIONS *", head("OPTIONS * HTTP/1.1", "Host: a"))

rule = 22
bad("missing", head("GET / HTTP/1.1"))
bad("missing among others", head("GET / HTTP/1.1", "X: a", "Hos: a"))
for first, second in (("a", "a"), ("a", "b"), ("a", ""), ("", "a")):
    bad(f"{name_of(first)} and {name_of(second)}", head(
        "GET / HTTP/1.1", f"Host: {first}", f"hOST: {second}"))
bad("twice in 1.0", head("GET / HTTP/1.0", "Host: a", "Host: a"))
for value in ("", " ", "u@b", "u:p@b", "a/b", "a/", "/", "a,b", "a, b", "a:x",
              "a:99999", "a:-1", "a:1:2", "a:80x", "a b", "a\tb", "[::1", "[::1]x",
              "[]", "[::1]:x", "http://a", "a?b", "a#b", "a\\b", "a\"b", "a<b",
              "\xe9", "a\x7f", ":80"):
    bad(name_of(value), head("GET / HTTP/1.1", f"Host: {value}"))
for value in ("a:80", "a:0", "[::1]", "[::1]:80", "127.0.0.1:1", "Example.COM.",
              "a_b-c", "xn--fa-hia.de"):
    good(value, head("GET / HTTP/1.1", f"Host: {value}"))

rule = 23
for length in (8000, MAX_TARGET):
    good(f"{length}", get(target="/" + "a" * (length - 1)), 404)
for length in (MAX_TARGET + 1, MAX_TARGET * 2 + 100):
    bad(f"{length}", get(target="/" + "a" * (length - 1)), 414)
bad("without an end", b"GET /" + b"a" * 12000, 414)
bad("in the query", get(target="/?" + "a" * MAX_TARGET), 414)

rule = 24


def fields(count, length=1):
    return [f"X: {'x' * length}"] * count


bad("one field too many", get(*fields(MAX_FIELDS)), 431)
bad("many fields too many", get(*fields(2000)), 431)
good("as many fields as can be", get(*fields(MAX_FIELDS - 1)))
bad("a line too long", get(*fields(1, 8200)), 431)
bad("a line without an end", get()[:-2] + b"X: " + b"x" * 9000, 431)
bad("a name too long", get("X" * 9000 + ": a"), 431)
good("a long line", get(*fields(1, 8000)))
bad("too long in all", get(*fields(17, 1000)), 431)
good("long in all", get(*fields(16, 1000)))
bad("without an end", get()[:-2] + b"X: yyyy\r\n" * 3000, 431)

rule = 25
bad("by length", post(f"Content-Length: {MAX_BODY + 1}"), 413)
bad("by a length beyond all measure",
    post("Content-Length: 9223372036854775807"), 413)
bad("by length, with 100-continue", post(f"Content-Length: {MAX_BODY + 1}",
                                         "Expect: 100-continue"), 413)
TOO_LONG = f"{MAX_BODY + 1:x}\r\n{'x' * (MAX_BODY + 1)}\r\n"
good("in chunks", chunked(f"{TOO_LONG}0\r\n\r\n"), 413)
bad("in chunks, by more than is read away", chunked(
    TOO_LONG + f"20000\r\n{'x' * 0x20000}\r\n0\r\n\r\n"), 413, is_told=False)
good("as long as can be", post(f"Content-Length: {MAX_BODY}",
                               body="x" * MAX_BODY))

rule = 26
for value in ("200-ok", "100-continued", "", "100-continue, x", "x"):
    bad(name_of(value), post(f"Expect: {value}", "Content-Length: 0"), 417)

rule = 28
bad("close", get("Connection: close"), 200)
bad("close in other letters", get("connection: CLOSE"), 200)
bad("close in a list", get("Connection: x, Close ,y"), 200)
bad("close in a second line", get("Connection: x", "Connection: close"), 200)
bad("close beats keep-alive", get("Connection: keep-alive, close"), 200)
bad("close with a body", post("Connection: close", "Content-Length: 5",
                              body="hello"), 200)
bad("1.0", head("GET / HTTP/1.0"), 200)
bad("1.0 with close", head("GET / HTTP/1.0", "Connection: close"), 200)
bad("1.0 with something else", head("GET / HTTP/1.0", "Connection: keep-alivex"),
    200)
good("1.1", get())
good("1.1 with keep-alive", get("Connection: keep-alive"))
good("closed is not close", get("Connection: closed, xclose"))
good("1.0 with keep-alive", head("GET / HTTP/1.0", "Connection: Keep-Alive"))
good("1.0 with keep-alive in a list",
     head("GET / HTTP/1.0", "Connection: x, kEEP-aLIVE"))

rule = 29
good("five at once", get() * 5, *[200] * 5)
good("of several kinds", get() + post("Content-Length: 5", body="hello") +
     get(target="/none") + chunked(HELLO) + get(), 200, 200, 404, 200, 200)
CASES.append(Case(rule, "an error after two", get() + post(
    "Content-Length: 5", body="hello") + get("X : a") + get(),
    [200, 200, 400], True))
CASES.append(Case(rule, "an error after a body that was not read", post(
    "Content-Length: 5", body="hello", target="/ignore") + get("X : a") + get(),
    [200, 400], True, "mirror"))
CASES.append(Case(rule, "close after two", get() * 2 + get(
    "Connection: close") + get(), [200, 200, 200], True))

rule = 30
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
good("GET with a body", get(f"Content-Length: {len(SMUGGLED)}") +
     SMUGGLED.encode())
good("GET with chunks", get("Transfer-Encoding: chunked") +
     f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n".encode())
good("a body nobody reads", post(f"Content-Length: {len(SMUGGLED)}",
                                 body=SMUGGLED, target="/ignore"), app="mirror")
good("chunks nobody reads", chunked(
    f"{len(SMUGGLED):x}\r\n{SMUGGLED}\r\n0\r\n\r\n", "/ignore"), app="mirror")
good("a body for no route", post(f"Content-Length: {len(SMUGGLED)}",
                                 body=SMUGGLED, target="/none"), 404)
good("a body for another method", post(f"Content-Length: {len(SMUGGLED)}",
                                       body=SMUGGLED, target="/lost"), 405,
     app="mirror")
bad("a body too long to be read away", post(
    "Content-Length: 100000", target="/ignore", body=SMUGGLED), 200,
    app="mirror")
CASES.append(Case(rule, "wrong chunks that nobody reads", chunked(
    "5\r\nhelloX", "/ignore"), [200], True, "mirror", is_told=False))

rule = 31
for line in ("Upgrade: h2c", "Upgrade: websocket", "Upgrade: TLS/1.0, HTTP/1.1"):
    good(line, get("Connection: Upgrade, HTTP2-Settings", line,
                   "HTTP2-Settings: AAMAAABkAAQAAP__", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))

rule = 32
good("a handler that forgets to answer", get(target="/lost"), 500, app="mirror")

rule = 33
for escaped in ("%0d%0aX-Evil:%20yes", "%0aX-Evil:%20yes", "%0dX-Evil:%20yes",
                "a%01b", "a%7fb"):
    good(f"value {escaped}", get(target=f"/answer?name=X&value={escaped}"), 500,
         app="mirror")
    good(f"name {escaped}", get(target=f"/answer?name=X{escaped}&value=y"), 500,
         app="mirror")
for escaped in ("/a%0d%0aX-Evil:%20yes", "/a%0aX-Evil:%20yes"):
    good(f"location {escaped}", get(target=f"/redirect?to={escaped}"), 500,
         app="mirror")
for name in ("", "a%20b", "a:b", "a%0a", "Date",
             "Transfer-Encoding", "Connection"):
    good(f"name {name}", get(target=f"/answer?name={name}&value=1"), 500,
         app="mirror")

rule = 34
for target, text in (("a%2Fb", "a/b"), ("a%2fb", "a/b"), ("%2525", "%25"),
                     ("%2e%2e", ".."), ("a+b", "a+b"), ("%41", "A"),
                     ("%5c", "\\"), ("%c3%a9", "\xc3\xa9")):
    good(target, get(target=f"/param/{target}"), app="mirror",
         has=text.encode("latin-1"))
for target in ("%zz", "%", "%2", "%0g", "a%", "%00", "a%00b", "%u0041", "%-1"):
    good(target, get(target=f"/param/{target}"), 400, app="mirror")
for target in ("/param/a/b", "/param%2Fa", "/%2Fparam/a", "/x/../param/a",
               "/x/%2e%2e/param/a", "/x%2F..%2Fparam/a", "/%c0%afparam/a"):
    good(target, get(target=target), 404, app="mirror")

rule = 40
good("thousands of parameters",
     get(target="/seen?" + "a=1&" * 2000), app="mirror",
     has=b"parameters: 1000\n")
good("escapes in parameters are no error",
     get(target="/seen?q=%zz%00&%=%"), app="mirror", has=b"parameters: 2\n")
