"""Stores for programs that share state, as the end-to-end tests start them: each
is a URL for $YOKE_STORE, with a server behind it if it needs one, on a UNIX
socket in a folder of its own.

    with stores.running("redis", tmp_path) as store:
        start_app(..., env={"YOKE_STORE": store.url})

A further kind is a function and a line in KINDS.
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


@dataclasses.dataclass
class Kind:
    start: object            # Returns a Store; is passed a folder.
    tool: object = None      # A program without which it cannot be.
    workers: int = 4         # How many may share it.
    has_channels: bool = True
    survives: bool = True    # The end of all workers.


KINDS = {
    "lmdb": Kind(_lmdb),
    "memory": Kind(_memory, workers=1, survives=False),
    "redis": Kind(_redis, "redis-server"),
    "memcached": Kind(_memcached, "memcached", has_channels=False),
    "postgresql": Kind(_postgresql, f"{Postgres.tool()}/postgres"),
}
# Those that several processes can have.
SHARED = [name for name, kind in KINDS.items() if kind.workers > 1]


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
