"""Runs tests/cluster/fleet.c: a cluster without HTTP, that tells every event in
a line, takes commands, and serves lines (see there and in conn.h)."""
import os
import pathlib
import re
import signal
import socket
import sys
import tempfile

import harness
import pytest
from harness import wait_for

FLEET = harness.BUILD / "tests/cluster/fleet"
LISTENS = r"^(\d+) listens on (-?\d+) (\S+) (\d+)$"
# Prefixes of a command: without root's privileges, and with descriptors.
AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
HAND_OVER = [sys.executable, pathlib.Path(__file__).with_name("hand_over.py")]
FREE_PORTS = "/proc/sys/net/ipv4/ip_unprivileged_port_start"
BINDS = r"^(\d+) binds udp(\d) (\S+) (\d+)$"


class Fleet(harness.Server):
    """fleet(n, "-S", "127.0.0.1:0", ...): `n` workers that listen there."""

    def __init__(self, n, *args, env=None, wrap=(), program=FLEET, **kwargs):
        self.folder = tempfile.TemporaryDirectory()
        control = os.path.join(self.folder.name, "control")
        os.mkfifo(control)
        self.control = os.open(control, os.O_RDWR)
        self.n = n
        super().__init__([*wrap, program, "-n", n, *args], port=None,
                         wait=False, env={"FLEET_CONTROL": control,
                                          **(env or {})}, **kwargs)

    def kill(self):
        super().kill()
        if self.control >= 0:
            os.close(self.control)
            self.control = -1

    def wait_ready(self, listeners=1):
        """Waits until every worker listens everywhere; sets `port` to the
        lowest TCP port, and returns all."""
        found = self.wait_output(LISTENS, self.n * listeners)
        ports = sorted({int(match[4]) for match in found} - {0})
        self.port = ports[0] if ports else None
        return ports

    def command(self, line):
        os.write(self.control, line.encode() + b"\n")

    def lines(self, pattern):
        """What matches so far: the groups, or the whole."""
        return [match.groups() or match[0]
                for match in re.finditer(pattern, self.output, re.M)]

    def pid_of(self, worker_id):
        """The process of a worker that is alive."""
        self.command("list")
        text = self.wait_output(rf"^workers.* {worker_id}:(\d+)[ .]")[-1]
        return int(text[1])

    def controls(self):
        """{pid: port} of the workers' own TCP ports, for a fleet that listens
        on "own:0" first: to speak to one of them."""
        found = self.lines(LISTENS)
        return {int(pid): int(port) for pid, _, _, port in reversed(found)}

    def line(self, **where):
        return Line(self, **where)

    def ask(self, text, **where):
        """One command on a connection of its own; its answer."""
        with self.line(**where) as line:
            return line.ask(text)

    def answerer(self, **where):
        """The process that answers a connection."""
        return int(self.ask("id", **where).split()[0])

    def wait_all_answer(self, **where):
        """Waits until each worker has answered a new connection."""
        seen = set()

        def complete():
            seen.add(self.answerer(**where))
            return seen >= set(self.workers())
        wait_for(complete, lambda: f"{self.workers()} to answer, not {seen}")


class Line:
    """A connection to a worker."""

    def __init__(self, fleet, host="127.0.0.1", port=None, path=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(harness.DEADLINE_SECONDS)
            self.socket.connect(path)
        else:
            self.socket = socket.create_connection(
                (host, port or fleet.port), harness.DEADLINE_SECONDS)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def read(self):
        """The next line of the answer; None when the connection ends."""
        while b"\n" not in self.data:
            piece = self.socket.recv(4096)
            if not piece:
                return None
            self.data += piece
        line, _, self.data = self.data.partition(b"\n")
        return line.decode()

    def ask(self, text):
        self.send(text)
        return self.read()

    def pid(self):
        return int(self.ask("id").split()[0])

    def ends(self):
        """True when the connection ends without a word, in whatever way."""
        try:
            return self.read() is None
        except ConnectionResetError:
            return True


def handed(*what):
    """To wrap a fleet in: hand_over.py's descriptors."""
    return [*HAND_OVER, *what, "--"]


def skip_unless_privileged(port):
    """For a test that gives root up and asks for that port."""
    if os.geteuid() != 0:
        pytest.skip("needs root to give up")
    with open(FREE_PORTS) as file:
        if int(file.read()) <= port:
            pytest.skip(f"port {port} is free for all here")


@pytest.fixture
def start_fleet():
    """start_fleet(n, ...) starts a Fleet and waits until every worker listens
    on that many `listeners`; what still runs at the end must stop cleanly."""
    with harness.servers() as fleets:
        def start_one(n, *args, listeners=1, **kwargs):
            fleets.append(Fleet(n, *args, **kwargs))
            if listeners:
                fleets[-1].wait_ready(listeners)
            return fleets[-1]
        yield start_one


def stop_process(pid):
    """SIGSTOP, and waits until it has taken effect."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: harness.procfs.stat(pid)[0] == "T", "it to stop")
