"""State that two machines share by one Redis, which runs on the first."""
import json
import re
import shutil

import harness
import machines
import pytest
import sse
from harness import wait_for
from test_sessions import Browser, at_once, form

SHARED = harness.BUILD / "tests/apps/shared.so"
SESSIONS = harness.BUILD / "tests/apps/sessions.so"
LOGIN = harness.EXAMPLES / "login"
WORKERS = 2

REASON = machines.why_not() or (
    None if shutil.which("redis-server") else "there is no redis-server")
pytestmark = pytest.mark.skipif(REASON is not None, reason=str(REASON))


class There:
    """A server as who sits at its machine sees it."""

    def __init__(self, machine, server):
        self.machine, self.server = machine, server

    def connect(self, **kwargs):
        return self.machine.connect(self.server, **kwargs)


class Site:
    """The same application on both machines."""

    def __init__(self, pair, start, app, url, env=None):
        program = [harness.YOKE, "run", "-n", str(WORKERS), app]
        if not str(app).endswith(".so"):
            program = [app]
        self.machines = pair
        self.servers = [
            start(machine.wrap(program),
                  env={"YOKE_STORE": url, "YOKE_WORKERS": str(WORKERS),
                       **(env or {})})
            for machine in pair]
        for server in self.servers:
            server.wait_ready(WORKERS)

    def get(self, index, target, **kwargs):
        return self.machines[index].request(self.servers[index], target,
                                            **kwargs)

    def browser(self, index, **kwargs):
        return Browser(There(self.machines[index], self.servers[index]),
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


def test_a_session_and_a_limit_are_those_of_both_machines(pair, url, start):
    site = Site(pair, start, SESSIONS, url)
    ada = site.browser(0)
    assert ada.get("/set?k=first&v=1") == "set"
    there = site.browser(1, cookie=ada.cookie)
    assert there.get("/get?k=first") == "1"
    at_once(8, lambda n: site.browser(n % 2, cookie=ada.cookie).get(
        f"/set?k=name{n}&v={n}"))
    for browser in (ada, there):
        assert browser.get("/count").split()[0] == "9"
    for target in ("/window", "/bucket"):
        statuses = at_once(150, lambda n: site.browser(
            n % 2, cookie=ada.cookie).ask("GET", target).status)
        assert statuses.count(200) == 100
        assert statuses.count(429) == 50
    assert there.get("/end")
    assert ada.get("/count").split()[0] == "0"


def test_who_signs_in_at_one_machine_is_signed_in_at_the_other(pair, url,
                                                               start):
    site = Site(pair, start, LOGIN, url, {"SECRET": "of the tests"})
    ada = site.browser(0)
    response = ada.ask("POST", "/login", form(name="ada", password="lovelace"))
    assert (response.status, response.header("location")) == (303, "/")
    there = site.browser(1, cookie=ada.cookie)
    assert "You are ada." in there.get("/")
    guesses = at_once(9, lambda n: site.browser(n % 2, source="127.0.0.3").ask(
        "POST", "/login", form(name="ada", password="guess")).status)
    assert sorted(guesses) == [303] * 5 + [429] * 4
    assert there.ask("POST", "/logout").status == 303
    assert "Sign in" in site.browser(0, cookie=ada.cookie).get("/")


def test_the_counter_counts_visits_of_both_machines(pair, url, start):
    site = Site(pair, start, harness.EXAMPLES / "counter.so", url)
    numbers = at_once(40, lambda n: int(re.match(
        r"visit (\d+),", site.text(n % 2, "/"))[1]))
    assert sorted(numbers) == list(range(1, 41))
    # What each worker had counted for itself is told at the latest by its end.
    site.servers[0].stop()
    wait_for(lambda: "\nrequests_total 40\n" in site.text(1, "/metrics"),
             "the requests of both machines")


class ListenerThere(sse.Listener):
    """Listens at its machine."""

    def __init__(self, machine, server):
        self.machine = machine
        super().__init__(server.port)

    def run(self):
        with self.machine.inside():
            super().run()


def test_a_chat_is_heard_at_both_machines(pair, url, start):
    site = Site(pair, start, harness.EXAMPLES / "chat.so", url)
    # More than there are workers: some share one.
    listeners = [ListenerThere(pair[n % 2], site.servers[n % 2])
                 for n in range(6)]
    try:
        wait_for(lambda: all(one.is_ready for one in listeners),
                 "all to listen")
        for n in range(10):
            response = site.browser(n % 2).ask(
                "POST", "/say", form(name="ada", text=str(n)))
            assert response.status == 204
        for one in listeners:
            wait_for(lambda one=one: len(one.of_type("said")) >= 10,
                     lambda one=one: f"all of it: {one.events}")
            texts = [json.loads(data)["text"] for data in one.of_type("said")]
            assert texts == [str(n) for n in range(10)]
    finally:
        for one in listeners:
            one.stop()
