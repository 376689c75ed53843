"""The servers that are compared, each started the same way: Server(name).

All answer GET /get with the nine bytes "something" as text/plain. A peer
that is not installed raises Missing and the tables say so.
"""
import functools
import getpass
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import load
import proc
from proc import Failed, Process

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = ROOT / "build"
WORKERS_S = 5.0


class Missing(Exception):
    """A server that this machine cannot run; the text says why."""


def tool(name):
    # Servers live in sbin, which is not on every user's PATH.
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    found = shutil.which(name, path=path)
    if not found:
        raise Missing(f"{name} is not installed")
    return found


def built(path):
    program = BUILD / path
    if not program.exists():
        raise Missing(f"build/{path} is not built")
    return program


@functools.cache
def node_modules():
    """Installs what package-lock.json lists, unless it is there already."""
    npm, lock = tool("npm"), BENCH / "package-lock.json"
    stamp = BENCH / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=BENCH,
                          capture_output=True, text=True)
    if done.returncode:
        raise Missing("npm ci failed: " + done.stderr.strip()[-200:])


def template(source, target, **words):
    text = (BENCH / "peers" / source).read_text()
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    target.write_text(text)
    return target


def floor(prefix, port, workers):
    return [built("bench/floor"), str(port)], {}


def yoke(prefix, port, workers):
    return [built("examples/hello")], {"PORT": str(port),
                                       "YOKE_WORKERS": str(workers)}


def routes(prefix, port, workers, kind="literal", count=10, middleware=0):
    return [built("bench/routes"), kind, str(count), str(middleware),
            str(port)], {}


def answers(prefix, port, workers):
    return [built("bench/answers"), str(port)], {}


def session(prefix, port, workers, mode):
    return [built("bench/session"), mode, prefix / "sessions", str(port)], {}


def nginx(prefix, port, workers, master="on"):
    conf = template("nginx.conf", prefix / "nginx.conf", PORT=port,
                    MASTER=master)
    return [tool("nginx"), "-p", prefix, "-c", conf, "-e", "stderr"], {}


def nginx_single(prefix, port, workers):
    """Without its master process: what callgrind can follow in one file."""
    return nginx(prefix, port, workers, master="off")


def h2o(prefix, port, workers):
    (prefix / "something").write_text("something")
    # Changing the user would also undo that it dies with this script.
    conf = template("h2o.conf", prefix / "h2o.conf", PORT=port, PREFIX=prefix,
                    USER=getpass.getuser())
    return [tool("h2o"), "-c", conf], {}


def node(prefix, port, workers, script="http.js"):
    return [tool("node"), BENCH / "peers" / script], {
        "PORT": str(port), "WORKERS": str(workers),
        "NODE_ENV": "production"}


def express(prefix, port, workers):
    node_modules()
    return node(prefix, port, workers, "express.js")


COMMANDS = {f.__name__: f for f in (floor, yoke, answers, nginx,
                                    nginx_single, h2o, node, express)}
COMMANDS["routes_10"] = functools.partial(routes, count=10)
COMMANDS["routes_1000"] = functools.partial(routes, count=1000)
COMMANDS["mixed_10"] = functools.partial(routes, kind="mixed", count=10)
COMMANDS["mixed_1000"] = functools.partial(routes, kind="mixed", count=1000)
COMMANDS["middleware_0"] = functools.partial(routes, middleware=0)
COMMANDS["middleware_5"] = functools.partial(routes, middleware=5)
for _mode in ("none", "read", "write"):
    COMMANDS[f"session_{_mode}"] = functools.partial(session, mode=_mode)
CLUSTERED = ("yoke", "node", "express")  # one process for each worker
SCHED = {"yoke": "YOKE_SCHED_POLICY", "node": "NODE_CLUSTER_SCHED_POLICY"}


class Running:
    """A program that serves and has answered; `answer` is its first answer,
    and what it writes is in a folder of its own. Use it in a `with`."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.prefix = pathlib.Path(tempfile.mkdtemp(prefix="yoke-bench-"))
        # nginx's worker gives up root and must still enter its prefix.
        self.prefix.chmod(0o755)
        self.process = None

    def start(self, argv, env, cpus):
        self.process = Process(self.name, [os.fspath(arg) if isinstance(
            arg, os.PathLike) else str(arg) for arg in argv], cpus, env=env,
            cwd=self.prefix, log=self.prefix / "output.log")
        self.answer = load.wait_ready(self.process, self.port)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def workers(self):
        return proc.descendants(self.process.pid)

    def wait_workers(self, count):
        """The first answer may come before the last worker is up."""
        deadline = time.monotonic() + WORKERS_S
        while len(self.workers()) != count:
            if time.monotonic() > deadline:
                raise Failed(f"{self.name} has {len(self.workers())} workers "
                             f"where {count} were asked for")
            time.sleep(0.02)

    def stop(self):
        if self.process:
            self.process.stop()
        shutil.rmtree(self.prefix, ignore_errors=True)


class Server(Running):
    """One of COMMANDS that runs and has answered."""

    def __init__(self, name, cpus, workers=1, sched=None, wrapper=()):
        super().__init__(f"{name} {sched}" if sched else name,
                         proc.port_free())
        try:
            argv, env = COMMANDS[name](self.prefix, self.port, workers)
            if sched:
                env = {**env, SCHED[name]: sched}
            if wrapper and name == "yoke":
                wrapper = [built("bench/wrapped"), *wrapper]
            self.start([*wrapper, *argv], env, cpus)
            if name in CLUSTERED:
                self.wait_workers(workers)
        except BaseException:
            self.stop()
            raise


def version(name, option, pattern):
    try:
        done = subprocess.run([tool(name), option], capture_output=True,
                              text=True)
    except Missing:
        return "not installed"
    hit = re.search(pattern, done.stdout + done.stderr)
    return hit.group(1) if hit else "of unknown version"


def versions():
    """What was compared, for the head of the report: [(name, version)]."""
    lock = json.loads((BENCH / "package-lock.json").read_text())
    express_version = lock["packages"]["node_modules/express"]["version"]
    return [("nginx", version("nginx", "-v", r"nginx/(\S+)")),
            ("h2o", version("h2o", "--version", r"version (\S+)")),
            ("Node", version("node", "--version", r"v(\S+)")),
            ("Express", express_version),
            ("wrk", version("wrk", "--version", r"wrk \D*([\d.]+)")),
            ("valgrind", version("valgrind", "--version",
                                 r"valgrind-(\S+)"))]
