"""Upgrade: another version of the program takes the primary's place, in the same
process, and no client notices; or nothing has changed."""
import json
import os
import shutil
import signal
import stat
import tempfile
import time

import harness
import load
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
WORKERS = 2
UPGRADES = max(2, harness.fewer(5))
IDLE = 200
IDLE_TIMEOUT_SECONDS = 5  # The default of idle_timeout_ms.
SILENT = 20
DONE = r"reload: done: "
FAILED = r"error: upgrade: failed, nothing has changed: (.*)$"
TAKEN = r"upgrade: version \S+ has taken over from \S+$"


class Installed:
    """The command in a directory of its own, so that another version can be
    installed."""

    def __init__(self, start, folder, *options, app=PROBE, **kwargs):
        self.yoke = folder / "yoke"
        self.run_dir = tempfile.mkdtemp(dir=folder)
        shutil.copy(harness.YOKE, self.yoke)
        self.env = {"YOKE_RUN_DIR": self.run_dir,
                    "LD_LIBRARY_PATH": str(harness.BUILD)}
        self.server = start(
            [self.yoke, "run", "-n", str(WORKERS), "--name", "shop",
             "--probation", "50ms", *options, app], env=self.env, **kwargs)
        self.taken = self.done = self.failed = 0

    def install(self, program):
        """The program of that path is the next version."""
        new = self.yoke.with_suffix(".new")
        shutil.copy(program, new)
        os.replace(new, self.yoke)

    def install_script(self, text):
        new = self.yoke.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o755)
        os.replace(new, self.yoke)

    def upgrade(self):
        """Asks for it, and waits until the workers are new as well."""
        self.taken += 1
        self.done += 1
        self.server.send_signal(signal.SIGUSR2)
        self.server.wait_output(TAKEN, self.taken)
        self.server.wait_output(DONE, self.done)

    def upgrade_in_vain(self):
        """Asks for one that must fail; returns the reason."""
        self.failed += 1
        self.server.send_signal(signal.SIGUSR2)
        return self.server.wait_output(FAILED, self.failed)[-1][1]

    def ask(self, *args):
        return harness.command(*args, env=self.env)

    def ps(self):
        result = self.ask("ps", "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)[0]


@pytest.fixture
def install(start, tmp_path):
    def install_one(*options, **kwargs):
        installed = Installed(start, tmp_path, *options, **kwargs)
        if kwargs.get("wait", True):
            installed.server.wait_ready(WORKERS)
        return installed
    return install_one


@pytest.fixture(params=["rr", "none", "balanced", "kernel-rr", "kernel-least",
                        "sticky"])
def policy(request):
    return request.param


def check_unharmed(run):
    assert not run.refused
    assert not run.resets, run.resets
    assert not run.hung and not run.malformed
    assert not run.failures, run.failures
    assert set(run.statuses) == {200}


# ---- It works ----

@pytest.mark.parametrize("sched", ["rr", "balanced"])
def test_silent_connections_of_a_worker_that_is_killed_live_on(install, sched):
    """As before an upgrade: the primary has copies of them, and still does."""
    # Until the first new worker has lived so long the second old one stays.
    installed = install("--sched", sched, "--probation", "1h")
    server = installed.server
    old = server.workers()
    before = server.fd_count()
    silent = [server.connect() for _ in range(SILENT)]
    # The kernel keeps them back for a second. Before, somebody may still have
    # been connected to the control socket.
    wait_for(lambda: server.fd_count() >= before + SILENT - 2,
             "copies of nearly all")
    for _ in range(WORKERS * 2):  # They have been taken, too.
        assert server.request("GET", "/pid").status == 200
    server.send_signal(signal.SIGUSR2)
    server.wait_output(TAKEN)
    os.kill(old[1], signal.SIGKILL)
    server.wait_output(rf"worker {old[1]} died \(killed by SIGKILL\)")
    for client in silent:
        client.request("GET", "/pid", close=True)
        assert client.read().status == 200
    wait_for(lambda: server.fd_count() < before + SILENT - 2,
             lambda: f"copies to be let go of: {procfs.fds(server.pid)}")


def is_there(client, since):
    """Asks for /pid; true when something comes. A server may have closed the
    connection by then, silently, if it has been idle for too long: since
    `since`, on a machine where upgrades take their time."""
    client.request("GET", "/pid")
    try:
        has_come = client.receive()
    except ConnectionResetError:
        has_come = False
    assert has_come or time.monotonic() - since >= IDLE_TIMEOUT_SECONDS
    return has_come


@pytest.mark.seconds(120)
def test_five_upgrades_under_load(install, policy):
    """With busy clients, idle ones that keep their connections, and new ones."""
    installed = install("--sched", policy)
    server = installed.server
    before = server.workers()
    # Where the policy could not be had in the first place.
    missing = server.output.count("cannot be had")
    asked = time.monotonic()
    idle = [server.connect() for _ in range(IDLE)]
    for client in idle:
        client.request("GET", "/pid")
        assert client.read().status == 200
    with load.Load(server, keep_alive=16, new=4, target="/pid") as run:
        for _ in range(UPGRADES):
            installed.upgrade()
            run.wait_answered(20)
    check_unharmed(run)
    assert server.output.count("cannot be had") == missing
    after = server.wait_workers(WORKERS, other_than=before)
    for client in idle:
        if is_there(client, asked):
            assert int(client.read().text) in after
        client.close()


def test_the_process_stays_the_same(install):
    installed = install()
    pid = installed.server.pid
    children = installed.server.workers()
    with installed.server.connect() as client:
        client.request("GET", "/pid")
        assert int(client.read().text) in children
        installed.upgrade()
        client.request("GET", "/pid")
        assert client.read().status == 200
    assert installed.server.process.poll() is None
    assert installed.ps()["primary"]["pid"] == pid


def test_descriptors_do_not_add_up(install, policy):
    installed = install("--sched", policy)
    installed.upgrade()
    installed.server.wait_workers(WORKERS)
    before = installed.server.fd_count()
    for _ in range(4):
        installed.upgrade()
    installed.server.wait_workers(WORKERS)
    wait_for(lambda: installed.server.fd_count() <= before,
             lambda: f"{before} descriptors, not "
                     f"{procfs.fds(installed.server.pid)}")


def test_counters_and_deaths_go_on(install):
    installed = install()
    server = installed.server
    [victim] = {int(server.request("GET", "/pid").text)}
    os.kill(victim, signal.SIGKILL)
    server.wait_output(rf"worker {victim} died")
    server.wait_workers(WORKERS, other_than=[victim])
    for _ in range(5):
        assert server.request("GET", "/pid").status == 200
    before = installed.ps()
    installed.upgrade()
    after = installed.ps()
    for name in ("requests", "connections", "bytes"):
        for key in ("done", "opened", "in", "out"):
            if key in before["totals"][name]:
                assert (after["totals"][name][key]
                        >= before["totals"][name][key] > 0)
    assert before["totals"]["ends"]["signal"] == 1
    wait_for(lambda: {cause: n for cause, n in
                      installed.ps()["totals"]["ends"].items() if n} ==
             {"signal": 1, "reload": WORKERS}, "the ends by cause")
    slots = {row["slot"]: row["ends"] for row in installed.ps()["workers"]}
    assert sorted(map(len, slots.values())) == [1] * (WORKERS - 1) + [2], slots
    why = installed.ask("why", str(victim))
    assert "SIGKILL" in why.stdout, why
    ids = {worker["id"] for worker in before["workers"]}
    assert all(worker["id"] > max(ids) for worker in after["workers"])


def test_a_worker_that_was_taken_over_dies_and_is_replaced(install):
    """The new version is its parent, and knows how it ended."""
    # Until the first new worker has lived so long the second old one stays.
    installed = install("--probation", "1h")
    server = installed.server
    old = server.workers()
    server.send_signal(signal.SIGUSR2)
    server.wait_output(TAKEN)
    os.kill(old[1], signal.SIGKILL)
    server.wait_output(rf"worker {old[1]} died \(killed by SIGKILL\)")
    wait_for(lambda: len(set(server.workers()) - set(old)) == WORKERS,
             "a replacement")
    assert server.request("GET", "/pid").status == 200


def test_a_unix_socket_keeps_its_file(install, tmp_path):
    path = tmp_path / "app.sock"
    installed = install("--unix", path, port=None, wait=False)
    installed.server.wait_output(rf"^Listening on {path}$")
    inode = os.stat(path).st_ino
    installed.upgrade()
    with installed.server.connect(path=path) as client:
        client.request("GET", "/pid", close=True)
        assert client.read().status == 200
    assert os.stat(path).st_ino == inode
    installed.server.stop()
    assert not path.exists()


def test_the_command_waits_until_all_is_new(install):
    installed = install()
    before = installed.server.workers()
    result = installed.ask("upgrade", "shop")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Upgraded: 2 workers of generation 2")
    installed.server.wait_workers(WORKERS, other_than=before)


def test_a_stop_during_an_upgrade_stops(install):
    installed = install()
    installed.server.send_signal(signal.SIGUSR2)
    installed.server.wait_output("upgrade: asking")
    installed.server.stop()


def test_a_stop_right_after_the_takeover_is_not_lost(install):
    installed = install()
    installed.server.send_signal(signal.SIGUSR2)
    installed.server.wait_output("can take over")
    installed.server.stop()


def test_reload_and_scaling_work_afterwards(install):
    installed = install()
    installed.upgrade()
    assert installed.ask("scale", "shop", "4").returncode == 0
    installed.server.wait_workers(4)
    result = installed.ask("reload", "shop")
    assert result.returncode == 0, result.stderr
    assert len([worker for worker in installed.ps()["workers"]
                if worker["state"] == "ready"]) == 4
    installed.done += 1
    installed.upgrade()
    installed.server.wait_workers(4)


# ---- It does not, and nothing has changed ----

BAD = {
    "is no program": ("this is nothing that runs\n", "cannot be run: Exec format error"),
    "ends": ("#!/bin/sh\necho something is missing >&2\nexit 3\n",
             "it ends with status 3; it said: something is missing"),
    "crashes": ("#!/bin/sh\nkill -SEGV $$\n", "killed by signal 11"),
    "hangs": ("#!/bin/sh\nexec sleep 600\n", "does not get as far as serving"),
}


@pytest.mark.parametrize("text, reason", BAD.values(), ids=BAD)
def test_a_bad_version_changes_nothing(install, text, reason):
    installed = install("--boot-timeout", "4s" if "sleep" in text else "60s")
    before = installed.server.workers()
    installed.install_script(text)
    with load.Load(installed.server, keep_alive=8, new=4,
                   target="/pid") as run:
        run.wait_answered(50)
        assert reason in installed.upgrade_in_vain()
        run.wait_answered(50)
    check_unharmed(run)
    assert installed.server.workers() == before
    # And the way is not barred.
    installed.install(harness.YOKE)
    installed.upgrade()


def test_the_command_says_why_it_failed(install):
    installed = install()
    installed.install_script("#!/bin/sh\necho no such thing >&2\nexit 7\n")
    result = installed.ask("upgrade", "shop")
    assert result.returncode == 1
    assert "no such thing" in result.stderr, result


def test_a_version_that_is_gone_changes_nothing(install):
    installed = install()
    installed.yoke.unlink()
    assert installed.upgrade_in_vain()
    assert installed.server.request("GET", "/pid").status == 200


def test_two_at_a_time_are_refused(install, tmp_path):
    installed = install()
    end = tmp_path / "end"
    installed.install_script(
        f"#!/bin/sh\nuntil [ -e {end} ]; do sleep 0.05; done\nexit 1\n")
    installed.server.send_signal(signal.SIGUSR2)
    installed.server.wait_output("upgrade: asking")
    result = installed.ask("upgrade", "shop")
    assert result.returncode == 1 and "already" in result.stderr, result
    end.touch()
    installed.server.wait_output(FAILED)


def test_the_control_socket_stays_private(install):
    installed = install()
    installed.upgrade()
    path = os.path.join(installed.run_dir, "shop", "control")
    wait_for(lambda: os.path.exists(path), "the control socket")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
