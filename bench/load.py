"""Load: wrk for rates, and a counted loader where N must be exact."""
import contextlib
import itertools
import re
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass

from proc import Failed

READY_S = 20.0
ANSWER_S = 60.0
GET = ("/get",)

# Each wrk thread goes to an address of its own, new in every run: when the
# client closes first its port is in TIME_WAIT, and one address pair has only
# some 28,000 ports, less than two seconds of new connections.
ADDRESSES_LUA = """
local threads = 0
function setup(thread)
    threads = threads + 1
    local host = string.format("127.%d.%d.%d", math.floor(RUN / 250) + 1,
                               RUN % 250, threads)
    thread.addr = wrk.lookup(host, PORT)[1]
end
"""
# Formatted once, so that wrk itself stays cheap.
PATHS_LUA = """
local requests, at = {}, 0
function init()
    for i, path in ipairs(paths) do
        requests[i] = wrk.format("GET", path)
    end
end
function request()
    at = at % #requests + 1
    return requests[at]
end
"""
_runs = 0


@dataclass
class Load:
    requests: int
    seconds: float


def wrk_parse(text):
    done = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m),", text)
    if not done:
        raise Failed(f"wrk said: {text.strip()[-300:]}")
    wrong = re.search(r"(Non-2xx or 3xx responses|Socket errors):.*", text)
    if wrong:
        raise Failed(f"wrk: {wrong.group(0).strip()}")
    unit = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[done.group(3)]
    return Load(int(done.group(1)), float(done.group(2)) * unit)


def wrk(port, seconds, conns, *options):
    """Runs wrk on the CPUs of this script, which are those for load."""
    done = subprocess.run(
        ["wrk", "-c", str(conns), "-d", f"{seconds}s", *options,
         f"http://127.0.0.1:{port}/get"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=seconds + 60)
    return wrk_parse(done.stdout + done.stderr)


@contextlib.contextmanager
def lua(text):
    """The name of a file with a script for wrk."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(text)
        script.flush()
        yield script.name


def keepalive(port, seconds, conns, paths=GET):
    """Requests for each of `paths` in turn."""
    if paths == GET:
        return wrk(port, seconds, conns, "-t", "1")
    listed = ", ".join(f'"{path}"' for path in paths)
    with lua(f"local paths = {{{listed}}}\n" + PATHS_LUA) as script:
        return wrk(port, seconds, conns, "-t", "1", "-s", script)


def connections(port, seconds, conns):
    """Every request on a connection of its own."""
    global _runs
    _runs += 1
    with lua(f"RUN = {_runs}\nPORT = {port}\n" + ADDRESSES_LUA) as script:
        return wrk(port, seconds, conns, "-t", "4", "-s", script,
                   "-H", "Connection: close")


def request(port, path):
    """What wrk sends, byte for byte."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()


def read_answer(sock, want=b"something"):
    """Reads one answer that ends in `want`; returns all of it."""
    got = b""
    while not got.endswith(want):
        data = sock.recv(4096)
        if not data:
            raise ConnectionResetError(f"closed after {got!r}")
        got += data
    if not got.startswith(b"HTTP/1.1 200"):
        raise Failed(f"unexpected answer: {got[:80]!r}")
    return got


def get(port, timeout_s):
    """One request on a connection of its own; returns the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout_s) as sock:
        sock.sendall(request(port, "/get"))
        return read_answer(sock)


def wait_ready(server, port):
    """Returns the first good answer, or raises when there is none in time."""
    deadline = time.monotonic() + READY_S
    while True:
        server.require_running()
        try:
            return get(port, READY_S)
        except OSError as error:
            if time.monotonic() > deadline:
                raise Failed(f"{server.name} does not answer: {error}; "
                             f"{server.log_tail()}") from error
            time.sleep(0.02)


def send_counted(port, conns, rounds, paths=GET):
    """Sends exactly conns x rounds requests, a round on every connection at
    a time: the server finds all of them ready, as under wrk."""
    asks = itertools.cycle([request(port, path) for path in paths])
    socks = [socket.create_connection(("127.0.0.1", port), ANSWER_S)
             for _ in range(conns)]
    try:
        for _ in range(rounds):
            for sock in socks:
                sock.sendall(next(asks))
            for sock in socks:
                read_answer(sock)
    finally:
        for sock in socks:
            sock.close()
