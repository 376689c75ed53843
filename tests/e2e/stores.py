"""Stores for programs that share state, as the end-to-end tests start them: each
is a URL for $YOKE_STORE, with a server behind it if it needs one, on a UNIX
socket in a folder of its own.

    with stores.running("redis", tmp_path) as store:
        start_app(..., env={"YOKE_STORE": store.url})

A further kind is a function and a line in KINDS. Some are another but for the way
to its servers: the examples are tested with those, and everything is, also over
TLS, when $YOKE_KINDS is "all", as `make proofs` sets it.
"""
import atexit
import contextlib
import dataclasses
import getpass
import os
import pathlib
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import tempfile

import harness
import pytest
from harness import wait_for


class Store:
    """kill(), restart(), freeze() and thaw() are for those that have a server
    of their own."""

    def __init__(self, url, path=None, command=()):
        self.url = url
        self.path = path
        self.command = [str(part) for part in command]
        self.process = None
        self.start()

    def start(self):
        if not self.command:
            return
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.answers, f"{self.command[0]} to listen")

    def answers(self):
        with contextlib.suppress(OSError), \
                socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
            return True
        return False

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self):
        self.kill()
        self.start()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)


def _lmdb(folder):
    return Store(f"lmdb:{folder}/state")


def _memory(_folder):
    return Store("memory:")


def _redis(folder):
    path = folder / "redis"
    return Store(f"redis+unix:{path}", path, [
        "redis-server", "--port", "0", "--unixsocket", path, "--dir", folder,
        "--save", "", "--logfile", "/dev/null"])


def _memcached(folder):
    path = folder / "memcached"
    return Store(f"memcached+unix:{path}", path, [
        "memcached", "-s", path, "-t", "1", "-u", getpass.getuser()])


class Postgres:
    """A server with its data, on a socket in a folder of its own: one for all
    tests of a process, for making one takes a second. Each test has a database
    of its own in it. It refuses to run as root."""
    running = None

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoke-pg-"))
        atexit.register(self.stop)
        self.count = 0
        self.ordinary = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            self.ordinary = ["setpriv", f"--reuid={user.pw_uid}",
                             f"--regid={user.pw_gid}", "--clear-groups"]
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            # What tests have for their files may be root's alone.
            above = self.folder.parent
            os.chmod(above, above.stat().st_mode | stat.S_IXOTH)
        data = self.folder / "data"
        self.call("initdb", "-D", data, "-N", "-A", "trust", "-U", "yoke",
                  "--wal-segsize=1", "--locale=C", "-E", "UTF8")
        self.process = subprocess.Popen(self.argv(
            "postgres", "-D", data, "-k", self.folder, "-h", "", "-c",
            "fsync=off", "-c", "shared_buffers=16MB", "-c", "wal_level=minimal",
            "-c", "max_wal_senders=0"),
            cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        ready = data / "postmaster.pid"
        wait_for(lambda: ready.exists() and "\nready" in ready.read_text(),
                 "postgres to be ready")

    @staticmethod
    def tool():
        """Where its programs are: not on the PATH in Debian."""
        if not shutil.which("pg_config"):
            return None
        found = subprocess.run(["pg_config", "--bindir"], capture_output=True,
                               text=True).stdout.strip()
        return found if os.path.exists(f"{found}/postgres") else None

    def argv(self, program, *args):
        return [*self.ordinary, f"{self.tool()}/{program}",
                *(str(arg) for arg in args)]

    def call(self, program, *args):
        subprocess.run(self.argv(program, *args), check=True, cwd=self.folder,
                       stdout=subprocess.DEVNULL)

    def new_database(self):
        self.count += 1
        name = f"test{self.count}"
        self.call("createdb", "-h", self.folder, "-U", "yoke", name)
        return f"postgresql+unix:{self.folder}?user=yoke&dbname={name}"

    def stop(self):
        if hasattr(self, "process"):
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _postgresql(_folder):
    if not Postgres.running:
        Postgres.running = Postgres()
    return Store(Postgres.running.new_database())


# ---- Redis by other ways: servers that the tests of a process share ----

class Node:
    """A redis-server on a port of its own."""

    def __init__(self, folder, *options):
        self.port = harness.free_port()
        self.process = subprocess.Popen(
            ["redis-server", *map(str, self.first(folder)), "--port",
             str(self.port), "--bind", "127.0.0.1", "--dir", folder,
             "--logfile", "/dev/null", *map(str, options)])
        self.wait("PING", "PONG")

    def first(self, folder):
        """A file of its configuration, or none."""
        return ["--save", ""]

    def ask(self, *command):
        return subprocess.run(["redis-cli", "-p", str(self.port),
                               *map(str, " ".join(map(str, command)).split())],
                              capture_output=True, text=True).stdout.strip()

    def wait(self, command, wanted):
        wait_for(lambda: wanted in self.ask(command),
                 lambda: f"{wanted}, not {self.ask(command)}")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Sentinel(Node):
    """It wants a file, for it writes into it what it learns."""

    def __init__(self, folder, primary):
        self.primary = primary
        super().__init__(folder)

    def first(self, folder):
        path = pathlib.Path(folder) / "sentinel.conf"
        path.write_text("sentinel monitor shop 127.0.0.1 "
                        f"{self.primary.port} 1\n")
        return [path, "--sentinel"]


class Site:
    """Some nodes, and the URL that leads to them. Nothing is in them when they
    are used the next time."""
    running = {}

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="yoke-redis-")
        self.nodes = []
        atexit.register(self.stop)
        self.url = self.begin()

    @classmethod
    def store(cls, _folder):
        if cls not in Site.running:
            Site.running[cls] = cls()
        site = Site.running[cls]
        for node in site.nodes:
            node.ask("FLUSHALL")
        return Store(site.url)

    def stop(self):
        for node in self.nodes:
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class SentinelSite(Site):
    def begin(self):
        primary = Node(self.folder)
        self.nodes = [primary]
        sentinel = Sentinel(self.folder, primary)
        self.nodes.append(sentinel)
        return f"redis+sentinel://127.0.0.1:{sentinel.port}/shop"


