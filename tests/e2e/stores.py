"""Stores for tests: what YOKE_STORE is set to, with the server behind it.

    @pytest.mark.parametrize("kind", stores.KINDS)
    def test_x(kind, tmp_path):
        with stores.open(kind, tmp_path) as url:
            ...

A kind more is a line in KINDS more: a function that gets a folder, and is a
context manager that yields the URL.
"""
import contextlib
import getpass
import shutil
import socket
import subprocess

import pytest
from harness import wait_for


def answers(path):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
        one.connect(str(path))
        return True


@contextlib.contextmanager
def served(argv, path):
    """A server on the UNIX socket `path`, until the end."""
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    with subprocess.Popen([str(arg) for arg in argv],
                          stdout=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: answers(path) or server.poll() is not None,
                     f"{argv[0]} to answer")
            assert server.poll() is None, f"{argv[0]} has ended"
            yield
        finally:
            server.kill()


@contextlib.contextmanager
def lmdb(folder):
    yield f"lmdb:{folder}/state"


@contextlib.contextmanager
def redis(folder):
    path = folder / "redis"
    with served(["redis-server", "--port", "0", "--unixsocket", path, "--save",
                 "", "--dir", folder, "--logfile", "/dev/null"], path):
        yield f"redis+unix:{path}"


@contextlib.contextmanager
def memcached(folder):
    path = folder / "memcached"
    with served(["memcached", "-s", path, "-u", getpass.getuser()], path):
        yield f"memcached+unix:{path}"


KINDS = {"lmdb": lmdb, "redis": redis, "memcached": memcached}


def open(kind, folder):  # pylint: disable=redefined-builtin
    return KINDS[kind](folder)
