"""Looking after workers: what hangs is aborted, what has had enough is
replaced, and what a worker said before it died is told."""
import os
import re
import signal

import harness
import load
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"


def begin(server, target):
    client = server.connect()
    client.request("GET", target)
    return client


def other_answers(server, victim):
    """Waits until somebody else than the victim answers."""
    wait_for(lambda: server.request("GET", "/pid").text != str(victim),
             "an answer of another worker")


# What hangs.

def test_a_loop_that_hangs_is_aborted_and_replaced(start_app):
    server = start_app(PROBE, "-n", "2", "--hang-timeout", "2s")
    before = server.wait_ready(2)
    with begin(server, "/hang"):
        server.wait_output(r"warn: worker \d+ died \(aborted, for its loop hung")
        wait_for(lambda: set(server.workers()) - set(before), "another worker")
        server.wait_workers(2)


def test_a_handler_that_hangs_as_its_connection_comes_is_found(start_app):
    """The request is there when the worker is dealt the connection, so it is
    read at once: in a callback of the channel, not of the connection."""
    server = start_app(PROBE, "-n", "1", "--sched", "rr", "--hang-timeout",
                       "2s")
    [victim] = server.wait_ready(1)
    os.kill(victim, signal.SIGSTOP)
    with begin(server, "/hang"):
        os.kill(victim, signal.SIGCONT)
        server.wait_output(rf"worker {victim} died \(aborted, for its loop hung")
        server.wait_workers(1, other_than=[victim])


def test_a_worker_that_ignores_the_abort_is_killed(start_app):
    server = start_app(PROBE, "-n", "2", "--hang-timeout", "2s")
    server.wait_ready(2)
    with begin(server, "/hang?deaf=1"):
        server.wait_output(r"died \(aborted, for its loop hung")
        server.wait_workers(2)


def test_a_stopped_worker_is_aborted_and_replaced(start_app):
    server = start_app(PROBE, "-n", "2", "--hang-timeout", "2s")
    victim = server.wait_ready(2)[0]
    os.kill(victim, signal.SIGSTOP)
    server.wait_output(rf"worker {victim} died \(aborted, for its loop hung")
    server.wait_workers(2, other_than=[victim])


def test_a_busy_loop_is_not_taken_for_a_hung_one(start_app):
    server = start_app(PROBE, "-n", "1", "--hang-timeout", "5s")
    with load.Load(server, keep_alive=4, target="/pid") as run:
        run.wait_answered(2000)
    assert len(run.texts) == 1 and not run.failures


def test_an_idle_loop_is_not_taken_for_a_hung_one(start_app):
    server = start_app(PROBE, "-n", "1", "--hang-timeout", "2s")
    victim = server.wait_workers(1)
    with begin(server, "/slow?ms=3500") as client:
        assert client.read().text == "slow"
    assert server.workers() == victim


def test_a_request_that_takes_too_long_ends_its_worker(start_app):
    server = start_app(PROBE, "-n", "2", "--request-timeout", "500ms")
    server.wait_ready(2)
    with begin(server, "/slow?ms=60000"):
        server.wait_output(r"died \(aborted, for a request took too long")
        server.wait_workers(2)


# What has had enough.

@pytest.mark.parametrize("option, value, reason", [
    ("--max-requests", "50", "answered enough requests"),
    ("--max-lifetime", "1500ms", "lived long enough"),
    ("--max-memory", "64K", "grown too large"),
])
def test_a_worker_is_replaced_without_a_client_noticing(start_app, option,
                                                        value, reason):
    server = start_app(PROBE, "-n", "2", "--sched", "rr", option, value)
    before = server.wait_ready(2)
    with load.Load(server, keep_alive=4, new=2, target="/pid") as run:
        server.wait_output(rf"info: worker \d+ is replaced: it has {reason}", 2)
        run.wait_answered(200)
    assert not run.failures and not run.resets and not run.hung
    assert not run.refused and set(run.statuses) == {200}
    wait_for(lambda: not set(server.workers()) & set(before),
             "both to be replaced")


# What they say.

def test_lines_of_workers_are_passed_on_whole(start_app):
    server = start_app(PROBE, "-n", "2")
    with load.Load(server, keep_alive=4, target="/say?n=5&size=900") as run:
        run.wait_answered(100)
    server.stop()
    said = [line for line in server.stderr.splitlines() if "xx" in line]
    assert said and all(re.fullmatch(r"say \d+ x{900}", line) for line in said)


def test_what_a_worker_said_last_explains_its_death(start_app, tmp_path):
    server = start_app(PROBE, "-n", "1")
    with begin(server, "/crash?how=assert"):
        server.wait_output(r"worker \d+ died \(killed by SIGABRT")
    server.wait_output("the cat is on the keyboard")
