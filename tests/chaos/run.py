"""A cluster under load, and whether it is as it was: what the steps of a chaos
run (steps.py) work on."""
import collections
import os
import pathlib
import resource
import tempfile

import control
import harness
import procfs
from harness import wait_for

import clients
import judge

APP = harness.BUILD / "tests/apps/chaos.so"
TUNED = harness.BUILD / "tests/apps/tuned"
SIZE = 4
HANG_MS = 6000
MEMORY_ROOM = 1.05      # What the primary may grow to,
MEMORY_SLACK = 1 << 20  # and in a short run: its tables fill up.
HANG_UP_SHARE = 0.3     # Of the checks: without any connection.
# Connections more than another worker has.
EVEN = {"rr": 1, "callback": 1, "balanced": 2}
# By these the kernel deals: each slot that ever was has a socket in the
# primary, and a duplicate of it that watches its queue (net/backlog.h).
FDS_OF_LISTENER = 2
SURVIVE_MS = 60000
SANITIZED_BYTES = 1 << 40        # Of address space: ASan's shadow.


class Wrong(AssertionError):
    """Something is not as it should be."""


class Run:
    def __init__(self, rng, sched=None, preload=False, say=lambda text: None):
        self.rng = rng
        self.say = say
        self.sched = sched or rng.choice(["rr", "none", "balanced"])
        self.preload = preload
        self.folder = tempfile.TemporaryDirectory(prefix="yoke-chaos-")
        self.version_file = pathlib.Path(self.folder.name, "version")
        self.version = 0
        self.size = SIZE
        self.expected = []   # (pid or None, pattern) of deaths to come.
        self.tolerated = False  # Any worker may die: all are short of something.
        self.unwell = ()        # Workers that are short of memory.
        self.patience = harness.DEADLINE_SECONDS  # For descriptors to go.
        self.deploy("v0")
        self.past = []          # Servers whose primary has been killed.
        self.server = self.start()
        try:
            self.connect()
            self.judge = judge.Judge(self)
            self.wait_whole()
        except BaseException:
            self.kill()
            raise
        self.clients = None

    def start(self, **how):
        """A primary: the first, or one that goes on with another's workers."""
        return harness.Server(
            [TUNED, APP, f"workers={SIZE}", "backoff_base_ms=1",
             "backoff_max_ms=20", "budget=1000", f"hang_timeout_ms={HANG_MS}",
             "abort_timeout_ms=1000", "stop_timeout_ms=10000",
             "probation_ms=20", "idle_timeout_ms=600000",
             f"survive_ms={SURVIVE_MS}", f"preload={int(self.preload)}"],
            env={"TUNED_FILE": self.version_file, "YOKE_NAME": "chaos",
                 "YOKE_RUN_DIR": self.folder.name,
                 "YOKE_SCHED_POLICY": self.sched, **harness.crash_env()},
            **how)

    def new_control(self):
        """A connection to its control socket."""
        return control.Control("chaos", run_dir=self.folder.name)

    def connect(self):
        self.control = self.new_control()

    def start_another(self):
        """Goes on with the workers of a primary that has been killed."""
        self.past.append(self.server)
        port = self.server.port
        self.server = self.start(port=port, wait=False)
        self.server.port = port
        self.size = SIZE  # What it was told.
        self.judge.read_to = self.judge.last_number = 0
        self.server.wait_output(r"goes on with \d+ workers")
        self.connect()

    def kill(self):
        """All that there is, whatever it is doing."""
        for server in [self.server, *self.past]:
            server.kill()

    def load(self, **kinds):
        self.clients = clients.Clients(self.server, **kinds)
        return self.clients

    def close(self):
        self.control.close()
        self.server.stop()
        self.folder.cleanup()

    # Talking to it.

    def ask(self, command, **more):
        """A command to the primary; its result. Fails when that fails."""
        answer = self.control.ask(command, **more)
        if not answer or not answer["ok"]:
            raise Wrong(f"{command} {more} was answered {answer}")
        return answer["result"]

    def ask_badly(self, command, **more):
        """One that has to fail; the text."""
        answer = self.control.ask(command, **more)
        if not answer or answer["ok"]:
            raise Wrong(f"{command} {more} should have failed: {answer}")
        return answer["error"]["text"]

    def deploy(self, version):
        """What the next worker that starts will be."""
        new = self.version_file.with_suffix(".new")
        new.write_text(version)
        os.replace(new, self.version_file)

    def deploy_next(self):
        self.version += 1
        self.deploy(f"v{self.version}")

    def version_of_an_answer(self):
        with self.server.connect() as client:
            client.request("GET", "/version")
            return client.read().text.split()[2]

    # Its workers.

    def workers(self):
        return self.ask("ps", memory=False)["workers"]

    def pids(self):
        """Of the workers that serve, in order of their slots, so that a choice
        among them depends on the seed alone."""
        found = [worker for worker in self.workers()
                 if worker["state"] == "ready"]
        return [worker["pid"] for worker in
                sorted(found, key=lambda worker: worker["slot"])]

    def pick(self, count=1):
        return self.rng.sample(self.pids(), count)

    def is_whole(self):
        """The primary may not have seen yet who has been killed."""
        workers = self.workers()
        doomed = {pid for pid, _ in self.expected}
        return (len(workers) == self.size and
                all(worker["state"] == "ready" and worker["pid"] not in doomed
                    for worker in workers))

    def wait_whole(self):
        wait_for(self.is_whole,
                 lambda: f"{self.size} workers that serve: {self.describe()}")

    def describe(self):
        """The workers and what they do, for who has to find out what is
        wrong."""
        try:
            report = self.ask("ps", memory=False)
        except (OSError, AssertionError) as error:
            return f"no answer from the primary: {error!r}"
        lines = [f"{report['primary']['waiting']} connections wait"]
        for worker in report["workers"]:
            lines.append(", ".join(
                f"{name} {worker.get(name)}" for name in (
                    "slot", "pid", "generation", "state", "connections",
                    "requests", "loop")))
        return "\n".join(lines)

    # What is expected.

    def expect_death(self, pid, pattern):
        self.expected.append((pid, pattern))

    def limit(self, pid, what, value):
        """Sets the soft limit of a process; returns what it was."""
        soft, hard = resource.prlimit(pid, what)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.prlimit(pid, what, (value, hard))
        return soft

    def is_sanitized(self):
        return procfs.address_space_bytes(self.server.pid) > SANITIZED_BYTES

    # Whether it is as it was.

    def calibrate(self):
        """How many descriptors the primary has for a worker, and besides."""
        self.clients.wait_answered()
        self.clients.park(hang_up=True)
        self.scale(SIZE + 1)
        more = self.settled_fds()
        self.scale(SIZE)
        fewer = self.settled_fds()
        self.listeners = procfs.listening_sockets(self.server.pid)
        self.fds_of_worker = more - fewer
        self.fds_besides = fewer - SIZE * self.fds_of_worker
        self.memory = procfs.resident_bytes(self.server.pid)
        self.clients.go_on()

    def order_size(self, size):
        self.ask("scale", workers=size)
        self.size = size

    def scale(self, size):
        self.order_size(size)
        self.wait_whole()

    def settled_fds(self):
        """Their number, when it has stayed the same for some looks."""
        seen = collections.deque(maxlen=20)

        def is_steady():
            seen.append(self.server.fd_count())
            return len(seen) == seen.maxlen and len(set(seen)) == 1
        wait_for(is_steady, lambda: f"descriptors to stay the same: {seen}")
        return seen[-1]

    def check_deaths(self):
        """Those that were expected, and no others."""
        deaths = []

        def is_complete():
            deaths.extend(self.judge.read_deaths())
            return len(deaths) >= len(self.expected)
        wait_for(is_complete, lambda: f"deaths {self.expected}, not {deaths}:\n"
                 f"{self.server.output[-2000:]}")
        for pid, pattern in self.expected:
            match = [death for death in deaths if death[0] == (pid or death[0])
                     and pattern.fullmatch(death[1])]
            if not match:
                raise Wrong(f"worker {pid} should have died "
                            f"({pattern.pattern}), not {deaths}")
            deaths.remove(match[0])
        self.expected = []
        if deaths and not self.tolerated:
            raise Wrong(f"workers died unasked: {deaths}")

    def check_failures(self):
        wrong = self.judge.judge(self.clients.take_failures(), self.unwell)
        if wrong:
            raise Wrong(f"{len(wrong)} requests failed: {wrong[:5]}")

    def check_descriptors(self, has_hung_up):
        """Of a connection that has moved to another worker, and has been idle
        since, the primary keeps a copy (cluster/copies.h)."""
        new = procfs.listening_sockets(self.server.pid) - self.listeners
        level = (self.fds_besides + self.size * self.fds_of_worker +
                 FDS_OF_LISTENER * len(new))
        room = 0 if has_hung_up else self.clients.kept
        wait_for(lambda: level <= self.server.fd_count() <= level + room,
                 lambda: f"{level} descriptors in the primary, not "
                 f"{len(procfs.fds(self.server.pid))}: "
                 f"{sorted(procfs.fds(self.server.pid).items())}",
                 self.patience)
        zombies = procfs.zombies(self.server.pid)
        if zombies:
            raise Wrong(f"nobody has waited for {zombies}")

    def check_memory(self, slack=MEMORY_SLACK):
        if self.is_sanitized():  # What was freed is kept, to be seen.
            return
        now = procfs.resident_bytes(self.server.pid)
        if now > self.memory * MEMORY_ROOM + slack:
            raise Wrong(f"the primary grew from {self.memory} to {now} bytes")

    def spread(self):
        """How many of some new connections each worker has."""
        opened = []
        found = collections.Counter({pid: 0 for pid in self.pids()})
        try:
            for _ in range(self.size * 3):
                opened.append(self.server.connect())
                opened[-1].request("GET", "/spread")
                found[int(opened[-1].read().text.split()[1])] += 1
        finally:
            for client in opened:
                client.close()
        return found

    def check_evenness(self):
        if self.sched not in EVEN:
            return
        seen = []

        def is_even():
            seen.append(self.spread())
            counts = seen[-1].values()
            return max(counts) - min(counts) <= EVEN[self.sched]
        wait_for(is_even, lambda: f"an even spread, not {seen[-1]}")

    def check(self):
        """After a step: everything is as it was before, and nobody has lost
        what he had no right to lose."""
        hang_up = self.rng.random() < HANG_UP_SHARE
        self.check_deaths()
        self.wait_whole()
        self.clients.wait_answered()
        self.clients.park(hang_up)
        self.check_failures()
        self.check_evenness()
        self.check_descriptors(hang_up)
        self.check_memory()
        for server in [self.server, *self.past]:
            server.check_findings()
        self.tolerated = False
        self.unwell = ()
        self.judge.stopped = self.judge.orphaned = None
        self.clients.go_on()
