"""Starts real programs, talks to them in bytes, and sees them off.

    with Server([harness.EXAMPLES / "hello"]) as server:   # on a free port
        with server.connect() as client:
            client.send(b"GET /get HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
            response = client.read()
            assert response.text == "something"
        assert server.request("POST", "/post").status == 201
        server.stop()                      # SIGTERM; asserts exit status 0

Most tests get their servers from the fixtures in conftest.py, which stop what
a test leaves running. Two rules keep the tests firm on a slow, noisy machine:

  * wait for a condition (`wait_for`), never for an amount of time;
  * assert what happened, never how long it took.

The programs come from the build folder that $YOKE_BUILD names, build/ by
default; with $YOKE_BUILD=build-asan, what a sanitizer reports fails the test,
be it in a worker that was replaced long ago.
"""
import contextlib
import os
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time

import control
import http1
import procfs

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("YOKE_BUILD", "build")).resolve()
EXAMPLES = BUILD / "examples"
YOKE = BUILD / "yoke"

# What the processes are named that workers are forked from.
TEMPLATE = "yoke-template"

# Long enough for a sanitized program on a busy machine: reaching it means that
# something hangs.
DEADLINE_SECONDS = 20

FINDING = re.compile(r"ERROR: \w+Sanitizer|runtime error:|"
                     r"Assertion .* failed", re.M)


# Where the programs' control sockets are, apart from those of anybody else.
RUN_DIR = tempfile.TemporaryDirectory(prefix="yoke-run-")

# Of ports, by free_port.
CLAIMS = []


