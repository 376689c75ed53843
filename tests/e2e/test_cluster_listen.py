"""Listening through the primary: addresses, sharing, errors.

"Node:" names the scenario of Node's own tests (test/parallel, without
test-cluster-) that a test comes from."""
import os
import re
import signal

import fleet
import harness
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for

SCHEDS = pytest.mark.parametrize("sched", ["rr", "none", "balanced"])
SURVIVES = {"FLEET_SURVIVES": 1}


def test_workers_of_the_kernels_choice_all_accept(start_fleet):
    server = start_fleet(2, "-s", "none", "127.0.0.1:0")
    # Both hold the socket; a stopped one leaves everything to the other.
    stopped, other = server.workers()
    fleet.stop_process(stopped)
    assert {server.answerer() for _ in range(20)} == {other}
    os.kill(stopped, 18)
    fleet.stop_process(other)
    assert server.answerer() == stopped
    os.kill(other, 18)


def test_the_environment_chooses_the_scheduling(start_fleet):
    server = start_fleet(1, "127.0.0.1:0",
                         env={"YOKE_SCHED_POLICY": "none"})
    assert server.ports() == [server.port]
    (worker,) = server.workers()
    assert harness.procfs.listening_ports(worker) == [server.port]


def test_under_round_robin_only_the_primary_listens(start_fleet):
    server = start_fleet(1, "127.0.0.1:0", env={"YOKE_SCHED_POLICY": "rr"})
    (worker,) = server.workers()
    assert harness.procfs.listening_ports(worker) == []
    assert harness.procfs.listening_ports(server.pid) == [server.port]


def test_an_unknown_scheduling_is_named_and_replaced(start_fleet):
    server = start_fleet(1, "127.0.0.1:0",
                         env={"YOKE_SCHED_POLICY": "fair"})
    assert re.search("YOKE_SCHED_POLICY is not .*, but 'fair'", server.stderr)


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_the_nth_listener_on_port_0_is_one_port_for_all(start_fleet, sched):
    server = start_fleet(3, "-s", sched, "127.0.0.1:0", "127.0.0.1:0",
                         listeners=2)
    ports = server.wait_ready(listeners=2)
    assert len(ports) == 2
    for port in ports:
        assert server.answerer(port=port) in server.workers()


def test_the_event_has_the_real_port(start_fleet):
    """Node: listening-port."""
    server = start_fleet(1, "127.0.0.1:0")
    [match] = server.wait_output(r"^listening 1 4 127.0.0.1 (\d+)$")
    assert int(match[1]) == server.port


@SCHEDS
def test_no_host_means_both_families(start_fleet, sched):
    """Node: net-listen-ipv6only-false."""
    server = start_fleet(1, "-s", sched, "0")
    assert server.lines(fleet.LISTENS)[0][1:3] == ("6", "::")
    assert server.answerer(host="127.0.0.1") == server.answerer(host="::1")


@SCHEDS
def test_ipv6_only_leaves_ipv4_free(start_fleet, sched):
    """Node: net-listen-ipv6only-none, -rr."""
    server = start_fleet(2, "-s", sched, f"6:{harness.free_port()}")
    assert len(server.wait_ready()) == 1
    assert server.answerer(host="::1")
    with pytest.raises(ConnectionRefusedError):
        server.line(host="127.0.0.1")
    other = start_fleet(1, f"127.0.0.1:{server.port}")
    assert other.answerer() == other.workers()[0]


def test_a_host_name_is_looked_up(start_fleet):
    server = start_fleet(1, "localhost:0")
    assert server.lines(fleet.LISTENS)[0][2] in ("127.0.0.1", "::1")


