"""Workers whose primary has died go on, and another primary goes on with them."""
import json
import os
import signal
import tempfile

import harness
import load
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
WORKERS = 2
ALONE = r"the primary has gone: serving alone for \d+ s$"
ADOPTED = r"goes on with (\d+) workers whose primary has died$"


class Family:
    """Primaries of one name, one after the other, on one port."""

    def __init__(self, start_app, folder, *options, survive="60s"):
        self.start_app = start_app
        self.options = ["-n", str(WORKERS), "--name", "shop", "--survive",
                        survive, "--probation", "50ms", *options]
        self.env = {"YOKE_RUN_DIR": folder}
        self.primary = start_app(PROBE, *self.options, env=self.env)
        self.workers = self.primary.wait_ready(WORKERS)
        self.port = self.primary.port

    def orphan(self):
        """The primary dies; its workers are alone from then on."""
        primary = self.primary
        os.kill(primary.pid, signal.SIGKILL)
        primary.process.wait()
        primary.wait_output(ALONE, len(self.workers))
        primary.process.returncode = -signal.SIGKILL

    def start_another(self, **kwargs):
        self.primary = self.start_app(PROBE, *self.options, env=self.env,
                                      port=self.port, **kwargs)
        self.primary.port = self.port
        return self.primary

    def ask(self, *args):
        return harness.command(*args, env=self.env)

    def ps(self):
        result = self.ask("ps", "--json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)[0]

    def end(self):
        """Nothing of it is left, whatever has happened."""
        if self.primary.process.poll() is None:
            self.primary.stop()
        for pid in self.workers:
            if procfs.is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def family(start_app):
    families = []
    with tempfile.TemporaryDirectory() as folder:
        def make(*options, **kwargs):
            families.append(Family(start_app, folder, *options, **kwargs))
            return families[-1]
        yield make
        for one in families:
            one.end()


@pytest.fixture(params=["rr", "none", "balanced", "kernel-rr", "sticky"])
def policy(request):
    return request.param


def pids(server, count=20):
    return {int(server.request("GET", "/pid").text) for _ in range(count)}


def test_they_go_on_without_a_primary(family, policy):
    one = family("--sched", policy)
    with load.Load(one.primary, keep_alive=8, new=4, target="/pid") as run:
        run.wait_answered(50)
        one.orphan()
        run.wait_answered(200)
    assert pids(one.primary) <= set(one.workers)
    assert not run.hung and not run.malformed
    assert set(run.statuses) == {200}
    # What the primary held and had not dealt yet is lost with it: a moment's
    # new connections, or those on their way from one worker to another.
    lost = [*run.failures, *run.resets]
    assert len(lost) <= 12 and all(one.data == b"" for one in lost), lost


def test_another_primary_goes_on_with_them(family, policy):
    one = family("--sched", policy)
    one.orphan()
    with one.primary.connect() as client:
        client.request("GET", "/pid")
        assert int(client.read().text) in one.workers
        another = one.start_another(wait=False)
        assert another.wait_output(ADOPTED)[0][1] == str(WORKERS)
        assert pids(another) <= set(one.workers)
        client.request("GET", "/pid")
        assert int(client.read().text) in one.workers
    rows = one.ps()["workers"]
    assert {row["pid"] for row in rows} == set(one.workers)
    assert all(row["state"] == "ready" for row in rows)


def test_and_can_reload_scale_and_stop_them(family, policy):
    one = family("--sched", policy)
    one.orphan()
    another = one.start_another(wait=False)
    another.wait_output(ADOPTED)
    with load.Load(another, keep_alive=8, new=4, target="/pid") as run:
        run.wait_answered(20)
        result = one.ask("reload", "shop")
        assert result.returncode == 0, result.stderr
        run.wait_answered(20)
    assert not run.refused and not run.failures and not run.hung
    assert not run.resets, run.resets
    wait_for(lambda: not any(map(procfs.is_alive, one.workers)),
             "the end of the old workers")
    another.wait_workers(WORKERS)
    assert one.ask("scale", "shop", "3").returncode == 0
    another.wait_workers(3)
    assert not pids(another) & set(one.workers)
    another.stop()


def test_and_do_so_when_that_one_dies_too(family, policy):
    """Where each worker had a socket of its own, they have been dealt to since:
    no client is left at a socket where nobody accepts."""
    one = family("--sched", policy)
    one.orphan()
    one.start_another(wait=False).wait_output(ADOPTED)
    assert one.ask("reload", "shop").returncode == 0
    one.workers = one.primary.wait_ready(WORKERS)
    one.orphan()
    another = one.start_another(wait=False)
    another.wait_output(ADOPTED)
    for number in range(40):
        with another.connect(source=f"127.0.0.{2 + number}") as client:
            client.request("GET", "/pid")
            assert int(client.read().text) in one.workers
    assert one.ask("reload", "shop").returncode == 0
    another.wait_ready(WORKERS)


def test_one_that_dies_under_another_primary_is_replaced(family):
    one = family()
    one.orphan()
    another = one.start_another(wait=False)
    another.wait_output(ADOPTED)
    os.kill(one.workers[0], signal.SIGKILL)
    another.wait_output(rf"worker {one.workers[0]} died \(it is not known how: "
                        r"its parent was gone\)$")
    another.wait_workers(1)
    wait_for(lambda: len([row for row in one.ps()["workers"]
                          if row["state"] == "ready"]) == WORKERS,
             "a replacement")


def test_one_that_died_meanwhile_is_replaced(family):
    one = family()
    one.orphan()
    os.kill(one.workers[0], signal.SIGKILL)
    wait_for(lambda: not procfs.is_alive(one.workers[0]), "its end")
    another = one.start_another(wait=False)
    assert another.wait_output(ADOPTED)[0][1] == str(WORKERS - 1)
    another.wait_workers(1)
    wait_for(lambda: len([row for row in one.ps()["workers"]
                          if row["state"] == "ready"]) == WORKERS,
             "a replacement")


def test_a_second_death_is_survived_as_well(family):
    one = family()
    one.orphan()
    another = one.start_another(wait=False)
    another.wait_output(ADOPTED)
    os.kill(another.pid, signal.SIGKILL)
    another.process.wait()
    one.primary = another
    third = one.start_another(wait=False)
    assert third.wait_output(ADOPTED)[0][1] == str(WORKERS)
    assert pids(third) <= set(one.workers)


def test_they_end_when_nobody_comes(family):
    one = family("--stop-timeout", "5s", survive="1s")
    one.orphan()
    wait_for(lambda: not any(map(procfs.is_alive, one.workers)),
             "the end of the workers")
    one.primary.wait_output("no other primary has come", WORKERS)


def test_they_end_by_a_signal(family):
    one = family()
    one.orphan()
    for pid in one.workers:
        os.kill(pid, signal.SIGTERM)
    wait_for(lambda: not any(map(procfs.is_alive, one.workers)),
             "the end of the workers")


def test_looking_for_clusters_leaves_them_where_they_are(family):
    one = family()
    one.orphan()
    assert "no cluster is running" in one.ask("ps").stderr
    another = one.start_another(wait=False)
    assert another.wait_output(ADOPTED)[0][1] == str(WORKERS)


def test_a_stop_leaves_no_haven(family):
    one = family()
    folder = os.path.join(one.env["YOKE_RUN_DIR"], "shop")
    assert {"worker-1", "worker-2"} <= set(os.listdir(folder))
    one.primary.stop()
    assert not os.path.exists(folder)


def test_others_may_not_adopt_them(family):
    """The folder is the user's alone."""
    one = family()
    folder = os.path.join(one.env["YOKE_RUN_DIR"], "shop")
    assert os.stat(folder).st_mode & 0o077 == 0
    for file in ("worker-1", "worker-2"):
        mode = os.stat(os.path.join(folder, file)).st_mode
        assert mode & 0o777 == 0o600
