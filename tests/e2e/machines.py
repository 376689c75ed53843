"""Two machines with a cable between them: network namespaces and a veth pair.
They share the files of this machine and nothing of its network."""
import contextlib
import ctypes
import os
import shutil
import subprocess

import harness

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000


def why_not():
    """Why there can be none here; None when there can."""
    if not shutil.which("ip"):
        return "there is no ip(8)"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    tried = subprocess.run(["unshare", "--net", "ip", "link", "add", "yoke0",
                            "type", "veth", "peer", "name", "yoke1"],
                           capture_output=True, text=True)
    if tried.returncode:
        return f"network namespaces are not permitted: {tried.stderr.strip()}"
    return None


def _enter(fd):
    if _LIBC.setns(fd, _CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


class Machine:
    """Its end of the cable has `address`. Everything is gone with close()."""

    def __init__(self, address):
        self.address = address
        # Whose namespace it is; it also ends when the tests are killed.
        self.holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c",
             "echo; exec sleep infinity"], stdout=subprocess.PIPE)
        self.holder.stdout.readline()
        self.ip("link", "set", "lo", "up")

    def close(self):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()

    def wrap(self, argv):
        """What runs a command there, in the same process."""
        return ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net",
                *map(str, argv)]

    def ip(self, *args):
        subprocess.run(self.wrap(["ip", *args]), check=True)

    def plug(self, state):
        """Its end of the cable: "up" or "down"."""
        self.ip("link", "set", "cable", state)

    @contextlib.contextmanager
    def inside(self):
        """This thread is there: the sockets that it makes are that machine's,
        for ever."""
        with open("/proc/thread-self/ns/net", "rb") as own, \
                open(f"/proc/{self.holder.pid}/ns/net", "rb") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(own.fileno())

    def connect(self, server, **kwargs):
        """A connection to a server that runs there, from there."""
        with self.inside():
            return server.connect(**kwargs)

    def request(self, server, target, **kwargs):
        """One request on a connection of its own; its Response."""
        with self.inside():
            return server.request("GET", target, **kwargs)


@contextlib.contextmanager
def pair():
    """Two, with a cable."""
    with contextlib.ExitStack() as stack:
        both = [Machine("10.9.0.1"), Machine("10.9.0.2")]
        for machine in both:
            stack.callback(machine.close)
        first, second = both
        first.ip("link", "add", "cable", "type", "veth", "peer", "name",
                 "cable", "netns", str(second.holder.pid))
        for machine in both:
            machine.ip("addr", "add", f"{machine.address}/24", "dev", "cable")
            machine.plug("up")
        yield both


@contextlib.contextmanager
def redis(machine, folder):
    """A server on that machine, whose URL it yields. The port need not be
    free here."""
    port = 6379
    server = subprocess.Popen(
        machine.wrap(["redis-server", "--port", port, "--bind",
                      machine.address, "--protected-mode", "no", "--dir",
                      folder, "--save", "", "--logfile", "/dev/null"]))
    try:
        harness.wait_for(lambda: _answers(machine, port), "redis-server")
        yield f"redis://{machine.address}:{port}"
    finally:
        server.kill()
        server.wait()


def _answers(machine, port):
    with machine.inside(), contextlib.suppress(OSError):
        harness.Client.connect((machine.address, port), None, "").close()
        return True
    return False
