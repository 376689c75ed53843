"""Short chaos runs (tests/chaos), and that they would notice."""
import random
import sys
import time

import harness
import procfs
import pytest

sys.path.append(str(harness.ROOT / "tests/chaos"))

import chaos  # noqa: E402
import judge  # noqa: E402
import run as running  # noqa: E402
import steps  # noqa: E402

SEED = 1
KILLS = 24
OPERATIONS = 20


@pytest.mark.seconds(120)
def test_every_quick_step_leaves_everything_as_it_was():
    result = chaos.run_with(SEED, chaos.run_steps, None, sched="balanced")
    assert result["steps"] == len(steps.QUICK)
    assert result["answered"] > 0


@pytest.mark.seconds(90)
def test_kills_lose_nothing_but_what_had_begun():
    result = chaos.run_with(SEED, chaos.kill_again_and_again, KILLS,
                            sched="rr")
    assert result["deaths"] == KILLS


@pytest.mark.seconds(90)
def test_operations_lose_nothing_at_all():
    result = chaos.run_with(SEED, chaos.operate, OPERATIONS, sched="callback",
                            preload=True)
    assert result["lost"] == 0


# What the checks are worth.

@pytest.fixture(scope="module")
def running_one():
    """A run, before its first step."""
    one = running.Run(random.Random(SEED), "rr")
    try:
        with one.load():
            one.calibrate()
            yield one
    finally:
        one.control.close()
        one.server.kill()


@pytest.fixture
def checked(running_one):
    """The same, as it was when the test is over."""
    before = (running_one.fds_besides, running_one.memory,
              running_one.patience)
    yield running_one
    (running_one.fds_besides, running_one.memory,
     running_one.patience) = before
    running_one.expected = []
    running_one.wait_whole()
    running_one.clients.park()
    running_one.clients.take_failures()
    running_one.judge.read_deaths()
    running_one.clients.go_on()


def check_notices(run, text):
    with pytest.raises(AssertionError, match=text):
        run.check()


def test_a_death_that_nobody_asked_for_is_noticed(checked):
    [pid] = checked.pick()
    steps.kill(checked, pid)
    checked.wait_whole()
    checked.expected = []
    check_notices(checked, "died unasked")


def test_a_request_that_fails_without_a_death_is_noticed(checked):
    checked.clients.fail("reset", "keep0-1", None, time.time(), "made up")
    check_notices(checked, "1 requests failed")


def test_an_answer_to_another_request_is_noticed(checked):
    """Though a worker has died, by which others may lose theirs."""
    steps.kill_one(checked)
    checked.clients.fail("wrong", "keep0-1", None, 0, "made up")
    check_notices(checked, "1 requests failed")


def test_descriptors_too_many_are_noticed(checked):
    """However many copies there may be."""
    checked.patience = 0.5
    checked.fds_besides -= 1 + checked.clients.kept
    check_notices(checked, "descriptors in the primary")


def test_a_primary_that_grows_is_noticed(checked):
    if checked.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    grown = 2 * running.MEMORY_SLACK
    checked.memory = procfs.resident_bytes(checked.server.pid) - grown
    check_notices(checked, "the primary grew")


def test_who_fails_when_a_worker_dies_had_to_be_served_by_it():
    class Idle:
        sched = "rr"

        class server:
            stderr = "yoke[1] warn: worker 7 died (killed by SIGKILL)\n"

        @staticmethod
        def ask(command):
            return {"deaths": [{
                "number": 1, "meant": False, "signal": 9, "pid": 7, "time_ms": 100_000,
                "requests": [{"line": "GET /new1-5 HTTP/1.1"}]}]}

    def failure(name, previous, begun, ended, kind="reset"):
        one = chaos.running.clients.Failure(kind, name, previous, begun, "")
        one.ended = ended
        return one

    right = [failure("keep0-9", 7, 99, 100), failure("new1-5", None, 99, 100),
             failure("new2-1", None, 99.9, 100.1)]
    wrong = [failure("keep0-9", 8, 200, 201), failure("new2-2", None, 101, 102),
             failure("new3-1", None, 80, 90),
             failure("new1-5", 7, 99, 100, kind="hung")]
    assert judge.Judge(Idle).judge(right + wrong) == wrong
