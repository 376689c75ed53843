"""The control socket of a cluster, as docs/control.md has it."""
import contextlib
import json
import os
import pathlib
import socket

import harness


class Control:
    """A connection; `name` is the cluster's, or `server` a program of which
    it is the primary."""

    def __init__(self, name=None, server=None, run_dir=None):
        self.folder = pathlib.Path(run_dir or harness.RUN_DIR.name)
        self.name = name or harness.wait_for(lambda: self.find(server.pid),
                                             "a control socket")
        self.open(self.name)

    def open(self, name):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(harness.DEADLINE_SECONDS)
        self.socket.connect(str(self.folder / name / "control"))
        self.file = self.socket.makefile("rb")

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def find(self, pid):
        """The name of the cluster with that primary, or None."""
        for name in os.listdir(self.folder):
            try:
                self.open(name)
                found = self.ask("ping")["result"]["pid"] == pid
            except OSError:
                continue
            self.close()
            if found:
                return name
        return None

    def send(self, line):
        self.socket.sendall(line.encode() + b"\n")

    def read(self):
        """The next line of an answer; None at the end."""
        try:
            line = self.file.readline()
        except ConnectionResetError:  # It was not read to its end.
            return None
        return json.loads(line) if line else None

    def ask(self, command, **more):
        self.send(json.dumps({"command": command, **more}))
        return self.read()


def report(server, **more):
    """The answer to `ps`, of the cluster that this program is."""
    with Control(server=server) as one:
        return one.ask("ps", **more)["result"]


def workers(server):
    """What the same says of each worker; nothing while it does not answer."""
    run_dir = (server.env or {}).get("YOKE_RUN_DIR")
    with contextlib.suppress(OSError):
        with Control(server=server, run_dir=run_dir) as one:
            if answer := one.ask("ps", memory=False):
                return answer["result"]["workers"]
    return []
