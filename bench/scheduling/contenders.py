"""Who is compared: yoke's ways to schedule, Node's and nginx's."""
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time

import load
import proc
import servers
from proc import Failed, Process


def yoke_policies():
    """What this build of `yoke run` knows, by its own words."""
    yoke = servers.built("yoke")
    said = subprocess.run([yoke, "run", "--sched", "?", "app.so"],
                          capture_output=True, text=True).stderr
    listed = re.search(r"not a way to schedule: (.*)", said)
    if not listed:
        raise Failed(f"yoke does not name its policies: {said.strip()}")
    names = re.findall(r"[\w-]+", listed[1])
    # A callback is the application's own; auto is one of the others.
    return [n for n in names if n not in ("auto", "or", "callback")]


def yoke(prefix, port, workers, policy):
    return [servers.built("yoke"), "run", "--quiet", "-n", workers, "-p", port,
            "--sched", policy, servers.built("bench/sched_app.so")], {}


def node(prefix, port, workers, policy):
    return [servers.tool("node"), servers.BENCH / "peers" / "sched.js"], {
        "PORT": str(port), "WORKERS": str(workers),
        "NODE_ENV": "production", "NODE_CLUSTER_SCHED_POLICY": policy}


def nginx(prefix, port, workers, policy):
    reuse = "reuseport" if policy == "reuseport" else ""
    conf = servers.template("nginx-sched.conf", prefix / "nginx.conf",
                            PORT=port, WORKERS=workers, REUSEPORT=reuse)
    return [servers.tool("nginx"), "-p", prefix, "-c", conf, "-e",
            "stderr"], {}


PROGRAMS = {"yoke": yoke, "node": node, "nginx": nginx}


def port_free():
    """Below those that clients are given: the tables before have left
    thousands of these in TIME_WAIT."""
    while True:
        port = random.randrange(12000, 30000)
        with socket.socket() as sock:
            try:
                sock.bind(("", port))
            except OSError:
                continue
        return port


def contenders(policies):
    return ([("yoke", policy) for policy in policies] +
            [("node", "rr"), ("node", "none"), ("nginx", "shared"),
             ("nginx", "reuseport")])


class Contender:
    """One of them, running with so many workers. Use it in a `with`."""

    def __init__(self, who, workers, cpus):
        program, policy = who
        self.name = f"{program} {policy}"
        self.program, self.count = program, workers
        self.port = port_free()
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix="yoke-sched-"))
        self.prefix.chmod(0o755)
        self.process = None
        try:
            argv, env = PROGRAMS[program](self.prefix, self.port, workers,
                                          policy)
            self.process = Process(self.name, [os.fspath(a) if isinstance(
                a, os.PathLike) else str(a) for a in argv], cpus, env=env,
                cwd=self.prefix, log=self.prefix / "output.log")
            load.wait_ready(self.process, self.port)
            self.wait_workers()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def workers(self):
        return proc.descendants(self.process.pid)

    def wait_workers(self):
        """Until all are there and have had the time to listen."""
        deadline = time.monotonic() + servers.WORKERS_S
        while len(self.workers()) != self.count:
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} has {len(self.workers())} workers")
            time.sleep(0.02)
        time.sleep(0.3 if self.program == "node" else 0.1)

    def stop(self):
        if self.process:
            self.process.stop()
        shutil.rmtree(self.prefix, ignore_errors=True)
