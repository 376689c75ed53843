"""Limits of a listener that are times and counts (docs/http-rules.md, 38, 39).

A limit is set low, and what it does is waited for: it must come, and not
before its time. How long after is not asserted.
"""
import contextlib
import time

import harness
import procfs
import pytest

APPS = harness.BUILD / "tests/apps"
# A deadline counts from when the server sees an event, in whole milliseconds
# of its own clock.
EARLY_SECONDS = 0.02
GET = b"GET /pid HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def tuned(start):
    """tuned(app, "name=number" ...) starts the app in one worker."""
    def start_one(app, *settings):
        return start([APPS / "tuned", APPS / f"{app}.so", "workers=1",
                      *settings])
    return start_one


@contextlib.contextmanager
def not_before(seconds):
    """Asserts that the block takes at least that long."""
    begin = time.monotonic()
    yield
    took = time.monotonic() - begin
    assert took >= seconds - EARLY_SECONDS, f"{took} s"


@contextlib.contextmanager
def steady(seconds):
    """For a client that must not pause longer than that between two calls of
    what this gives. When it has, since the machine was busy with something
    else, what went wrong in the block proves nothing."""
    last = [time.monotonic(), 0]

    def keep_pace():
        now = time.monotonic()
        last[:] = now, max(last[1], now - last[0])

    try:
        yield keep_pace
    except Exception:
        keep_pace()
        if last[1] > seconds:
            pytest.skip(f"this machine made the client pause for {last[1]} s")
        raise


def drip(client, data, pause_seconds):
    """Sends bytes one by one, as often as it takes for an answer to come."""
    client.socket.settimeout(pause_seconds)
    for at in range(int(harness.DEADLINE_SECONDS / pause_seconds)):
        client.send(data[at % len(data):][:1])
        try:
            client.receive()
            break
        except TimeoutError:
            pass
    client.socket.settimeout(harness.DEADLINE_SECONDS)


# Times.

def test_a_head_that_does_not_come_to_an_end_is_refused(tuned):
    server = tuned("probe", "head_timeout_ms=400")
    with server.connect() as client, not_before(0.4):
        client.send(GET[:-2])
        response = client.read()
        assert response.status == 408 and response.closes
        client.expect_eof()


def test_a_head_that_drips_has_no_more_time(tuned):
    server = tuned("probe", "head_timeout_ms=400")
    with server.connect() as client, not_before(0.4):
        client.send(GET[:-2])
        drip(client, b"X: y\r\n", 0.05)
        assert client.read().status == 408
        client.expect_eof()


def test_a_connection_that_says_nothing_is_closed_silently(tuned):
    server = tuned("probe", "head_timeout_ms=400", "idle_timeout_ms=100000")
    with server.connect() as client, not_before(0.4):
        client.expect_eof()


def test_an_idle_connection_is_closed_silently(tuned):
    server = tuned("probe", "idle_timeout_ms=400", "head_timeout_ms=100000")
    with server.connect() as client:
        client.send(GET)
        assert client.read().status == 200
        with not_before(0.4):
            client.expect_eof()


def test_a_request_makes_an_idle_connection_new(tuned):
    server = tuned("probe", "idle_timeout_ms=1500")
    with server.connect() as client, steady(1.4) as keep_pace:
        for _ in range(5):  # In all, longer than it may be idle.
            client.send(GET)
            assert client.read().status == 200
            keep_pace()
            time.sleep(0.4)
            keep_pace()


def test_a_body_that_does_not_come_to_an_end_is_refused(tuned):
    server = tuned("mirror", "request_timeout_ms=500")
    for path in ("/seen", "/upload"):
        with server.connect() as client, not_before(0.5):
            client.send(f"POST {path} HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 100000\r\n\r\n".encode())
            drip(client, b"x", 0.05)
            response = client.read()
            assert response.status == 408 and response.closes
            client.expect_eof()


def test_a_body_nobody_reads_has_no_more_time(tuned):
    """Its answer has been sent: the connection ends, with no second one."""
    server = tuned("mirror", "request_timeout_ms=500")
    with server.connect() as client, not_before(0.5):
        client.send(b"POST /ignore HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: 1000\r\n\r\n")
        assert client.read().text == "ignored"
        drip(client, b"x", 0.05)
        assert client.data == b""
        client.expect_eof()


def test_a_body_that_comes_too_slowly_is_refused(tuned):
    """After five seconds of grace, which are not a setting."""
    server = tuned("mirror", "min_body_rate=1000000")
    with server.connect() as client, not_before(5):
        client.send(b"POST /seen HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: 100000\r\n\r\n")
        drip(client, b"x", 0.1)
        assert client.data, "no answer"
        response = client.read()
        assert response.status == 408 and response.closes
        client.expect_eof()


