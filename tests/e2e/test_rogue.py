"""Workers that do not keep to the rules of the channel: the primary believes
nothing that it need not, and none of them waits for ever."""
import pathlib

import fleet
import pytest

ROGUE = pathlib.Path(__file__).with_name("rogue.py")


@pytest.fixture
def start_rogue():
    """start_rogue(what) starts a primary with one such worker."""
    started = []

    def start_one(what):
        started.append(fleet.Fleet(1, "-x", ROGUE, env={"ROGUE": what}))
        return started[-1]

    yield start_one
    for one in started:
        one.wait_exit()
        one.kill()
        one.check_findings()


@pytest.mark.parametrize("what", ["fails_to_run_when_it_runs",
                                  "fails_for_no_reason_that_there_is"])
def test_only_a_child_that_cannot_run_its_program_says_so(start_rogue, what):
    """... and says an error that there is: what is no such thing is
    ignored."""
    one = start_rogue(what)
    one.wait_output(r"^exit 1 code=3 signal=0 .* \(exit code 3\)$")


def test_a_reason_does_not_drive_the_terminal(start_rogue):
    one = start_rogue("fails_colourfully")
    one.wait_output(r"^exit 1 code=3 .* "
                    r"\(could not start: \?\[31mred\?\?and two lines\?\)$")


@pytest.mark.parametrize("what", ["never_reads", "closes_and_never_reads"])
def test_who_asks_and_does_not_read_is_killed(start_rogue, what):
    """It could not be answered, and would wait for ever."""
    one = start_rogue(what)
    one.wait_output(r"^exit 1 code=-?\d+ signal=9 ")
    assert len(one.lines(r"(is killed: its question cannot be answered)$")) == 1


def test_a_worker_has_so_many_listeners(start_rogue):
    one = start_rogue("wants_many")
    one.wait_output(r"^rogue refused 65 ")


def test_the_same_listener_twice_is_refused(start_rogue):
    one = start_rogue("wants_the_same_twice")
    one.wait_output(r"^rogue 3 1 OK$")
    assert one.lines(r"^rogue (\d \d \S+)$") == [
        ("1 0 OK",), ("2 0 EADDRINUSE",), ("1 1 EADDRINUSE",), ("3 1 OK",)]


def test_who_talks_rubbish_does_not_fill_the_log(start_rogue):
    """Of 3,000 packets the first is complained of, the 10th, the 100th and the
    1,000th."""
    one = start_rogue("sends_rubbish")
    one.wait_output(r"^exit 1 code=3 ")
    told = one.lines(r"warn: .*(?:not understood|unknown type|refused).*")
    assert len(told) == 4
    assert told[3].endswith("(1000 of that kind by now)")
