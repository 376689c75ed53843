"""A strict parser of HTTP/1.1 answers: the oracle of the end-to-end tests.

It shares no code with yoke and forgives nothing: an answer that a lenient
client would accept, with a bare LF, without a Date, with two lengths, raises
`Malformed`. So a test that reads an answer at all has proven it well-formed.
"""
import email.utils
import re

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):"
                        rb"[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|"
                  r"Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")


class Malformed(Exception):
    """The bytes are not an answer, and no more bytes could make them one."""


class Incomplete(Exception):
    """The bytes end within an answer."""


class Response:
    """One answer: `status`, `reason`, `headers` as a list of (name, value) in
    the order sent, `body` without its framing, and `trailers`, a list like
    `headers`. `interim` has the 1xx answers that came before it."""

    def __init__(self, status, reason, headers):
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = b""
        self.trailers = []
        self.interim = []

    def __repr__(self):
        return f"<Response {self.status} {self.headers} {self.body[:80]!r}>"

    def all(self, name):
        """Every value of a header, as sent."""
        return [value for key, value in self.headers
                if key.lower() == name.lower()]

    def header(self, name, default=None):
        """The value of a header that may be there once; twice is an error."""
        values = self.all(name)
        if len(values) > 1:
            raise Malformed(f"{name} more than once: {values}")
        return values[0] if values else default

    def tokens(self, name):
        """The members of a header that is a list, in lower case."""
        return [token.strip().lower()
                for value in self.all(name) for token in value.split(",")]

    @property
    def text(self):
        return self.body.decode()

    @property
    def closes(self):
        """True when the server says that this is its last answer here."""
        return "close" in self.tokens("connection")


def parse(data, method="GET", at_eof=False):
    """The answer at the start of `data`, to a request of that method, and the
    bytes after it. With `at_eof`, no bytes will follow these."""
    interim = []
    while True:
        response, rest = parse_head(data)
        if not 100 <= response.status < 200 or response.status == 101:
            break
        if response.all("content-length") or response.all("transfer-encoding"):
            raise Malformed(f"{response.status} announces a body")
        interim.append(response)
        data = rest
    response.interim = interim
    check_date(response)
    return response, parse_body(response, rest, method, at_eof)


def parse_head(data):
    """The head at the start of `data`, as a Response, and the bytes after."""
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    for line in head.split(b"\r\n")[:-1 if end < 0 else None]:
        if b"\r" in line or b"\n" in line:
            raise Malformed(f"bare CR or LF: {line!r}")
    if end < 0:
        if not b"HTTP/1.1 ".startswith(data[:9]):
            raise Malformed(f"not a status line: {data[:80]!r}")
        raise Incomplete(f"within the head: {data[-80:]!r}")
    first, *lines = head.split(b"\r\n")
    match = STATUS_LINE.fullmatch(first)
    if not match:
        raise Malformed(f"status line: {first!r}")
    response = Response(int(match[1]), match[2].decode("latin-1"),
                        [parse_field(line) for line in lines])
    return response, data[end + 4:]


def parse_field(line):
    match = FIELD_LINE.fullmatch(line)
    if not match:
        raise Malformed(f"header line: {line!r}")
    return match[1].decode(), match[2].decode("latin-1")


# What a worker that crashes still says; it has no Date (RFC 9110 section
# 6.6.1).
CRASH_TEXT = "500 Internal Server Error\n"


def is_crash(response):
    return response.status == 500 and response.header("content-length") == str(
        len(CRASH_TEXT)) and response.closes


def check_date(response):
    date = response.header("date")
    if date is None and is_crash(response):
        return
    if date is None:
        raise Malformed(f"{response.status} without Date")
    if not DATE.fullmatch(date) or not email.utils.parsedate(date):
        raise Malformed(f"Date: {date!r}")


def parse_body(response, data, method, at_eof):
    """Sets the body of a response; returns the bytes after it."""
    length = response.header("content-length")
    coding = response.header("transfer-encoding")
    if length is not None and not re.fullmatch(r"0|[1-9][0-9]*", length):
        raise Malformed(f"Content-Length: {length!r}")
    if length is not None and coding is not None:
        raise Malformed("both Content-Length and Transfer-Encoding")
    if response.status in (101, 204, 304) or method == "HEAD":
        if coding is not None and response.status != 304 and method != "HEAD":
            raise Malformed(f"{response.status} with Transfer-Encoding")
        if length is not None and response.status in (101, 204):
            raise Malformed(f"{response.status} with Content-Length")
        return data
    if coding is not None:
        if coding.lower() != "chunked":
            raise Malformed(f"Transfer-Encoding: {coding!r}")
        return parse_chunks(response, data)
    if length is None:
        return parse_until_close(response, data, at_eof)
    if len(data) < int(length):
        raise Incomplete(f"{len(data)} of {length} bytes of body")
    response.body = data[:int(length)]
    return data[int(length):]


def parse_until_close(response, data, at_eof):
    if not response.closes:
        raise Malformed("neither a length nor Connection: close")
    if not at_eof:
        raise Incomplete("the body ends with the connection")
    response.body = data
    return b""


def parse_chunks(response, data):
    pieces = []
    at = 0
    while True:
        line, at = take_line(data, at)
        if not CHUNK_SIZE.fullmatch(line):
            raise Malformed(f"chunk size: {line!r}")
        size = int(line, 16)
        if size == 0:
            break
        end = at + size
        if len(data) < end + 2:
            raise Incomplete("within a chunk")
        if data[end:end + 2] != b"\r\n":
            raise Malformed(f"after a chunk: {data[end:end + 2]!r}")
        pieces.append(data[at:end])
        at = end + 2
    response.body = b"".join(pieces)
    line, at = take_line(data, at)
    while line:
        response.trailers.append(parse_field(line))
        line, at = take_line(data, at)
    return data[at:]


def take_line(data, at):
    """The line that starts at `at`, and where the next one does."""
    end = data.find(b"\r\n", at)
    line = data[at:] if end < 0 else data[at:end]
    if b"\n" in line or b"\r" in line[:-1]:
        raise Malformed(f"bare CR or LF: {line[:80]!r}")
    if end < 0:
        raise Incomplete("within a line of chunked framing")
    return line, end + 2
