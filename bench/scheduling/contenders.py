"""Who is compared: yoke's ways to schedule, Node's and nginx's."""
import random
import re
import socket
import subprocess
import time

import servers
from proc import Failed


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


class Contender(servers.Running):
    """One of them, running with so many workers."""

    def __init__(self, who, workers, cpus):
        program, policy = who
        super().__init__(f"{program} {policy}", port_free())
        try:
            self.start(*PROGRAMS[program](self.prefix, self.port, workers,
                                          policy), cpus)
            self.wait_workers(workers)
            # Those that are there must have had the time to listen.
            time.sleep(0.3 if program == "node" else 0.1)
        except BaseException:
            self.stop()
            raise
