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
import functools
import getpass
import itertools
import os
import pathlib
import shutil
import signal
import socket
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


def _memory(_):
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


# ---- PostgreSQL: making one takes seconds, so all tests of a process share it,
# each with tables of its own ----

def _postgresql_tool(name):
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        folder = subprocess.check_output(["pg_config", "--bindir"], text=True)
        return pathlib.Path(folder.strip()) / name
    return None


@functools.cache
def _postgresql_folder():
    """Where its server listens."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="yoke-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    as_whom = []
    if os.getuid() == 0:  # It refuses to run as root.
        shutil.chown(folder, "nobody")
        as_whom = ["setpriv", "--reuid=nobody", "--clear-groups"]
    subprocess.run([*as_whom, _postgresql_tool("initdb"), "-D", folder / "data",
                    "-N", "-A", "trust", "-U", "yoke", "--wal-segsize=1",
                    "--locale=C", "-E", "UTF8"], check=True, cwd="/",
                   stdout=subprocess.DEVNULL)
    server = Store("", folder / ".s.PGSQL.5432", [
        *as_whom, _postgresql_tool("postgres"), "-D", folder / "data", "-k",
        folder, "-p", "5432", "-c", "listen_addresses=", "-c", "fsync=off",
        "-c", "full_page_writes=off", "-c", "shared_buffers=16MB"])

    def stop():
        server.process.send_signal(signal.SIGQUIT)
        server.process.wait()
    atexit.register(stop)
    wait_for(lambda: "\nready" in (folder / "data/postmaster.pid").read_text(),
             "PostgreSQL to be ready")
    return folder


_schemas = itertools.count(1)


def _postgresql(_):
    return Store(f"postgresql+unix:{_postgresql_folder()}?user=yoke&"
                 f"dbname=postgres&schema=s{next(_schemas)}")


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
    "postgresql": Kind(_postgresql, _postgresql_tool("postgres") or "postgres"),
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
