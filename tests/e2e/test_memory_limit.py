"""Workers that the kernel kills for memory: in a real control group with a
limit, where this machine lets us make one; and with a file of our own in its
place, which shows the rest with real processes everywhere else."""
import contextlib
import json
import os
import pathlib
import resource
import signal
import subprocess

import control
import harness
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
MIB = 1 << 20
ROOM = 32 * MIB      # Between what the fleet needs and its limit.
EATEN = 1024 * MIB   # By one request.
SANITIZED_BYTES = 1 << 40  # Of address space: a shadow.
ROOTS = (pathlib.Path("/sys/fs/cgroup"), pathlib.Path("/sys/fs/cgroup/unified"))
V1 = pathlib.Path("/sys/fs/cgroup/memory")
FOR_MEMORY = r"worker {} died \(killed for memory\)$"


class Group:
    """A control group of our own, below that of this process."""

    def __init__(self, parent, names):
        """`names`: of the files with what is used, and of the limits."""
        self.path = parent / f"yoke-test-{os.getpid()}"
        self.used, self.limits = names
        self.path.mkdir()

    def close(self):
        wait_for(lambda: not (self.path / "cgroup.procs").read_text(),
                 "the group to be empty")
        self.path.rmdir()

    def shell(self):
        """Starts what follows in the group."""
        return ["sh", "-c", f"echo $$ > {self.path}/cgroup.procs && exec \"$@\"",
                "sh"]

    def allow(self, more):
        """So much beyond what is used now. Swap is memory, too."""
        limit = int((self.path / self.used).read_text()) + more
        for name, factor in self.limits:
            with contextlib.suppress(FileNotFoundError):
                (self.path / name).write_text(str(limit * factor))


def own_path(controller):
    """Of this process in the hierarchy of a v1 controller, or in that of v2."""
    for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines():
        _, names, path = line.split(":", 2)
        if names.split(",") == [controller]:
            return path.lstrip("/")
    return ""


def make_group():
    """A v2 group with a limit where its parent lets children have one, else
    one of v1."""
    for root in ROOTS:
        parent = root / own_path("")
        with contextlib.suppress(OSError):
            if "memory" in (parent / "cgroup.subtree_control").read_text():
                return Group(parent, ("memory.current", [
                    ("memory.swap.max", 0), ("memory.max", 1)]))
    return Group(V1 / own_path("memory"), ("memory.usage_in_bytes", [
        ("memory.limit_in_bytes", 1), ("memory.memsw.limit_in_bytes", 1)]))


@pytest.fixture
def group():
    try:
        one = make_group()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield one
    one.close()


def why(server):
    result = harness.command("why", "--json", env=server.env)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["deaths"]


def ends(server):
    [cluster] = json.loads(harness.command("ps", "--json",
                                           env=server.env).stdout)
    return {cause: n for cause, n in cluster["totals"]["ends"].items() if n}


def check_explained(server, pid, line):
    """Its death, with the request that it had."""
    [death] = [death for death in why(server) if death["pid"] == pid]
    assert death["cause"] == "memory" and death["text"] == "killed for memory"
    assert death["signal"] == signal.SIGKILL and not death["meant"]
    assert [request["line"] for request in death["requests"]] == line
    assert ends(server)["memory"] == 1


def test_a_worker_over_the_limit_of_its_group_was_killed_for_memory(
        group, start, tmp_path):
    server = start([*group.shell(), harness.YOKE, "run", "-n", "2", "--name",
                    "eater", PROBE], env={"YOKE_RUN_DIR": tmp_path})
    pids = server.wait_ready(2)
    with server.connect() as client:
        group.allow(ROOM)
        client.request("GET", f"/stream?size={EATEN}")
        with pytest.raises((AssertionError, ConnectionResetError)):
            client.read()
    [death] = server.wait_output(FOR_MEMORY.format(r"(\d+)"))
    victim = int(death[1])
    assert victim in pids
    check_explained(server, victim, [f"GET /stream?size={EATEN}"])
    server.wait_ready(2)
    assert server.request("GET", "/pid").status == 200
    # One that is killed by somebody is not taken for it later.
    [pid] = server.workers()[:1]
    server.send_signal(signal.SIGKILL, pid)
    server.wait_output(rf"worker {pid} died \(killed by SIGKILL\)$")
    assert ends(server) == {"memory": 1, "signal": 1}


