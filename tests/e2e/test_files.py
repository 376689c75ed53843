"""Files over real sockets: whole, in parts, to slow and vanishing clients."""
import hashlib
import signal
import socket

import harness
import procfs
import pytest
from harness import wait_for

APPS = harness.BUILD / "tests/apps"
LARGE = 24 << 20
ALLOWED = 4 << 20  # memory that a worker may grow by beside the data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("files")
    block = bytes(range(256)) * 4096
    (path / "large.bin").write_bytes(
        b"".join(bytes([n]) + block[1:] for n in range(LARGE >> 20)))
    (path / "small.txt").write_bytes(b"small")
    (path / "empty").write_bytes(b"")
    (path / "Größe.txt").write_bytes(b"name")
    return path


@pytest.fixture(scope="module")
def server(folder):
    argv = [harness.YOKE, "run", "-n", "1", APPS / "files.so"]
    with harness.Server(argv, env={"FILES": str(folder)}) as server:
        [server.worker] = server.wait_workers(1)
        server.request("GET", "/small.txt")
        server.fds_at_rest = server.fd_count(server.worker)
        yield server
        assert server.workers() == [server.worker], server.output


def wait_at_rest(server):
    """Waits until the worker has closed every connection and file."""
    wait_for(lambda: server.fd_count(server.worker) <= server.fds_at_rest,
             lambda: f"{server.fds_at_rest} descriptors, not "
                     f"{procfs.fds(server.worker)}")


def is_sanitized(pid):
    with open(f"/proc/{pid}/maps") as maps:
        return "libasan" in maps.read()


def connect(server, receive_buffer=None):
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(30)
    sock.connect(("127.0.0.1", server.port))
    return sock


def ask(sock, path, *fields):
    head = "\r\n".join([f"GET {path} HTTP/1.1", "Host: test", *fields])
    sock.sendall(head.encode() + b"\r\n\r\n")


def read_answer(file):
    """(head, body) of one answer that has a length."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline()
        assert line, head
        head += line
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:]
                  if line)
    return head, file.read(int(fields[b"Content-Length"]))


def test_a_large_file_arrives_whole_and_the_connection_lives(server, folder):
    wanted = hashlib.sha256((folder / "large.bin").read_bytes()).digest()
    with connect(server) as sock, sock.makefile("rb") as file:
        for _ in range(3):
            ask(sock, "/large.bin")
            head, body = read_answer(file)
            assert b" 200 " in head
            assert hashlib.sha256(body).digest() == wanted
            ask(sock, "/small.txt")
            assert read_answer(file)[1] == b"small"
    wait_at_rest(server)


def test_a_request_behind_a_file_waits_for_its_turn(server, folder):
    with connect(server) as sock, sock.makefile("rb") as file:
        sock.sendall(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n"
                     b"GET /empty HTTP/1.1\r\nHost: a\r\n\r\n"
                     b"GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_answer(file)[1] == (folder / "large.bin").read_bytes()
        assert read_answer(file)[1] == b""
        assert read_answer(file)[1] == b"small"


def test_a_part_of_a_file(server, folder):
    whole = (folder / "large.bin").read_bytes()
    first, last = 1_000_001, 9_000_000
    with connect(server) as sock, sock.makefile("rb") as file:
        ask(sock, "/large.bin", f"Range: bytes={first}-{last}")
        head, body = read_answer(file)
        assert b" 206 " in head
        assert f"Content-Range: bytes {first}-{last}/{LARGE}".encode() in head
        assert body == whole[first:last + 1]


def test_a_name_beyond_ascii(server):
    with connect(server) as sock, sock.makefile("rb") as file:
        ask(sock, "/save/Gr%C3%B6%C3%9Fe.txt")
        head, body = read_answer(file)
        assert body == b"name"
        assert (b'Content-Disposition: attachment; filename="Gr??e.txt"; '
                b"filename*=UTF-8''Gr%C3%B6%C3%9Fe.txt\r\n") in head


def test_slow_clients_cost_no_memory(server):
    """The file waits in the page cache, not in the worker."""
    socks = []
    before = procfs.resident_bytes(server.worker)
    try:
        for _ in range(20):
            socks.append(connect(server, receive_buffer=4096))
            ask(socks[-1], "/large.bin")
            assert socks[-1].recv(1000)
        grown = procfs.resident_bytes(server.worker) - before
        # A sanitizer keeps what has been freed: its memory tells nothing.
        assert grown < 20 * 256 * 1024 + ALLOWED or is_sanitized(server.worker)
    finally:
        for sock in socks:
            sock.close()
    wait_at_rest(server)


def test_a_client_that_goes_leaves_no_file_open(server):
    for how in (False, True):
        sock = connect(server)
        ask(sock, "/large.bin")
        sock.recv(1000)
        if how:  # a reset instead of an end
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
        sock.close()
    wait_at_rest(server)


def test_a_stream_ends_when_the_server_stops(folder):
    argv = [harness.YOKE, "run", "-n", "1", APPS / "files.so"]
    with harness.Server(argv, env={"FILES": str(folder)}) as server:
        server.wait_workers(1)
        with connect(server) as sock, sock.makefile("rb") as file:
            ask(sock, "/events")
            seen = b""
            while b"event: pid" not in seen:
                seen += file.readline()
            server.send_signal(signal.SIGTERM)
            rest = file.read()
            assert rest.endswith(b"0\r\n\r\n")
        server.wait_exit()
