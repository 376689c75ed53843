"""Stream servers of other protocols than HTTP (yoke/net.h), and their limit.

"Node:" names the scenario of Node's own tests (test/parallel, without test-)
that a test comes from."""
import os
import signal

import fleet
import harness
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for

SCHEDS = pytest.mark.parametrize(
    "sched", ["rr", "none", "balanced", "kernel-rr", "kernel-least", "sticky"])
PLACE = "net/127.0.0.1:0"


@SCHEDS
def test_connections_are_shared_out(start_fleet, sched):
    server = start_fleet(2, "-s", sched, PLACE)
    assert server.ask("peer") == "127.0.0.1"
    if sched == "rr":
        server.wait_all_answer()


def test_one_that_was_not_begun_is_another_workers_when_its_own_dies(
        start_fleet):
    server = start_fleet(2, PLACE)
    lines = [server.line() for _ in range(10)]
    first = lines[0].pid()
    os.kill(first, signal.SIGKILL)
    (other,) = set(server.workers()) - {first}
    # The first one had begun; the rest is answered.
    assert {line.pid() for line in lines[1:]} == {other}
    assert lines[0].ends()


# The limit.


@SCHEDS
def test_each_worker_has_as_many_as_it_takes(start_fleet, sched):
    """Node: cluster-net-server-drop-connection: limits of 0, 1 and 9, and 10
    connections."""
    server = start_fleet(3, "-s", sched, PLACE,
                         env={"FLEET_MAX": "-1 1 9"})
    lines = [server.line() for _ in range(10)]
    ids = [line.ask("id").split()[1] for line in lines]
    assert sorted(ids) == ["2"] + ["3"] * 9


@SCHEDS
def test_when_all_are_at_their_limit_the_rest_waits_and_nothing_spins(
        start_fleet, sched):
    """Node's primary deals the same connection again and again then."""
    server = start_fleet(2, "-s", sched, f"{PLACE},max=2")
    lines = [server.line() for _ in range(4)]
    assert sorted(line.ask("id").split()[1] for line in lines) == list("1122")
    more = [server.line() for _ in range(3)]
    for line in more:
        line.send("id")
    harness.wait_at_rest(server.pid, *server.workers())
    # Those that have waited are taken as there is room.
    for line in lines[:3]:
        line.send("bye")
    for line in more:
        assert int(line.read().split()[0]) in server.workers()
    assert {line.ask("count") for line in more} == {"2"}


def test_a_connection_over_the_limit_is_dropped_if_that_is_wanted(start_fleet):
    """Node: http-server-drop-connections-in-cluster, dropMaxConnection."""
    server = start_fleet(1, f"{PLACE},max=1,drops")
    with server.line() as line:
        assert line.pid()
        for _ in range(3):
            assert server.line().ends()
        server.wait_output(r"^\d+ drops$", 3)
        assert line.ask("count") == "1"
        line.send("bye")
        assert line.ends()
    assert server.answerer()


@SCHEDS
def test_one_that_takes_none_drops_all(start_fleet, sched):
    server = start_fleet(1, "-s", sched, f"{PLACE},max=-1,drops")
    for _ in range(3):
        assert server.line().ends()
    server.wait_output(r"^\d+ drops$", 3)


@SCHEDS
def test_the_limit_can_be_changed(start_fleet, sched):
    server = start_fleet(1, "-s", sched, f"{PLACE},max=1")
    with server.line() as line, server.line() as other:
        assert line.pid()
        other.send("id")
        assert line.ask("max 2") == "ok"
        assert other.read()
        assert line.ask("count") == "2"


def test_a_stop_does_not_wait_for_those_that_nobody_takes(start_fleet):
    server = start_fleet(1, f"{PLACE},max=1")
    with server.line() as line, server.line() as other:
        assert line.pid()
        other.send("id")
        server.stop()
        assert line.ends() and other.ends()


# Stopping.


@SCHEDS
def test_what_has_begun_is_told_of_a_stop_the_rest_is_closed(start_fleet,
                                                             sched):
    server = start_fleet(1, "-s", sched, PLACE)
    with server.line() as line, server.line() as silent:
        line.send("hang")
        assert silent.pid()
        server.send_signal(signal.SIGTERM)
        assert line.read() == "drained"
        assert line.ends() and silent.ends()
    assert server.wait_exit() == 0
    server.wait_output("closed a listener$")


def test_what_has_not_begun_goes_to_another_worker_at_a_disconnect(
        start_fleet):
    server = start_fleet(2, PLACE)
    lines = [server.line() for _ in range(8)]
    with server.line() as line:
        leaver = line.pid()
        assert line.ask("leave") is None or True
    server.wait_output("^exit .* code=0 .* after=1")
    (other,) = set(server.workers()) - {leaver}
    assert {one.pid() for one in lines} == {other}


def test_bytes_that_have_come_are_answered_before_the_end(start_fleet):
    server = start_fleet(1, PLACE)
    (worker,) = server.workers()
    fleet.stop_process(worker)
    lines = [server.line() for _ in range(5)]
    for line in lines:
        line.send("id")
    server.send_signal(signal.SIGTERM)
    wait_for(lambda: not harness.procfs.listening_ports(server.pid),
             "the primary to close its socket")
    os.kill(worker, signal.SIGCONT)
    assert {line.read().split()[0] for line in lines} == {str(worker)}
    assert server.wait_exit() == 0


@SCHEDS
def test_it_may_be_stopped_in_the_callback_that_it_listens(start_fleet, sched):
    server = start_fleet(1, "-s", sched, "127.0.0.1:0",
                         f"{PLACE},closes=listening", listeners=2)
    server.wait_output("closed a listener$")


def test_one_that_cannot_listen_is_closed(start_fleet):
    holder = start_fleet(1, PLACE)
    server = start_fleet(1, "127.0.0.1:0", f"net/127.0.0.1:{holder.port}")
    server.wait_output("cannot listen: EADDRINUSE: .* is in use by fleet")
    server.wait_output("closed a listener$")
