"""Reload: the whole fleet on a new generation, or nothing has changed; and no
client notices, whichever it is."""
import contextlib
import os
import shutil
import signal

import control
import harness
import load
import pytest
from harness import wait_for

APP = harness.BUILD / "tests/apps/deploy.so"
PROBE = harness.BUILD / "tests/apps/probe.so"
SERVED = harness.BUILD / "tests/apps/served.so"
TUNED = harness.BUILD / "tests/apps/tuned"
WORKERS = 2
RELOADS = harness.fewer(20)
IDLE = 200
DONE = r"reload: done: "
FAILED = r"error: reload: generation \d+ failed, \d+ goes on: "


class Deployed:
    """An application in a directory of its own, whose next version is what
    `deploy` says. `start` is given its file and its environment."""

    def __init__(self, start, tmp_path):
        self.app = tmp_path / "app.so"
        self.file = tmp_path / "version"
        shutil.copy(APP, self.app)
        self.deploy("v1")
        self.server = start(self.app, {"DEPLOY": str(self.file),
                                       **harness.crash_env()})
        self.server.wait_ready(WORKERS)
        self.done = self.failed = 0

    def deploy(self, version):
        """What the next worker that starts will be."""
        new = self.file.with_suffix(".new")
        new.write_text(version)
        os.replace(new, self.file)

    def deploy_garbage(self):
        """The next worker does not even load."""
        new = self.app.with_suffix(".new")
        new.write_text("this is no shared object")
        os.replace(new, self.app)

    def reload(self):
        """Asks for a reload, and waits until it is done."""
        self.done += 1
        self.server.send_signal(signal.SIGHUP)
        self.server.wait_output(DONE, self.done)

    def reload_in_vain(self):
        """Asks for one that must fail; returns the line that says so."""
        self.failed += 1
        self.server.send_signal(signal.SIGHUP)
        matches = self.server.wait_output(FAILED + r".*", self.failed)
        return matches[-1].group()

    def versions(self, count=8):
        return {self.server.request().text for _ in range(count)}


POLICIES = ["rr", "none", "balanced"]


@pytest.fixture(params=POLICIES)
def policy(request):
    return request.param


class Idle:
    """Clients that have been answered once and are then silent. Whatever
    happens meanwhile, each is answered on the same connection."""

    def __init__(self, server, count):
        self.clients = [server.connect() for _ in range(count)]
        self.check()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()

    def check(self):
        """All ask first, so that several wait at each worker. What version
        answers is not said: a connection may have been on its way."""
        for client in self.clients:
            client.request()
        for client in self.clients:
            response = client.read()
            assert response.status == 200 and not response.closes


@contextlib.contextmanager
def crowd(server, keep_alive=8, new=4, idle=IDLE):
    """Busy clients, new ones, and idle ones that keep their connections; the
    idle ones ask again at the end, beside the others."""
    with Idle(server, idle) as silent, \
            load.Load(server, keep_alive=keep_alive, new=new) as run:
        yield run
        silent.check()
    check_unharmed(run)


@pytest.fixture
def start_deployed(start_app, tmp_path):
    def start(*options):
        return Deployed(
            lambda app, env: start_app(app, "-n", str(WORKERS), "--probation",
                                       "50ms", *options, env=env), tmp_path)
    return start


@pytest.fixture
def start_patient(start, tmp_path):
    """The same, where idle clients may be idle for as long as a test takes."""
    def start_one(sched="auto", *settings):
        return Deployed(
            lambda app, env: start(
                [TUNED, app, f"workers={WORKERS}", "probation_ms=50",
                 "idle_timeout_ms=600000", *settings],
                env={"TUNED_FILE": str(app), "YOKE_SCHED_POLICY": sched,
                     **env}), tmp_path)
    return start_one


def check_unharmed(run):
    assert not run.refused
    assert not run.resets, run.resets
    assert not run.hung and not run.malformed
    assert not run.failures, run.failures
    assert set(run.statuses) == {200}


def test_every_worker_is_new_and_no_client_notices(start_deployed, policy):
    deployed = start_deployed("--sched", policy)
    before = deployed.server.workers()
    with load.Load(deployed.server, keep_alive=8, new=8) as run:
        run.wait_answered(200)
        deployed.deploy("v2")
        deployed.reload()
        deployed.server.wait_workers(WORKERS, other_than=before)
        run.wait_answered(100)
    check_unharmed(run)
    assert set(run.texts) == {"v1", "v2"}
    assert deployed.versions() == {"v2"}