class ClusterSite(Site):
    """Three primaries share the slots."""
    SLOTS = [(0, 5461), (5462, 10922), (10923, 16383)]

    def begin(self):
        bus = [harness.free_port() for _ in self.SLOTS]
        for port in bus:
            self.nodes.append(Node(
                self.folder, "--cluster-enabled", "yes", "--cluster-port", port,
                "--cluster-config-file", f"{port}.nodes"))
        for i, (node, slots) in enumerate(zip(self.nodes, self.SLOTS)):
            node.ask("CLUSTER SET-CONFIG-EPOCH", i + 1)
            node.ask("CLUSTER ADDSLOTSRANGE", *slots)
            for other, port in zip(self.nodes, bus):
                if other is not node:
                    node.ask("CLUSTER MEET 127.0.0.1", other.port, port)
        for node in self.nodes:
            node.wait("CLUSTER INFO", "cluster_known_nodes:3")
            node.wait("CLUSTER INFO", "cluster_state:ok")
            wait_for(lambda node=node: not {"handshake", "disconnected"} & set(
                node.ask("CLUSTER NODES").replace(",", " ").split()),
                "the nodes to know each other")
        return "redis+cluster://" + ",".join(
            f"127.0.0.1:{node.port}" for node in self.nodes[:2])


class TlsSite(Site):
    def begin(self):
        ca = f"{self.folder}/ca.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{ca}.key",
             "-out", ca, "-days", "30", "-subj", "/CN=redis", "-addext",
             "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        port = harness.free_port()
        self.nodes = [Node(
            self.folder, "--tls-port", port, "--tls-cert-file", ca,
            "--tls-key-file", f"{ca}.key", "--tls-auth-clients", "no")]
        return f"rediss://127.0.0.1:{port}?ca={ca}"


@dataclasses.dataclass
class Kind:
    start: object            # Returns a Store; is passed a folder.
    tool: object = None      # A program without which it cannot be.
    workers: int = 4         # How many may share it.
    has_channels: bool = True
    survives: bool = True    # The end of all workers.
    is_way: bool = False     # Another's, but for the way to it.


KINDS = {
    "lmdb": Kind(_lmdb),
    "memory": Kind(_memory, workers=1, survives=False),
    "redis": Kind(_redis, "redis-server"),
    "memcached": Kind(_memcached, "memcached", has_channels=False),
    "postgresql": Kind(_postgresql, f"{Postgres.tool()}/postgres"),
    "redis_cluster": Kind(ClusterSite.store, "redis-server", is_way=True),
    "redis_sentinel": Kind(SentinelSite.store, "redis-server", is_way=True),
    "rediss": Kind(TlsSite.store, "redis-server", is_way=True),
}
_IS_FULL = os.environ.get("YOKE_KINDS") == "all"
if not _IS_FULL:
    del KINDS["rediss"]
# What most is tested with.
MAIN = [name for name, kind in KINDS.items() if _IS_FULL or not kind.is_way]
# Those that several processes can have.
ALL_SHARED = [name for name, kind in KINDS.items() if kind.workers > 1]
SHARED = [name for name in MAIN if name in ALL_SHARED]


@contextlib.contextmanager
def running(name, folder):
    """A store of that kind, until the end. A socket's path has 107 bytes, so
    the folder's has to be short."""
    kind = KINDS[name]
    if kind.tool and not shutil.which(kind.tool):
        pytest.skip(f"there is no {kind.tool}")
    store = kind.start(folder)
    try:
        yield store
    finally:
        store.kill()