# ---- Without a group ----

def write(path, kills):
    new = path.with_suffix(".new")
    new.write_text(f"low 0\nhigh 0\nmax 9\noom {kills}\noom_kill {kills}\n")
    os.replace(new, path)


@pytest.fixture
def files(tmp_path):
    """What starts a program that sees a folder of ours as the control groups,
    and that folder's memory.events. It needs mounts of its own."""
    shell = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
             f"mount --bind {tmp_path} /sys/fs/cgroup && exec \"$@\"", "sh"]
    tried = subprocess.run([*shell, "true"], capture_output=True, text=True,
                           check=False)
    if tried.returncode:
        pytest.skip(f"no mounts of our own: {tried.stderr}")
    events = tmp_path / "memory.events"
    write(events, 3)
    return shell, events


def test_a_kill_that_the_group_counts_is_one_for_memory(start, files):
    shell, events = files
    server = start([*shell, harness.YOKE, "run", "-n", "2", "--name", "eater",
                    PROBE], env={"YOKE_RUN_DIR": events.parent})
    first, second = server.wait_ready(2)
    server.send_signal(signal.SIGKILL, first)
    server.wait_output(rf"worker {first} died \(killed by SIGKILL\)$")
    write(events, 4)
    server.send_signal(signal.SIGKILL, second)
    server.wait_output(FOR_MEMORY.format(second))
    check_explained(server, second, [])
    [third, *_] = server.wait_ready(2)
    server.send_signal(signal.SIGKILL, third)
    server.wait_output(rf"worker {third} died \(killed by SIGKILL\)$")
    assert ends(server) == {"signal": 2, "memory": 1}
    wait_for(lambda: not procfs.zombies(server.pid), "no zombie")


# ---- A shortage that goes by ----

def are_waiting(server, sched):
    """For memory: where they are, or back in the primary."""
    if sched != "rr":
        return ("connections have to wait: Cannot allocate memory"
                in server.output)
    with control.Control(server=server) as one:
        report = one.ask("ps", memory=False)["result"]
    return (report["workers"][0]["connections"]["open"] > 0 and
            report["primary"]["waiting"] > 0)


@pytest.mark.parametrize("sched", ["rr", "none", "balanced"])
def test_a_worker_without_memory_leaves_connections_where_they_are(
        start_app, sched):
    """Each of these takes a buffer, for half a request is kept in one. What
    there is no buffer for waits, and loses nothing."""
    server = start_app(PROBE, "-n", "1", "--sched", sched)
    [pid] = server.wait_ready(1)
    if procfs.address_space_bytes(pid) > SANITIZED_BYTES:
        pytest.skip("a sanitizer ends a process that has no memory")
    room = procfs.address_space_bytes(pid) + MIB // 2
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (room, before[1]))
    clients = []
    with contextlib.ExitStack() as stack:
        # None of them is silent when the worker gets it: it would be kept.
        os.kill(pid, signal.SIGSTOP)
        wait_for(lambda: procfs.stat(pid)[0] == "T", "the worker to stop")
        for _ in range(80):
            clients.append(stack.enter_context(server.connect()))
            clients[-1].send(b"GET /pid HTTP/1.1\r\n")
        os.kill(pid, signal.SIGCONT)
        wait_for(lambda: are_waiting(server, sched), "some to wait")
        resource.prlimit(pid, resource.RLIMIT_AS, before)
        for client in clients:
            client.send(b"Host: a\r\n\r\n")
        answers = [client.read().text for client in clients]
    assert answers == [str(pid)] * len(clients)