def test_a_handler_that_does_not_answer_is_answered_for(tuned):
    server = tuned("probe", "handler_timeout_ms=300")
    with server.connect() as client, not_before(0.3):
        client.request("GET", "/slow?ms=1500")
        assert client.read().status == 503
    harness.wait_for(lambda: server.request("GET", "/slow?ms=10").status == 200,
                     "a handler in time")


def test_a_handler_may_take_its_time(tuned):
    server = tuned("probe", "idle_timeout_ms=100", "head_timeout_ms=100",
                   "request_timeout_ms=100", "write_timeout_ms=100")

    def is_answered():
        with server.connect() as client, not_before(0.8):
            client.request("GET", "/slow?ms=800")
            return client.read().text == "slow"

    def attempt():
        """The client itself may be too slow with its head."""
        begin = time.monotonic()
        try:
            return is_answered()
        except (AssertionError, ConnectionResetError):
            if time.monotonic() - begin > 0.5:
                raise
    harness.wait_for(attempt, "a slow answer")


def test_a_client_that_stops_reading_is_reset(tuned):
    server = tuned("probe", "write_timeout_ms=400")
    [worker] = server.wait_workers(1)
    assert server.request("GET", "/pid").status == 200
    before = server.fd_count(worker)
    with server.connect(room=4096) as client, not_before(0.4):
        client.request("GET", "/stream?n=1000&size=65536")
        client.receive()
        harness.wait_for(lambda: server.fd_count(worker) <= before,
                         "the worker to close the connection")
        with pytest.raises((ConnectionResetError, AssertionError)):
            client.read_last()


def test_a_client_that_reads_slowly_is_not_reset(tuned):
    """Longer than the limit, but with something each time."""
    server = tuned("probe", "write_timeout_ms=500")
    with server.connect(room=1 << 16) as client, steady(0.4) as keep_pace:
        client.request("GET", "/stream?n=150&size=65536", close=True)
        with not_before(1):
            for _ in range(10):
                keep_pace()
                assert client.receive()
                time.sleep(0.1)
        assert len(client.read_last().body) == 150 * 65536


def test_many_slow_clients_keep_nobody_else_waiting(tuned):
    server = tuned("probe", "head_timeout_ms=2000")
    with contextlib.ExitStack() as stack:
        slow = []
        for _ in range(300):
            slow.append(stack.enter_context(server.connect()))
            slow[-1].send(GET[:10])
        for _ in range(20):
            assert server.request("GET", "/pid").status == 200
        for client in slow:
            assert client.read().status == 408


# Counts.

def test_one_connection_too_many_is_told_so(tuned):
    server = tuned("probe", "max_conns=5")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(5)]
        for client in clients:
            client.send(GET)
            assert client.read().status == 200
        with server.connect() as late:
            response = late.read()
            assert response.status == 503 and response.closes
            late.expect_eof()
        # The others have not noticed; and who leaves, leaves room.
        for client in clients:
            client.send(GET)
            assert client.read().status == 200
        clients[0].close()
        harness.wait_for(lambda: server.request("GET", "/pid").status == 200,
                         "room for another")


def test_one_connection_too_many_of_one_address_is_told_so(tuned):
    server = tuned("probe", "max_conns_per_ip=3")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            client = stack.enter_context(server.connect())
            client.send(GET)
            assert client.read().status == 200
        assert server.request("GET", "/pid").status == 503
        with server.connect(source="127.0.0.2") as other:
            other.send(GET)
            assert other.read().status == 200


def admitted(server):
    """A connection that has been answered."""
    def attempt():
        client = server.connect()
        client.send(GET)
        if client.read().status == 200:
            return client
        client.close()
        return None
    return harness.wait_for(attempt, "a connection to be let in")


def test_clients_that_are_refused_leave_nothing_behind(tuned):
    server = tuned("probe", "max_conns=2")
    [worker] = server.wait_workers(1)
    assert server.request("GET", "/pid").status == 200
    before = {pid: server.fd_count(pid) for pid in (server.pid, worker)}
    # The one before may count for a moment yet.
    with admitted(server), admitted(server):
        for _ in range(50):
            assert server.request("GET", "/pid").status == 503
    for pid, count in before.items():
        harness.wait_for(lambda: server.fd_count(pid) <= count,
                         lambda: f"{procfs.fds(pid)}")


def test_a_limit_that_is_too_high_is_named():
    done = harness.run([APPS / "tuned", APPS / "served.so", "workers=1",
                        "max_fields=101"], env={"PORT": "0"})
    assert done.returncode == 1
    assert "max_fields is at most 100" in done.stderr