def test_the_last_listener_closes_the_port(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    assert server.ask("close") == "ok"
    server.wait_output(r"closed a listener")
    assert server.answerer()
    assert server.ask("close") == "ok"
    server.wait_output(r"closed a listener", 2)
    with pytest.raises(ConnectionRefusedError):
        server.line()


def test_a_port_can_be_had_again_after_closing(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with server.line() as line:
        assert line.ask("close") == "ok"
        server.wait_output(r"closed a listener")
        assert line.ask(f"open 127.0.0.1:{server.port}") == "ok"
        server.wait_output(fleet.LISTENS, 2)
    assert server.answerer()


def test_an_exclusive_listener_is_the_workers_own(start_fleet):
    """Node: net-listen-exclusive-random-ports."""
    server = start_fleet(2, "own:0")
    ports = server.wait_ready()
    assert len(ports) == 2
    for worker in server.workers():
        (port,) = harness.procfs.listening_ports(worker)
        assert server.answerer(port=port) == worker


def test_an_exclusive_port_is_refused_to_the_second_worker(start_fleet):
    """Node: net-listen-shared-ports, its exclusive half."""
    port = harness.free_port()
    server = start_fleet(2, f"own:{port}", listeners=0, env=SURVIVES)
    server.wait_output(fleet.LISTENS)
    (match,) = server.wait_output(
        rf"EADDRINUSE: port {port} is in use by fleet \(pid (\d+)\)$")
    assert server.answerer(port=port) == int(match[1])


def test_reuse_port_is_no_affair_of_the_primarys(start_fleet):
    """Node: net-reuseport."""
    port = harness.free_port()
    server = start_fleet(2, f"127.0.0.1:{port},reuseport")
    assert harness.procfs.listening_ports(server.pid) == []
    for worker in server.workers():
        assert harness.procfs.listening_ports(worker) == [port]
    assert server.answerer() in server.workers()
    assert "listening" not in server.stdout


def test_a_supervised_worker_with_a_port_of_its_own_is_ready(start):
    """The primary does not see that it listens, and is told: else it would take
    the worker's death for one that cannot start, and end."""
    server = start([harness.BUILD / "tests/apps/own_port"],
                   port=harness.free_port())
    assert server.request().text == "hello"
    (first,) = server.workers()
    os.kill(first, signal.SIGKILL)
    server.wait_workers(1, other_than=[first])
    server.wait_listening()
    assert server.request().text == "hello"


@SCHEDS
def test_a_worker_hears_that_the_port_is_in_use_and_by_whom(start_fleet,
                                                            sched):
    """Node: bind-twice, shared-handle-bind-error. And eaddrinuse: the next
    attempt works."""
    holder = start_fleet(1, f"127.0.0.1:{harness.free_port()}")
    server = start_fleet(1, "-s", sched, "127.0.0.1:0",
                         f"127.0.0.1:{holder.port}", env=SURVIVES)
    server.wait_output(
        rf"cannot listen: EADDRINUSE: 127.0.0.1:{holder.port} is in use by "
        rf"fleet \(pid {holder.pid}\)$")
    holder.stop()
    assert server.ask(f"open 127.0.0.1:{holder.port}") == "ok"
    server.wait_output(fleet.LISTENS, 2)
    assert server.answerer(port=holder.port)


def test_one_process_may_not_have_a_port_twice(start_fleet):
    server = start_fleet(1, "127.0.0.1:0", env={"FLEET_SURVIVES": 1})
    assert server.ask(f"open 127.0.0.1:{server.port}") == "ok"
    server.wait_output(r"EADDRINUSE: .* is in use by this program itself$")


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_a_privileged_port_is_refused_with_the_reason(start_fleet, sched):
    """Node: bind-privileged-port, shared-handle-bind-privileged-port."""
    fleet.skip_unless_privileged(80)
    server = start_fleet(1, "-S", "-s", sched, "127.0.0.1:80", listeners=0,
                         wrap=fleet.AS_NOBODY)
    assert server.wait_exit() == 1
    server.wait_output("EACCES: 127.0.0.1:80 may only be listened on by root "
                       "or with CAP_NET_BIND_SERVICE$")


def test_an_unknown_host_is_named(start_fleet):
    server = start_fleet(1, "no-such-host.invalid:0", listeners=0,
                         env={"FLEET_SURVIVES": 1})
    server.wait_output(r"cannot listen: \w+: .*no-such-host.invalid")


def test_the_backlog_is_taken_when_the_last_acceptor_closes(start_fleet):
    """Under the kernel's choice, what is queued is answered, not reset."""
    server = start_fleet(1, "-s", "none", "127.0.0.1:0")
    (worker,) = server.workers()
    fleet.stop_process(worker)
    lines = [server.line() for _ in range(50)]
    for line in lines:
        line.send("id")
    server.send_signal(15)
    wait_for(lambda: not harness.procfs.listening_ports(server.pid),
             "the primary to close its socket")
    os.kill(worker, 18)
    assert {line.read().split()[0] for line in lines} == {str(worker)}
    assert server.wait_exit() == 0


# Places on an address.


@SCHEDS
def test_listening_on_port_0_and_closing_again_and_again_never_collides(
        start_fleet, sched):
    """Node: child-index-net."""
    server = start_fleet(1, "-s", sched, "127.0.0.1:0")
    for n in range(1, 11):
        assert server.ask("open 127.0.0.1:0") == "ok"
        server.wait_output(fleet.LISTENS, n + 1)
        assert server.ask(f"shut {n}") == "ok"
        server.wait_output("closed a listener", n)
    assert "cannot" not in server.stdout
    assert server.answerer()


def test_a_place_that_was_given_up_is_taken_again(start_fleet):
    """The first on port 0 is the same port for all, also for one that had
    closed its own."""
    server = start_fleet(2, "own:0", "127.0.0.1:0", listeners=2)
    control, port = server.controls(), shared_port(server)
    worker, own = next(iter(control.items()))
    assert server.ask("open 127.0.0.1:0", port=own) == "ok"
    server.wait_output(fleet.LISTENS, 5)
    assert server.ask("shut 1", port=own) == "ok"
    server.wait_output(rf"^{worker} closed a listener")
    assert server.ask("open 127.0.0.1:0", port=own) == "ok"
    server.wait_output(rf"^{worker} listens on 4 127.0.0.1 {port}$", 2)


@SCHEDS
def test_closing_and_listening_again_while_others_listen(start_fleet, sched):
    """Node: server-restart-rr, -none."""
    server = start_fleet(2, "-s", sched, "own:0", "127.0.0.1:0", listeners=2)
    control, port = server.controls(), shared_port(server)
    worker, own = next(iter(control.items()))
    for n in range(1, 4):
        assert server.ask(f"shut {n}", port=own) == "ok"
        server.wait_output(rf"^{worker} closed a listener", n)
        assert server.ask(f"open 127.0.0.1:{port}", port=own) == "ok"
        server.wait_output(fleet.LISTENS, 4 + n)
    (other,) = set(server.workers()) - {worker}
    fleet.stop_process(other)
    assert server.answerer(port=port) == worker
    os.kill(other, 18)


def shared_port(server):
    """The port that is no worker's own."""
    (port,) = ({int(groups[3]) for groups in server.lines(fleet.LISTENS)}
               - set(server.controls().values()))
    return port


def test_a_port_changes_hands_between_workers(start_fleet):
    """Node: port-reuse-between-workers."""
    port = harness.free_port()
    server = start_fleet(2, "own:0", env=SURVIVES)
    first, second = server.controls().values()
    place = f"127.0.0.1:{port}"
    assert server.ask(f"open {place}", port=first) == "ok"
    server.wait_output(fleet.LISTENS, 3)
    # A second one in the same worker fails, and changes nothing.
    assert server.ask(f"open {place}", port=first) == "ok"
    server.wait_output(r"EADDRINUSE: .* is in use by this program itself$")
    assert server.ask("shut 1", port=first) == "ok"
    server.wait_output("closed a listener")
    assert server.ask(f"open {place}", port=second) == "ok"
    server.wait_output(fleet.LISTENS, 4)
    assert server.ask(f"open {place}", port=first) == "ok"
    server.wait_output(fleet.LISTENS, 5)
    server.wait_all_answer(port=port)


def test_a_number_that_came_of_port_0_can_be_asked_for(start_fleet):
    """Node fails this: known_issues/dgram-bind-shared-ports-after-port-0."""
    server = start_fleet(2, "own:0", "127.0.0.1:0", listeners=2)
    control, port = server.controls(), shared_port(server)
    worker, own = next(iter(control.items()))
    assert server.ask("shut 1", port=own) == "ok"
    server.wait_output(rf"^{worker} closed a listener")
    assert server.ask(f"open 127.0.0.1:{port}", port=own) == "ok"
    server.wait_output(fleet.LISTENS, 5)
    server.wait_all_answer(port=port)


# Races.


def test_listening_twice_before_the_reply_is_once_and_an_error(start_fleet):
    """Node: net-listen-twice."""
    port = harness.free_port()
    place = f"127.0.0.1:{port}"
    server = start_fleet(1, place, place, env=SURVIVES)
    server.wait_output("EADDRINUSE: .* is in use by this program itself$")
    assert len(server.lines(fleet.LISTENS)) == 1
    assert server.answerer()


@SCHEDS
def test_what_is_closed_before_the_reply_is_given_up(start_fleet, sched):
    """Node: net-server-close-before-ipc-response."""
    port = harness.free_port()
    server = start_fleet(2, "-s", sched, "127.0.0.1:0",
                         f"127.0.0.1:{port},closes=now")
    server.wait_output("closed a listener", 2)
    assert len(server.lines(fleet.LISTENS)) == 2
    wait_for(lambda: port not in server.ports(), "it to be given up")
    other = start_fleet(1, f"127.0.0.1:{port}")
    assert other.answerer()


@SCHEDS
def test_it_may_be_closed_in_the_callback_that_it_listens(start_fleet, sched):
    """Node: rr-ref, where 'close' follows."""
    server = start_fleet(2, "-s", sched, "own:0", "127.0.0.1:0,closes=listening",
                         listeners=2)
    server.wait_output("closed a listener", 2)
    own = set(server.controls().values())
    wait_for(lambda: set(server.ports()) == own, "it to be given up")


# What keeps a worker.


@SCHEDS
def test_a_worker_that_has_closed_its_last_listener_can_leave(start_fleet,
                                                              sched):
    """Node: rr-handle-close, net-listen, rr-handle-keep-loop-alive."""
    server = start_fleet(1, "-s", sched, "127.0.0.1:0")
    with server.line() as line:
        assert line.ask("close") == "ok"
        server.wait_output("closed a listener")
        assert server.workers()
        assert line.ask("leave") == "ok"
    server.wait_output("^exit 1 code=0 signal=0 after=1")
    assert server.wait_exit() == 0


@SCHEDS
def test_disconnecting_with_a_connection_open_leaves_nothing_behind(
        start_fleet, sched):
    """Node: shared-leak."""
    server = start_fleet(2, "-s", sched, "127.0.0.1:0")
    with server.line() as line, server.line() as other:
        assert line.pid() and other.pid()
        server.command("disconnect")
        # What has been asked is over; the connections are closed.
        assert line.ends() and other.ends()
    server.wait_output("^all gone$")
    assert server.wait_exit() == 0
