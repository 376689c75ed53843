"""Answers and bodies in pieces: back-pressure, slow and vanishing clients."""
import contextlib
import itertools
import os
import string

import harness
import http1
import procfs
import pytest
from harness import wait_for

APPS = harness.BUILD / "tests/apps"
SIZE = 65536
MEBIBYTE = 1 << 20
# What memory may grow by beside the data: blocks that are kept for reuse, the
# allocator's slack. Data would be many times that.
SLACK = 4 * MEBIBYTE


def run(app):
    argv = [harness.YOKE, "run", "-n", "1", APPS / f"{app}.so"]
    with harness.Server(argv) as server:
        [server.worker] = server.wait_workers(1)
        server.request("GET", "/")
        server.fds_at_rest = server.fd_count(server.worker)
        yield server
        assert server.workers() == [server.worker], server.output


@pytest.fixture(scope="module")
def probe():
    yield from run("probe")


@pytest.fixture(scope="module")
def mirror():
    yield from run("mirror")


def wait_at_rest(server):
    """Waits until the worker has closed every connection."""
    wait_for(lambda: server.fd_count(server.worker) <= server.fds_at_rest,
             lambda: f"{server.fds_at_rest} descriptors, not "
                     f"{procfs.fds(server.worker)}")


def wait_stuck(server):
    """Waits until the worker has nothing to do: it waits for its clients."""
    used = [None] * 10

    def is_idle():
        used[:] = [*used[1:], procfs.cpu_seconds(server.worker)]
        return used[0] == used[-1]
    wait_for(is_idle, "the worker to become idle")


def is_sanitized(pid):
    """True for a program whose memory tells nothing."""
    with open(f"/proc/{pid}/maps") as maps:
        return "libasan" in maps.read()


@contextlib.contextmanager
def bounded_memory(server, limit):
    """Asserts that the worker's memory grows by no more than that; gives a
    function to look at it in between."""
    before = procfs.resident_bytes(server.worker)

    def look():
        grown = procfs.resident_bytes(server.worker) - before
        if not is_sanitized(server.worker):
            assert grown <= limit, f"grown by {grown} bytes"
    yield look
    look()


def letters(count):
    """The pieces that /stream sends."""
    return itertools.islice(itertools.cycle(string.ascii_lowercase), count)


def stream_of(client, count):
    """Reads the answer to /stream, and asserts that it is what was asked."""
    response = client.read_last()
    assert response.status == 200
    body = response.body
    assert len(body) == count * SIZE
    for number, letter in enumerate(letters(count)):
        piece = body[number * SIZE:(number + 1) * SIZE]
        assert piece == letter.encode() * SIZE
    return response


# Answers.

def test_an_answer_in_pieces_is_chunked(probe):
    with probe.connect() as client:
        client.request("GET", "/stream?n=3&size=65536", close=True)
        response = stream_of(client, 3)
    assert response.header("transfer-encoding") == "chunked"
    assert response.header("content-length") is None


def test_http_1_0_gets_it_up_to_the_end_of_the_connection(probe):
    with probe.connect() as client:
        client.send(b"GET /stream?n=3&size=65536 HTTP/1.0\r\n"
                    b"Connection: keep-alive\r\n\r\n")
        response = stream_of(client, 3)
    assert response.header("transfer-encoding") is None and response.closes


def test_head_gets_none_of_it(probe):
    with probe.connect() as client:
        client.request("HEAD", "/stream?n=3&size=65536")
        client.request("GET", "/pid", close=True)
        assert client.read("HEAD").status == 200
        assert client.read().text == str(probe.worker)
        client.expect_eof()


def test_answers_behind_a_stream_come_after_it(probe):
    with probe.connect() as client:
        client.request("GET", "/stream?n=20&size=100")
        client.request("GET", "/pid")
        assert len(client.read().body) == 2000
        assert client.read().text == str(probe.worker)


def test_a_slow_reader_gets_it_all_and_costs_little_memory(probe):
    count = 600
    with bounded_memory(probe, SLACK) as look, probe.connect(
            room=1 << 17) as client:
        client.request("GET", f"/stream?n={count}&size={SIZE}", close=True)
        pieces = []
        while client.receive():
            pieces.append(client.data)
            client.data = b""
            if len(pieces) % 50 == 0:
                look()
        client.data = b"".join(pieces)
        response, rest = http1.parse(client.data, at_eof=True)
        assert len(response.body) == count * SIZE and rest == b""


def test_readers_that_stop_cost_no_memory_for_what_they_do_not_read(probe):
    count = 20
    with bounded_memory(probe, SLACK + count * 4 * SIZE) as look:
        with contextlib.ExitStack() as stack:
            for _ in range(count):
                client = stack.enter_context(probe.connect(room=1 << 17))
                client.request("GET", f"/stream?n=1000&size={SIZE}")
            wait_stuck(probe)
            look()
            # The others are served as ever.
            assert probe.request("GET", "/pid").text == str(probe.worker)
    wait_at_rest(probe)