@pytest.mark.seconds(180)
@pytest.mark.parametrize("sched", [*POLICIES, "kernel-rr", "sticky"])
def test_twenty_reloads_under_load(start_patient, sched):
    """With busy clients, idle ones that keep their connections, and new ones."""
    deployed = start_patient(sched)
    fds = deployed.server.fd_count()
    with crowd(deployed.server, keep_alive=16) as run:
        for version in range(RELOADS):
            deployed.deploy(f"v{version + 2}")
            deployed.reload()
            run.wait_answered(20)
    assert deployed.versions() == {f"v{RELOADS + 1}"}
    deployed.server.wait_workers(WORKERS)
    wait_for(lambda: deployed.server.fd_count() <= fds + 2,
             lambda: f"{fds} descriptors, not {deployed.server.fd_count()}")


def test_idle_clients_keep_their_connections(start_patient, policy):
    """They do not even notice that another process answers."""
    deployed = start_patient(policy)
    clients = [deployed.server.connect() for _ in range(IDLE)]
    try:
        for client in clients:
            client.request()
            assert client.read().text == "v1"
        deployed.deploy("v2")
        deployed.reload()
        deployed.server.wait_workers(WORKERS)
        for client in clients:
            client.request()
            assert client.read().text == "v2"
    finally:
        for client in clients:
            client.close()


def test_a_stream_of_events_ends_with_a_farewell_and_is_had_again(start_app):
    server = start_app(SERVED, "-n", str(WORKERS), "--probation", "50ms")
    before = server.wait_ready(WORKERS)
    with server.connect() as stream, server.connect() as again:
        stream.request("GET", "/events")
        while b"tock" not in stream.data:
            assert stream.receive()
        server.send_signal(signal.SIGHUP)
        server.wait_output(DONE)
        events = stream.read().text
        assert "event: tick\ndata: tock\n\n" in events
        assert events.endswith("event: bye\ndata: come again\n\n")
        server.wait_workers(WORKERS, other_than=before)
        again.request("GET", "/events")
        while b"tock" not in again.data:
            assert again.receive()


BAD = {
    "fails": "returned NULL",
    "exits": "exit code 3",
    "aborts": "killed by SIGABRT",
    "waits": "not ready in time",
    "crashes": "killed by SIGSEGV",
    "errs": "GET / was answered 500",
}


@pytest.mark.parametrize("version, reason", BAD.items(), ids=BAD)
def test_a_bad_version_changes_nothing(start_patient, version, reason):
    deployed = start_patient(
        "auto", f"boot_timeout_ms={5000 if version == 'waits' else 60000}")
    before = deployed.server.workers()
    with crowd(deployed.server) as run:
        run.wait_answered(50)
        deployed.deploy(version)
        line = deployed.reload_in_vain()
        run.wait_answered(50)
    assert reason in line, deployed.server.output
    assert set(run.texts) == {"v1"}
    assert deployed.server.wait_workers(WORKERS) == before


def test_a_file_that_does_not_load_harms_nobody(start_patient):
    deployed = start_patient()
    before = deployed.server.workers()
    with crowd(deployed.server) as run:
        run.wait_answered(50)
        deployed.deploy_garbage()
        line = deployed.reload_in_vain()
        run.wait_answered(50)
    assert "could not start" in line, line
    assert set(run.texts) == {"v1"}
    assert deployed.server.wait_workers(WORKERS) == before


def test_after_a_file_that_does_not_load_the_old_one_is_still_replaced(
        start_deployed):
    deployed = start_deployed()
    deployed.deploy_garbage()
    line = deployed.reload_in_vain()
    assert "app.so" in line, line
    for victim in deployed.server.wait_ready(WORKERS):
        os.kill(victim, signal.SIGKILL)
        deployed.server.wait_workers(WORKERS, other_than=[victim])
    assert deployed.versions() == {"v1"}


def test_a_file_that_is_gone_is_told(start_deployed):
    deployed = start_deployed()
    deployed.app.unlink()
    deployed.server.send_signal(signal.SIGHUP)
    deployed.server.wait_output(
        rf"error: reload: cannot begin: {deployed.app}: No such file")
    assert deployed.versions() == {"v1"}


def test_a_good_version_follows_a_bad_one(start_deployed):
    deployed = start_deployed()
    deployed.deploy("exits")
    deployed.reload_in_vain()
    deployed.deploy("v3")
    deployed.reload()
    assert deployed.versions() == {"v3"}


def test_a_reload_while_one_is_under_way_follows_it(start_deployed):
    deployed = start_deployed()
    deployed.deploy("v2")
    deployed.server.send_signal(signal.SIGHUP)
    deployed.server.wait_output(r"generation 2 begins")
    deployed.deploy("v3")
    deployed.server.send_signal(signal.SIGHUP)
    deployed.server.wait_output(DONE, 2)
    assert deployed.versions() == {"v3"}


def test_a_death_while_reloading_is_replaced(start_deployed):
    deployed = start_deployed("--probation", "1s")
    victim = deployed.server.workers()[1]
    deployed.deploy("v2")
    deployed.server.send_signal(signal.SIGHUP)
    deployed.server.wait_output(r"generation 2 begins")
    os.kill(victim, signal.SIGKILL)
    deployed.server.wait_output(DONE)
    assert deployed.versions() == {"v2"}
    deployed.server.wait_workers(WORKERS)


