"""HTTP/1.1 on a live port: every rule of docs/http-rules.md that can be seen
from outside.

The table in protocol_cases.py goes over the wire whole, in halves at several
places, and byte by byte: the answer must not depend on that.
"""
import contextlib

import harness
import pytest
from protocol_cases import CASES, FOLLOWING, FOLLOWING_STATUS

BYTEWISE_MAX = 400    # Longer ones only go in halves.
PAUSE_SECONDS = 0.002

APPS = {"echo": harness.EXAMPLES / "echo.so",
        "mirror": harness.BUILD / "tests/apps/mirror.so"}


@pytest.fixture(scope="module")
def servers():
    """{name: a server of that app}; the table must not cost a worker."""
    started = {}
    try:
        for name, path in APPS.items():
            started[name] = harness.Server(
                [harness.YOKE, "run", "-q", "-n", "2", path])
        pids = {name: server.wait_workers(2)
                for name, server in started.items()}
        yield started
        for name, server in started.items():
            assert server.workers() == pids[name], server.output
            server.stop()
    finally:
        for server in started.values():
            server.kill()


@pytest.fixture
def echo(servers):
    return servers["echo"]


@pytest.fixture
def mirror(servers):
    return servers["mirror"]


def ways_to_send(data):
    """The data in pieces: in one, in two, and each byte by itself."""
    yield [data]
    for at in sorted({1, len(data) // 3, len(data) // 2, len(data) - 1}):
        if 0 < at < len(data):
            yield [data[:at], data[at:]]
    if len(data) <= BYTEWISE_MAX:
        yield [data[at:at + 1] for at in range(len(data))]


def send(client, case, pieces):
    """Sends the case; when it closes, with another request right behind it."""
    if case.closes and not case.ends:
        pieces = [*pieces[:-1], pieces[-1] + FOLLOWING]
    client.send(*pieces,
                pause_seconds=PAUSE_SECONDS if len(pieces) <= 2 else 0)
    if case.ends:
        client.end()


def check_answers(client, case):
    """Reads the case's answers, which have to be what it says."""
    for expected in case.statuses:
        allowed = expected if isinstance(expected, set) else {expected}
        response = client.read()
        assert response.status in allowed, response
    assert case.has in response.body, response.body
    assert response.closes == (case.closes and case.is_told), response


def check_end(client, case):
    """What follows is answered, or nothing is."""
    if case.closes:
        client.expect_eof()
        return
    client.send(FOLLOWING)
    assert client.read().status == FOLLOWING_STATUS
    client.end()
    client.expect_eof()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(servers, case):
    server = servers[case.app]
    for pieces in ways_to_send(case.data):
        with server.connect() as client:
            send(client, case, pieces)
            check_answers(client, case)
            check_end(client, case)
    assert server.request("GET", "/following").status == FOLLOWING_STATUS


# What a table cannot say.

POST_5 = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"


def test_what_comes_after_an_error_is_read_away(echo):
    """Rule 30: a reset would destroy the answer on its way."""
    with echo.connect() as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        client.send(*[FOLLOWING] * 20, pause_seconds=PAUSE_SECONDS)
        assert client.read().status == 400
        client.expect_eof()


def test_100_continue_comes_when_the_body_is_wanted(echo):
    """Rule 26."""
    with echo.connect() as client:
        client.send(POST_5 + b"Expect: 100-continue\r\n\r\n")
        client.receive()
        assert client.data == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hello" + FOLLOWING)
        response = client.read()
        assert [one.status for one in response.interim] == [100]
        assert (response.status, response.body) == (200, b"hello")
        assert client.read().status == FOLLOWING_STATUS


@pytest.mark.parametrize("head", [
    POST_5 + b"Expect: 100-continue\r\n\r\nhello",
    POST_5.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"],
    ids=["the body is here", "1.0", "no body"])
def test_no_100_continue_where_nobody_waits(echo, head):
    with echo.connect() as client:
        client.send(head)
        response = client.read()
        assert response.status == 200 and not response.interim


@pytest.mark.parametrize("path, status", [("/none", 404), ("/ignore", 200)])
def test_no_100_continue_for_a_body_nobody_wants(mirror, path, status):
    """The client may or may not send the body then: only a close is safe."""
    with mirror.connect() as client:
        client.send(POST_5.replace(b"/ ", path.encode() + b" ") +
                    b"Expect: 100-continue\r\n\r\n")
        response = client.read()
        assert (response.status, response.interim) == (status, [])
        assert response.closes
        client.expect_eof()


@pytest.mark.parametrize(
    "target", ["/answer", "/lost", "/param/a", "/redirect?to=/"])
def test_head_has_the_fields_of_get_and_no_body(mirror, target):
    """Rule 27."""
    with mirror.connect() as client:
        client.request("GET", target)
        get = client.read()
        client.request("HEAD", target)
        head = client.read("HEAD")
        client.send(FOLLOWING)
        assert client.read().status == FOLLOWING_STATUS
    assert head.status == get.status and head.body == b""
    for name in ("content-type", "content-length"):
        assert head.header(name) == get.header(name)


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_keep_the_connection_in_step(mirror, status):
    """Rule 27; the parser of the answers sees to their fields."""
    with mirror.connect() as client:
        client.request(
            "GET", f"/answer?status={status}&name=ETag&value=%22a%22")
        response = client.read()
        assert (response.status, response.body) == (status, b"")
        assert response.header("etag") == '"a"'
        client.send(FOLLOWING)
        assert client.read().status == FOLLOWING_STATUS


def test_205_has_no_content(mirror):
    """RFC 9110 section 15.3.6, and Express."""
    response = mirror.request("GET", "/answer?status=205")
    assert (response.status, response.body) == (205, b"")
    assert response.header("content-length") == "0"


def test_http_1_0_is_told_that_its_connection_is_kept(echo):
    """Rule 28."""
    with echo.connect() as client:
        client.send(b"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        assert client.read().tokens("connection") == ["keep-alive"]


def test_a_thousand_pipelined_requests_are_answered_in_order(mirror):
    """Rule 29: more than are queued, by a client that reads none meanwhile."""
    with mirror.connect() as client:
        client.send(b"".join(
            b"GET /seen?q=%d HTTP/1.1\r\nHost: a\r\n\r\n" % number
            for number in range(1000)))
        for number in range(1000):
            assert f"\nq: {number}\n" in client.read().text


def test_every_answer_has_a_date_and_none_names_the_server(echo):
    """Rule 32; http1.py refuses an answer without Date."""
    for target in ("/", "/none"):
        assert not echo.request("GET", target).all("server")


def test_an_answer_shorter_than_promised_is_cut(mirror):
    """Rule 32: nothing else can tell the client that it is not whole."""
    with mirror.connect() as client:
        client.request("GET", "/promise?length=10&write=5")
        client.send(FOLLOWING)
        with pytest.raises((AssertionError, ConnectionResetError),
                           match="closed|reset"):
            client.read()


def test_an_answer_longer_than_promised_keeps_to_its_length(mirror):
    """Rule 32: the rest would be taken for the next answer."""
    with mirror.connect() as client:
        client.request("GET", "/promise?length=10&write=11")
        client.send(FOLLOWING)
        assert client.read().body == b"x" * 10
        try:
            assert client.read().status == FOLLOWING_STATUS
        except (AssertionError, ConnectionResetError):
            assert client.data == b""  # Cutting is as good.


@pytest.mark.parametrize("wrote", [5, 11])
def test_a_promise_that_is_not_kept_is_logged(start_app, wrote):
    """Rule 32; the log names the request."""
    server = start_app(APPS["mirror"], "-n", "1", "-q")
    with server.connect() as client:
        client.request("GET", f"/promise?length=10&write={wrote}")
        client.end()
        with contextlib.suppress(ConnectionResetError):
            client.read_rest()
    server.wait_output("GET /promise")


def test_an_injected_header_is_nowhere_in_the_answer(mirror):
    """Rule 33."""
    for target in ("/answer?name=X&value=a%0d%0aX-Evil:%20yes",
                   "/redirect?to=/a%0d%0aX-Evil:%20yes"):
        response = mirror.request("GET", target)
        assert not response.all("x-evil") and b"Evil" not in response.body


def test_a_target_is_shown_without_markup(mirror):
    response = mirror.request("GET", "/<script>alert('1')</script>")
    assert response.status == 404 and "<" not in response.text
    assert response.header("content-type").startswith("text/plain")


# About the table itself.

def test_the_table_is_what_it_claims_to_be():
    bad = [case for case in CASES if case.closes]
    assert len(bad) >= 100
    names = [str(case) for case in CASES]
    assert not {name for name in names if names.count(name) > 1}