def test_readers_that_go_on_get_the_rest(probe):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(probe.connect(room=1 << 17))
                   for _ in range(5)]
        for client in clients:
            client.request("GET", f"/stream?n=100&size={SIZE}", close=True)
        wait_stuck(probe)
        for client in reversed(clients):
            stream_of(client, 100)


@pytest.mark.parametrize("how", ["close", "reset"])
def test_clients_that_go_away_in_the_middle_leave_nothing(probe, how):
    for _ in range(30):
        client = probe.connect(room=1 << 16)
        client.request("GET", f"/stream?n=1000&size={SIZE}")
        client.receive()
        getattr(client, how)()
    wait_at_rest(probe)
    assert probe.request("GET", "/pid").text == str(probe.worker)


def test_clients_that_go_away_before_the_answer_leave_nothing(probe):
    for _ in range(30):
        client = probe.connect()
        client.request("GET", "/slow?ms=50")
        client.reset()
    wait_at_rest(probe)


def test_a_client_that_says_it_will_send_no_more_gets_its_answer(probe):
    with probe.connect() as client:
        client.request("GET", f"/stream?n=50&size={SIZE}", close=True)
        client.end()
        stream_of(client, 50)
    with probe.connect() as client:
        client.request("GET", "/slow?ms=100")
        client.end()
        assert client.read().text == "slow"
        client.expect_eof()


# Bodies.

def upload_head(length=None, target="/upload"):
    framing = (f"Content-Length: {length}" if length is not None
               else "Transfer-Encoding: chunked")
    return (f"POST {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            f"{framing}\r\n\r\n").encode()


def receipt(data):
    return f"{len(data)} {sum(data) % (1 << 32)}"


DATA = os.urandom(1000) * 5000  # More than a collected body may have.


@pytest.mark.parametrize("piece", [1000, 4096, 65535, 1 << 20])
def test_an_upload_arrives_whole_in_whatever_pieces(mirror, piece):
    with mirror.connect() as client:
        client.send(upload_head(len(DATA)))
        client.send(*[DATA[at:at + piece]
                      for at in range(0, len(DATA), piece)], pause_seconds=0)
        assert client.read().text == receipt(DATA)
        client.expect_eof()


@pytest.mark.parametrize("piece", [777, 65536])
def test_an_upload_in_chunks_arrives_whole(mirror, piece):
    with mirror.connect() as client:
        client.send(upload_head())
        for at in range(0, len(DATA), piece):
            data = DATA[at:at + piece]
            client.send(b"%x\r\n%s\r\n" % (len(data), data))
        client.send(b"0\r\n\r\n")
        assert client.read().text == receipt(DATA)
        client.expect_eof()


def test_uploads_at_the_same_time_are_not_mixed_up(mirror):
    datas = [bytes([number]) * 300_000 for number in range(10)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(mirror.connect()) for _ in datas]
        for client, data in zip(clients, datas):
            client.send(upload_head(len(data)))
        for at in range(0, 300_000, 10_000):
            for client, data in zip(clients, datas):
                client.send(data[at:at + 10_000])
        for client, data in zip(clients, datas):
            assert client.read().text == receipt(data)


def test_a_handler_that_pauses_holds_the_client_back(mirror):
    """The client cannot send on, and nothing piles up in the worker."""
    length = 64 * MEBIBYTE
    with bounded_memory(mirror, SLACK), mirror.connect() as client:
        client.send(upload_head(length, "/upload?hold"))
        client.socket.settimeout(0.3)
        sent = 0
        with pytest.raises(TimeoutError):
            while sent < length:
                sent += client.socket.send(bytes(min(SIZE, length - sent)))
        assert mirror.request("GET", "/resume").text == "resumed"
        client.socket.settimeout(harness.DEADLINE_SECONDS)
        client.socket.sendall(bytes(length - sent))
        assert client.read().text == f"{length} 0"


@pytest.mark.parametrize("how", ["close", "reset"])
def test_clients_that_go_away_within_an_upload_leave_nothing(mirror, how):
    for target in ("/upload", "/upload?hold", "/seen", "/ignore"):
        for _ in range(5):
            client = mirror.connect()
            client.send(upload_head(1_000_000, target), DATA[:100_000],
                        pause_seconds=0)
            if target.endswith("?hold"):
                wait_stuck(mirror)
            getattr(client, how)()
            # Whom a handler keeps waiting is watched when it goes on.
            mirror.request("GET", "/resume")
    wait_at_rest(mirror)
    assert mirror.request("GET", "/seen").status == 200


def test_an_upload_that_ends_too_early_is_refused(mirror):
    for target in ("/upload", "/seen"):
        with mirror.connect() as client:
            client.send(upload_head(1000, target), b"x" * 999)
            client.end()
            response = client.read()
            assert response.status == 400 and response.closes
            client.expect_eof()
