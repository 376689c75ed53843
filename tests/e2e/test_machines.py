"""State that two machines share by one Redis, which runs on the first."""
import shutil

import harness
import machines
import pytest
from harness import wait_for

SHARED = harness.BUILD / "tests/apps/shared.so"
WORKERS = 2

REASON = machines.why_not() or (
    None if shutil.which("redis-server") else "there is no redis-server")
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


class Site:
    """The same application on both machines."""

    def __init__(self, pair, start, app, url, env=None):
        self.machines = pair
        self.servers = [
            start(machine.wrap([harness.YOKE, "run", "-n", str(WORKERS), app]),
                  env={"YOKE_STORE": url, **(env or {})})
            for machine in pair]
        for server in self.servers:
            server.wait_ready(WORKERS)

    def get(self, index, target, **kwargs):
        return self.machines[index].request(self.servers[index], target,
                                            **kwargs)

    def text(self, index, target):
        response = self.get(index, target)
        assert response.status == 200, response
        return response.text


@pytest.fixture
def pair():
    with machines.pair() as both:
        yield both


@pytest.fixture
def url(pair, tmp_path):
    with machines.redis(pair[0], tmp_path) as found:
        yield found


@pytest.fixture
def shared(pair, url, start):
    return Site(pair, start, SHARED, url)


def test_both_machines_count_together(shared):
    for n in range(1, 21):
        assert shared.text(n % 2, "/count") == str(n)


def test_a_message_reaches_the_workers_of_both_machines(shared):
    heard = [{}, {}]

    def everybody(least):
        for index in (0, 1):
            pid, count = map(int, shared.text(index, "/heard").split())
            heard[index][pid] = count
        return all(len(pids) == WORKERS and min(pids.values()) >= least
                   for pids in heard)

    wait_for(lambda: everybody(0), lambda: f"all to listen: {heard}")
    shared.text(0, "/say")
    wait_for(lambda: everybody(1), lambda: f"all to hear of it: {heard}")
    shared.text(1, "/say")
    wait_for(lambda: everybody(2), lambda: f"all to hear of it: {heard}")


def test_a_cable_that_is_pulled_stops_one_machine_and_not_the_other(
        pair, url, start):
    shared = Site(pair, start, SHARED, url, {"TIMEOUT_MS": 200})
    wait_for(lambda: shared.get(1, "/count").status == 200, "a count")
    shared.machines[1].plug("down")
    # Each of its workers notices by itself, and then answers at once.
    for _ in range(8 * WORKERS):
        assert shared.get(1, "/count").status == 503
    wait_for(lambda: shared.get(0, "/count").status == 200, "another count")
    shared.machines[1].plug("up")
    wait_for(lambda: shared.get(1, "/count").status == 200,
             "the second machine to count again")