def test_without_surge_one_goes_before_another_comes(start_deployed):
    deployed = start_deployed("--max-surge", "0")
    with load.Load(deployed.server, keep_alive=4, new=4) as run:
        run.wait_answered(50)
        deployed.deploy("v2")
        deployed.reload()
        run.wait_answered(50)
    check_unharmed(run)
    assert deployed.versions() == {"v2"}


def test_the_oldest_of_too_many_generations_is_cut(start):
    """Of two at a time; each has a client whose answer is not finished."""
    server = start([TUNED, PROBE, "workers=1", "probation_ms=50",
                    "max_generations=2"])
    clients, pids = [], []
    for generation in range(3):
        pids += server.wait_ready(1) if generation == 0 else [
            pid for pid in server.workers() if pid not in pids]
        clients.append(server.connect())
        clients[-1].request("GET", "/stream?n=1000000&size=65536")
        assert clients[-1].receive()
        if generation < 2:
            server.send_signal(signal.SIGHUP)
            server.wait_output(DONE, generation + 1)
    server.wait_output(rf"worker {pids[0]} died \(.*\)$")
    wait_for(lambda: pids[0] not in server.workers(), "it to be gone")
    # The younger ones go on.
    assert set(pids[1:]) == set(server.workers())
    for client in clients[1:]:
        client.data = b""
        assert client.receive()
    for client in clients:
        client.close()


def test_a_stop_while_reloading_stops(start_deployed):
    deployed = start_deployed("--probation", "30s")
    deployed.deploy("v2")
    deployed.server.send_signal(signal.SIGHUP)
    deployed.server.wait_output(r"generation 2 begins")
    deployed.server.stop()


def test_hang_ups_of_a_terminal_do_not_end_workers(start_deployed):
    deployed = start_deployed()
    before = deployed.server.workers()
    for pid in before:
        os.kill(pid, signal.SIGHUP)
    assert deployed.versions() == {"v1"}
    assert deployed.server.workers() == before


# The first start.

def start_first(tmp_path, version, *options):
    """Runs it to its end."""
    (tmp_path / "version").write_text(version)
    return harness.command("run", "-n", str(WORKERS), *options, APP,
                           env={"DEPLOY": str(tmp_path / "version"), "PORT": 0,
                                **harness.crash_env()})


@pytest.mark.parametrize("version, option", [
    ("waits", "--quiet"),        # It is not even made.
    ("v1", "--wait-ready")])     # It listens, and never says that it is ready.
def test_a_first_start_that_is_not_ready_in_time_ends_it_all(tmp_path, version,
                                                             option):
    done = start_first(tmp_path, version, "--boot-timeout", "1s", option)
    assert done.returncode == 1
    assert "aborted, for it was not ready in time" in done.stderr


def test_a_worker_is_ready_when_it_says_so(start_app, tmp_path):
    (tmp_path / "version").write_text("v1")
    server = start_app(APP, "-n", "1", "--wait-ready",
                       env={"DEPLOY": str(tmp_path / "version")})

    def state():
        return control.report(server)["workers"][0]["state"]
    assert server.request().text == "v1"
    assert state() != "ready"
    assert server.request("GET", "/ready").text == "ready"
    wait_for(lambda: state() == "ready", "it to be ready")


# Scaling.

def test_one_more_and_one_less(start_deployed):
    deployed = start_deployed()
    server = deployed.server
    server.send_signal(signal.SIGTTIN)
    three = server.wait_workers(3)
    server.wait_output(r"3 workers from now on")
    server.send_signal(signal.SIGTTOU)
    assert server.wait_workers(2) == three[:2]


def test_there_is_always_a_worker(start_deployed):
    deployed = start_deployed()
    for _ in range(WORKERS + 1):
        deployed.server.send_signal(signal.SIGTTOU)
        deployed.server.wait_workers(1)
    assert deployed.versions() == {"v1"}


def test_scaling_under_load_loses_nothing(start_patient, policy):
    deployed = start_patient(policy)
    with crowd(deployed.server, keep_alive=16) as run:
        for number, count in ([(signal.SIGTTIN, 3), (signal.SIGTTOU, 2)] * 5):
            deployed.server.send_signal(number)
            deployed.server.wait_workers(count)
            run.wait_answered(30)


def test_a_slot_that_comes_back_has_the_current_version(start_deployed):
    deployed = start_deployed()
    deployed.server.send_signal(signal.SIGTTOU)
    deployed.server.wait_workers(1)
    deployed.deploy("v2")
    deployed.reload()
    deployed.server.send_signal(signal.SIGTTIN)
    deployed.server.wait_workers(2)
    assert deployed.versions() == {"v2"}
