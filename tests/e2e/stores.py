"""Stores for programs that share state: each a URL for $YOKE_STORE, with its
server if it needs one.

    with stores.open("redis", tmp_path) as url:
        ...

A further kind is one line in KINDS.
"""
import contextlib
import dataclasses
import os
import socket
import subprocess

import harness


def lmdb(folder):
    return contextlib.nullcontext(f"lmdb:{folder}/state")


def memory(_):
    return contextlib.nullcontext("memory:")


@contextlib.contextmanager
def server(scheme, folder, *argv):
    """A server at a UNIX socket."""
    path = f"{folder}/{scheme}"
    assert len(path) < 100, path
    with subprocess.Popen([arg.format(path=path, folder=folder)
                           for arg in argv],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        try:
            harness.wait_for(lambda: answers(path), f"{argv[0]} at {path}")
            yield f"{scheme}+unix:{path}"
        finally:
            process.kill()


def answers(path):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as one:
        one.connect(path)
        return True
    return False


def redis(folder):
    return server("redis", folder, "redis-server", "--port", "0",
                  "--unixsocket", "{path}", "--dir", "{folder}", "--save", "")


def memcached(folder):
    user = ["-u", "root"] if os.getuid() == 0 else []
    return server("memcached", folder, "memcached", "-s", "{path}", *user)


@dataclasses.dataclass
class Kind:
    start: object            # A context manager that gives the URL.
    workers: int = 4         # How many may share it.
    has_channels: bool = True
    survives: bool = True    # The end of all workers.


KINDS = {
    "lmdb": Kind(lmdb),
    "memory": Kind(memory, workers=1, survives=False),
    "redis": Kind(redis),
    "memcached": Kind(memcached, has_channels=False),
}


def open(name, folder):  # pylint: disable=redefined-builtin
    """A context manager that gives the URL."""
    return KINDS[name].start(folder)
