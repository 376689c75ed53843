"""The servers behind stores, as the end-to-end tests start them: each on a UNIX
socket in a folder of its own. A store without a server has only a URL."""
import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess

import pytest
from harness import wait_for


class Store:
    """`url` is what YOKE_STORE takes. kill(), restart(), freeze() and thaw()
    are for those that have a server."""

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


def _redis(folder):
    path = folder / "redis"
    return Store(f"redis+unix:{path}", path, [
        "redis-server", "--port", "0", "--unixsocket", path, "--dir", folder,
        "--save", "", "--logfile", "/dev/null"])


def _memcached(folder):
    path = folder / "memcached"
    return Store(f"memcached+unix:{path}", path, [
        "memcached", "-s", path, "-t", "1", "-u", getpass.getuser()])


KINDS = {"lmdb": _lmdb, "redis": _redis, "memcached": _memcached}


@contextlib.contextmanager
def running(kind, folder):
    """A store of that kind, until the end. A socket's path has 107 bytes, so
    the folder's has to be short."""
    tool = {"redis": "redis-server", "memcached": "memcached"}.get(kind)
    if tool and not shutil.which(tool):
        pytest.skip(f"there is no {tool}")
    store = KINDS[kind](folder)
    try:
        yield store
    finally:
        store.kill()