def wait_for(condition, what, seconds=DEADLINE_SECONDS):
    """Calls condition() until it returns something true, and returns that.
    Fails with `what` (a text, or a function that makes one) when it never
    does."""
    end = time.monotonic() + seconds
    pause = 0.002
    while not (result := condition()):
        if time.monotonic() > end:
            raise AssertionError(
                f"waited {seconds} s for {what() if callable(what) else what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return result


def free_port():
    """A port that is free for TCP and UDP, for this process alone. Prefer port
    0: this is for programs that must know the number before. It is none of
    those that the kernel gives to whoever asks for port 0, and other tests
    leave it alone, for while we have its name in the abstract namespace of UNIX
    sockets, they cannot have it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = int(file.read().split()[0])
    while True:
        port = random.randrange(min(10000, first - 1000), first)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0yoke-test-port-{port}")
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET6, kind) as probe:
                    probe.bind(("::", port))
        except OSError:
            claim.close()
            continue
        CLAIMS.append(claim)
        return port


def wait_at_rest(*pids):
    """Waits until these processes sleep: they use next to no time, and wake up
    seldom. One that spins does the one or the other."""
    def look():
        return [(procfs.cpu_seconds(pid), procfs.context_switches(pid))
                for pid in pids]

    def are_asleep():
        before = look()
        time.sleep(0.4)
        return all(used - used_before <= 0.02 and wakes - wakes_before < 50
                   for (used, wakes), (used_before, wakes_before)
                   in zip(look(), before))
    wait_for(are_asleep, f"processes {pids} to sleep")


def environment(env=None):
    """The environment for a program: this one, without what would change how
    yoke behaves, and with `env`. A value of None removes a variable."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith("YOKE_") and name != "PORT"}
    clean["YOKE_RUN_DIR"] = RUN_DIR.name
    clean.update(env or {})
    return {name: str(value) for name, value in clean.items()
            if value is not None}


def fewer(count):
    """How often to repeat what is to be done so often: a quarter of it where a
    sanitizer makes each time dearer, and finds what it finds the first time."""
    return count // 4 if "asan" in BUILD.name else count


def crash_env():
    """More environment, for a program that a test ends with SIGSEGV and the
    like on purpose: a sanitizer must not take that for a finding."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"ASAN_OPTIONS": f"{options}:handle_segv=0:handle_sigbus=0:"
                            "handle_sigfpe=0:handle_abort=0"}


def no_leak_check():
    """More environment, for a process that was forked from one with threads:
    the leak checker looks for those, and may wait for them for ever."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"ASAN_OPTIONS": f"{options}:detect_leaks=0"}


def command(*args, env=None, seconds=DEADLINE_SECONDS, stdin=None, cwd=None):
    """Runs `yoke ARGS` to its end; a CompletedProcess with `returncode`,
    `stdout` and `stderr`. Fails when it does not end, or when anything that
    it has started outlives it."""
    return run([YOKE, *args], env, seconds, stdin, cwd)


def run(argv, env=None, seconds=DEADLINE_SECONDS, stdin=None, cwd=None):
    """Like `command`, for any program."""
    with subprocess.Popen(
            [str(arg) for arg in argv], env=environment(env), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=cwd, start_new_session=True) as process:
        try:
            out, err = process.communicate(stdin, seconds)
        except BaseException as error:
            kill_session(process.pid)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            out, err = process.communicate()
            raise AssertionError(
                f"{argv} still ran after {seconds} s:\n{out}{err}") from None
        check_nothing_left(process.pid)
        assert not FINDING.search(err), err
        return subprocess.CompletedProcess(argv, process.returncode, out, err)


def kill_session(sid):
    """Kills all processes of a session, however they replace each other."""
    while left := procfs.session(sid):
        for pid in sorted(left, key=lambda pid: pid != sid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


def check_nothing_left(sid):
    """Fails when a process of a session is still there, and kills it.
    A worker whose primary has just gone has a moment to notice."""
    try:
        wait_for(lambda: not procfs.session(sid),
                 lambda: f"processes {procfs.session(sid)} to end", 10)
    finally:
        kill_session(sid)


@contextlib.contextmanager
def servers():
    """A list for servers that are started. At the end all are stopped, have to
    stop cleanly, and must not have found anything wrong."""
    started = []
    yield started
    try:
        for server in started:
            server.stop()
    finally:
        for server in started:
            server.kill()
    for server in started:
        server.check_findings()


class Server:
    """A running program that listens.

    `pid` is its process, the primary; `port` the first TCP port it listens
    on; `stdout` and `stderr` what it has written so far, with its workers.
    """

    def __init__(self, argv, env=None, port=0, cwd=None, wait=True):
        """Starts a program, with PORT=port in its environment (port=None:
        without), in a session of its own, and waits until it accepts
        connections on TCP. With wait=False it returns at once; then wait for
        something else, such as `wait_output`."""
        self.argv = [str(arg) for arg in argv]
        self.env = env
        self.files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        self.process = subprocess.Popen(
            self.argv, env=environment({"PORT": port, **(env or {})}), cwd=cwd,
            stdin=subprocess.DEVNULL, stdout=self.files[0],
            stderr=self.files[1], start_new_session=True)
        self.pid = self.process.pid
        self.port = None
        if wait:
            try:
                self.wait_listening()
            except BaseException:
                self.kill()
                raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind or self.process.poll() is not None:
            self.kill()
        else:
            self.stop()

    # What it says.

    def written(self, index):
        file = self.files[index]
        # Not seek and read: the program writes at the same offset.
        data = os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)
        return data.decode(errors="replace")

    @property
    def stdout(self):
        return self.written(0)

    @property
    def stderr(self):
        return self.written(1)

    @property
    def output(self):
        """Both, for programs that may log to either."""
        return self.stdout + self.stderr

    @property
    def whole_lines(self):
        """The whole lines of both: a line may come in pieces."""
        return "".join(text[:text.rfind("\n") + 1]
                       for text in (self.stdout, self.stderr))

    def wait_output(self, pattern, count=1):
        """Waits until `pattern`, a regular expression, has matched `count`
        times in the whole lines it wrote, ^ and $ at each; returns the
        matches."""
        regex = re.compile(pattern, re.M)

        def matches():
            found = list(regex.finditer(self.whole_lines))
            return found if len(found) >= count else None
        return wait_for(matches,
                        lambda: f"{count} of {pattern!r} in:\n{self.output}")

    # Whether it is there.

    def wait_listening(self, ports=1):
        """Waits until it listens on that many TCP ports; returns them, and
        sets `port` to the lowest."""
        def listening():
            assert self.process.poll() is None, (
                f"{self.argv} ended with {self.process.returncode}:\n"
                f"{self.output}")
            found = self.ports()
            return found if len(found) >= ports else None
        found = wait_for(listening, lambda: f"a listener:\n{self.output}")
        self.port = found[0]
        return found

    def ports(self):
        """TCP ports that it, or a worker, listens on."""
        return sorted({port for pid in [self.pid, *self.workers()]
                       for port in procfs.listening_ports(pid)})

    def workers(self):
        """Pids of its living children, the oldest first, but for templates."""
        return [pid for pid in procfs.children(self.pid)
                if procfs.name(pid) != TEMPLATE]

    def templates(self):
        """Pids of its templates, if it preloads."""
        return [pid for pid in procfs.children(self.pid)
                if procfs.name(pid) == TEMPLATE]

    def wait_workers(self, count, other_than=()):
        """Waits until it has exactly `count` workers, none of which is in
        `other_than`; returns their pids."""
        def complete():
            pids = self.workers()
            ready = len(pids) == count and not set(pids) & set(other_than)
            return [pids] if ready else None
        return wait_for(
            complete,
            lambda: f"{count} workers, not {self.workers()}:\n{self.output}")[0]

    def wait_ready(self, count):
        """Waits until so many workers serve, as its control socket tells, and
        no other is there; returns their pids. A worker that has been started
        may not have loaded the application yet."""
        def complete():
            rows = control.workers(self)
            ready = [row["pid"] for row in rows if row["state"] == "ready"]
            return [sorted(ready)] if len(ready) == len(rows) == count else None
        return wait_for(
            complete, lambda: f"{count} that serve:\n{self.output}")[0]

    def fd_count(self, pid=None):
        """How many descriptors the primary, or `pid`, has open, but for its
        own of the log, which it has from its first line there on."""
        fds = procfs.fds(pid or self.pid)
        log = fds.get(2)
        return sum(fd <= 2 or what != log for fd, what in fds.items())

    # Talking to it.

    def connect(self, host="127.0.0.1", port=None, path=None, **kwargs):
        """A new connection to it: to its port, or to the UNIX socket `path`;
        with `room` and `source` as Client has them."""
        return Client((host, port or self.port), path, **kwargs)

    def request(self, method="GET", target="/", headers=(), body=b""):
        """One request on a connection of its own; its Response."""
        with self.connect() as client:
            client.request(method, target, headers, body, close=True)
            response = client.read(method)
            client.expect_eof()
        return response

    # Its end.

    def send_signal(self, number, pid=None):
        """Sends a signal to the primary, or to `pid`."""
        os.kill(pid or self.pid, number)

    def wait_exit(self, seconds=DEADLINE_SECONDS):
        """Waits until it has ended by itself, with all its workers; returns
        its exit status, or -N when signal N killed it."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"still running after {seconds} s:\n{self.output}") from None
        check_nothing_left(self.pid)
        self.check_findings()
        return status

    def stop(self, number=signal.SIGTERM, status=0):
        """Asks it to stop, and asserts that it ends with that exit status,
        leaving no worker. Does nothing when it has been stopped before."""
        if self.process.returncode is None:
            self.send_signal(number)
            ended = self.wait_exit()
            assert ended == status, f"exit status {ended}:\n{self.output}"

    def kill(self):
        """Ends it and its workers at once, whatever they are doing."""
        kill_session(self.pid)
        self.process.wait()

    def kill_primary(self):
        """Kills it alone; its workers may go on (`--survive`)."""
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()

    def check_findings(self):
        """Fails when a sanitizer or an assertion has spoken, in any process."""
        assert not FINDING.search(self.output), self.output


class Client:
    """One connection, raw: what is sent is what the test says, and what comes
    back must satisfy the strict parser in http1.py."""

    def __init__(self, address, path=None, room=None, source=""):
        """`room` limits the bytes that wait on our side to be read; `source`
        is an address of ours to connect from."""
        if path is None:
            self.socket = self.connect(address, room, source)
            # Each send is a packet of its own.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(DEADLINE_SECONDS)
            self.socket.connect(str(path))
        self.data = b""  # Received, not yet read as an answer.

    @staticmethod
    def connect(address, room, source):
        one = socket.socket(socket.AF_INET6 if ":" in address[0]
                            else socket.AF_INET)
        try:
            one.settimeout(DEADLINE_SECONDS)
            if room:  # Before connecting, where the window is agreed on.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
            if source:
                one.bind((source, 0))
            one.connect(address)
        except OSError:
            one.close()
            raise
        return one

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *pieces, pause_seconds=0.02):
        """Sends bytes; several pieces with a pause between, so that they
        usually arrive in as many reads. A server that has closed already is
        no error: what it answered can still be read."""
        for index, piece in enumerate(pieces):
            if index:
                time.sleep(pause_seconds)
            try:
                self.socket.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return

    def request(self, method="GET", target="/", headers=(), body=b"",
                close=False):
        """Sends a request: with Host, with Content-Length when it has a body,
        and `headers`, a list of (name, value)."""
        lines = [f"{method} {target} HTTP/1.1", "Host: test"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        if close:
            lines.append("Connection: close")
        lines += [f"{name}: {value}" for name, value in headers]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def read(self, method="GET"):
        """The next answer, to a request of that method, as a Response."""
        at_eof = False
        while True:
            try:
                response, self.data = http1.parse(self.data, method, at_eof)
                return response
            except http1.Incomplete as incomplete:
                if at_eof:
                    raise AssertionError(f"closed {incomplete}") from None
            at_eof = not self.receive()

    def read_n(self, count, method="GET"):
        """The next `count` answers."""
        return [self.read(method) for _ in range(count)]

    def expect_eof(self):
        """Asserts that the server closes, in good order, and sends nothing
        more before."""
        assert self.read_rest() == b""

    def read_rest(self):
        """All bytes up to the end of the connection, unparsed."""
        pieces = [self.data]
        self.data = b""
        while self.receive():
            pieces.append(self.data)
            self.data = b""
        return b"".join(pieces)

    def read_last(self, method="GET"):
        """The next answer, behind which the server must close. Of a large one
        this takes less time than `read`."""
        response, rest = http1.parse(self.read_rest(), method, at_eof=True)
        assert rest == b"", f"behind the answer: {rest[:80]!r}"
        return response

    def expect_silence(self, seconds=0.2):
        """Asserts that nothing arrives for a while, and no end either. It can
        prove an answer wrong, never right: what is slow stays unseen."""
        self.socket.settimeout(seconds)
        try:
            assert self.receive() and not self.data, f"not silent: {self.data}"
        except TimeoutError:
            pass
        finally:
            self.socket.settimeout(DEADLINE_SECONDS)

    def receive(self):
        """Adds what has arrived to `data`; False at the end of the
        connection. Raises ConnectionResetError on a reset."""
        piece = self.socket.recv(65536)
        self.data += piece
        return bool(piece)

    def end(self):
        """Says that no more will be sent; answers can still be read."""
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a reset instead of a close."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.socket.close()
