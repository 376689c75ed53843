"""Middleware over real sockets: compression as curl sees it, files that go
through it to slow clients, and an access log that four workers share."""
import concurrent.futures
import gzip
import re
import socket
import subprocess

import harness
import procfs
import pytest
from harness import wait_for

APPS = harness.BUILD / "tests/apps"
TEXT = (b"yoke serves\n" * 1667)[:20000]
LARGE = 8 << 20
ALLOWED = 4 << 20  # memory that a worker may grow by
COMBINED = re.compile(
    r'127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] '
    r'"GET /text\?n=(\d+) HTTP/1\.1" 200 \d+ "-" "(x+)"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("served")
    # Text that compression does not make nothing of.
    lines = b"".join(b"%d %x\n" % (n, n * 2654435761 % (1 << 64))
                     for n in range(100000))
    (path / "large.txt").write_bytes((lines * 9)[:LARGE])
    (path / "page.html").write_bytes(b"<p>as it is</p>")
    (path / "page.html.gz").write_bytes(gzip.compress(b"<p>packed</p>"))
    return path


@pytest.fixture(scope="module")
def server(folder):
    argv = [harness.YOKE, "run", "-n", "1", APPS / "served.so"]
    with harness.Server(argv, env={"FILES": str(folder)}) as server:
        [server.worker] = server.wait_workers(1)
        yield server
        assert server.workers() == [server.worker], server.output


def curl(server, path, *options):
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "50", *options,
         f"http://127.0.0.1:{server.port}{path}"],
        capture_output=True, check=True)
    return done.stdout


def head_of(server, path, *options):
    """Header fields of the answer to GET, in lower case."""
    head = curl(server, path, "-D", "-", "-o", "/dev/null", *options)
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in
            (line.partition(": ") for line in lines if line)}


# ---- Compression ----

@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_curl_unpacks_what_it_has_asked_for(server, folder, coding):
    asked = ["-H", f"Accept-Encoding: {coding}", "--compressed"]
    assert curl(server, "/text", *asked) == TEXT
    large = curl(server, "/files/large.txt", *asked)
    assert large == (folder / "large.txt").read_bytes()
    fields = head_of(server, "/text", *asked)
    assert fields["content-encoding"] == coding
    assert int(fields["content-length"]) < 1000
    assert fields["vary"] == "Accept-Encoding"


def test_who_does_not_ask_gets_it_as_it_is(server):
    assert curl(server, "/text") == TEXT
    assert "content-encoding" not in head_of(server, "/text")


def test_a_packed_file_is_sent_as_it_lies_there(server):
    assert curl(server, "/files/page.html", "--compressed") == b"<p>packed</p>"
    assert curl(server, "/files/page.html") == b"<p>as it is</p>"


def test_events_flow_through_compression(server):
    with subprocess.Popen(
            ["curl", "-sSN", "--compressed", "--max-time", "50",
             f"http://127.0.0.1:{server.port}/events"],
            stdout=subprocess.PIPE) as client:
        try:
            for _ in range(3):
                assert client.stdout.readline() == b"event: tick\n"
                assert client.stdout.readline() == b"data: tock\n"
                assert client.stdout.readline() == b"\n"
        finally:
            client.kill()


def test_a_slow_client_costs_no_memory(server):
    before = procfs.resident_bytes(server.worker)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(30)
        sock.connect(("127.0.0.1", server.port))
        sock.sendall(b"GET /files/large.txt HTTP/1.1\r\nHost: a\r\n"
                     b"Accept-Encoding: gzip\r\n\r\n")
        for _ in range(200):
            assert sock.recv(1024)
        # Others are served meanwhile.
        assert curl(server, "/text") == TEXT
        assert procfs.resident_bytes(server.worker) - before < ALLOWED
    assert curl(server, "/text") == TEXT


def test_a_client_that_goes_leaves_no_file_open(server):
    curl(server, "/text")
    at_rest = server.fd_count(server.worker)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(b"GET /files/large.txt HTTP/1.1\r\nHost: a\r\n"
                         b"Accept-Encoding: br\r\n\r\n")
            assert sock.recv(1024)
    wait_for(lambda: server.fd_count(server.worker) <= at_rest,
             lambda: f"{at_rest} descriptors, not {procfs.fds(server.worker)}")


def test_a_handler_that_takes_too_long_is_answered_for(server):
    answer = server.request("GET", "/slow")
    assert answer.status == 503
    assert answer.header("connection") == "close"


# ---- The access log ----

def ask_for_many(server, first, count):
    """Asks with a long User-Agent, the longer the number."""
    for n in range(first, first + count):
        agent = "x" * (1 + n % 3000)
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.settimeout(30)
            sock.sendall(f"GET /text?n={n} HTTP/1.1\r\nHost: a\r\n"
                         f"User-Agent: {agent}\r\nConnection: close\r\n\r\n"
                         .encode())
            while sock.recv(65536):
                pass


def ask_in_parallel(server, count, threads=4):
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(ask_for_many, server, n * count, count)
                for n in range(threads)]
        for job in jobs:
            job.result()
    return range(threads * count)


def check_lines(text, numbers):
    """Every line is whole, and there is one for each request."""
    seen = []
    for line in text.splitlines():
        match = COMBINED.fullmatch(line)
        assert match, line
        number = int(match[1])
        assert len(match[2]) == 1 + number % 3000
        seen.append(number)
    assert sorted(seen) == list(numbers)


@pytest.mark.parametrize("buffer", [0, 20000])
def test_lines_of_four_workers_are_whole(start_app, tmp_path, buffer):
    log = tmp_path / "access.log"
    server = start_app(APPS / "served.so", "-n", "4",
                       env={"LOG": log, "LOG_BUFFER": buffer})
    server.wait_workers(4)
    numbers = ask_in_parallel(server, 50)
    if not buffer:
        wait_for(lambda: log.read_text().count("\n") == len(numbers),
                 "a line for each request")
    server.stop()
    check_lines(log.read_text(), numbers)


def test_lines_into_a_pipe_are_whole(start_app):
    server = start_app(APPS / "served.so", "-n", "4", env={"LOG": "-"})
    server.wait_workers(4)
    numbers = ask_in_parallel(server, 25)
    server.stop()
    lines = [line for line in server.stdout.splitlines() if "GET /text" in line]
    check_lines("\n".join(lines), numbers)


def test_a_log_can_be_rotated_under_load(start_app, tmp_path):
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    server = start_app(APPS / "served.so", "-n", "2", env={"LOG": log})
    server.wait_workers(2)
    ask_for_many(server, 0, 5)
    log.rename(old)
    count = 5

    def is_new():
        nonlocal count
        ask_for_many(server, count, 5)
        count += 5
        return log.exists()

    wait_for(is_new, "a new file")
    server.stop()
    check_lines(old.read_text() + log.read_text(), range(count))
