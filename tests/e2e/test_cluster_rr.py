"""Round-robin: every connection in turn, none lost."""
import os
import resource
import signal

import fleet
import harness
import procfs
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for


def shares(server, count):
    """How many of `count` connections, all open at once, each worker has."""
    lines = [server.line() for _ in range(count)]
    found = {}
    for line in lines:
        line.send("id")
    for line in lines:
        pid = line.read().split()[0]
        found[pid] = found.get(pid, 0) + 1
    for line in lines:
        line.socket.close()
    return sorted(found.values())


@pytest.mark.parametrize("workers", [1, 2, 4, 8])
def test_connections_are_dealt_exactly_evenly(start_fleet, workers):
    server = start_fleet(workers, "127.0.0.1:0")

    def are_dealt_evenly():
        """A worker that the machine has held up is passed over."""
        found = shares(server, 1000)
        assert sum(found) == 1000
        return len(found) == workers and found[-1] - found[0] <= 1
    wait_for(are_dealt_evenly, "shares that are the same")


def test_connections_come_in_turn(start_fleet):
    server = start_fleet(3, "127.0.0.1:0")

    def come_in_turn():
        pids = [server.ask("id") for _ in range(9)]
        return pids[:3] == pids[3:6] == pids[6:] and len(set(pids)) == 3
    wait_for(come_in_turn, "each worker in its turn")


def test_a_worker_killed_before_it_began_loses_nothing(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    victim, survivor = server.workers()
    fleet.stop_process(victim)
    lines = [server.line() for _ in range(100)]
    os.kill(victim, signal.SIGKILL)
    for line in lines:
        line.send("id")
    assert {line.pid() for line in lines} == {survivor}


def test_a_connection_that_waited_silently_in_a_killed_worker_lives_on(
        start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    lines = [server.line() for _ in range(50)]
    # All are taken: each worker has answered on a later connection.
    server.wait_all_answer()
    victim, survivor = server.workers()
    os.kill(victim, signal.SIGKILL)
    server.wait_output(r"^exit \d")
    assert {line.pid() for line in lines} == {survivor}


def test_a_stopped_worker_holds_nobody_up(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    stopped, other = server.workers()
    fleet.stop_process(stopped)
    try:
        assert {server.answerer() for _ in range(20)} == {other}
    finally:
        os.kill(stopped, signal.SIGCONT)
    # It takes its turns again, and has nothing of what was taken back.
    wait_for(lambda: server.answerer() == stopped, "the worker to take its turn")
    server.wait_all_answer()


def test_a_connection_that_has_begun_ends_with_its_worker(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    with server.line() as line:
        assert line.pid()
        line.send("die 9")
        assert line.ends()
    server.wait_output(r"^exit \d+ code=-1 signal=9")
    assert server.answerer() == server.workers()[0]


def test_nothing_is_dealt_again_once_it_has_begun(start_fleet):
    """What kills one worker must not be given to the next."""
    server = start_fleet(4, "127.0.0.1:0")
    with server.line() as line:
        line.send("die 11")
        assert line.ends()
    server.wait_output(r"^exit \d+ code=-1 signal=11")
    assert len(server.wait_workers(3)) == 3
    server.wait_all_answer()


def test_connections_wait_while_all_workers_are_stopped(start_fleet):
    """More than the queue holds; the primary neither spins nor drops."""
    server = start_fleet(2, "127.0.0.1:0")
    workers = server.workers()
    for pid in workers:
        fleet.stop_process(pid)
    lines = [server.line() for _ in range(800)]
    harness.wait_at_rest(server.pid)
    fds = server.fd_count()
    for pid in workers:
        os.kill(pid, signal.SIGCONT)
    found = [line.pid() for line in lines]
    assert set(found) <= set(workers)
    assert fds < 700, "the queue has no limit"


def test_a_replacement_gets_what_waited(start_fleet):
    """The only worker dies; those who come meanwhile wait for the next."""
    server = start_fleet(1, "-r", "127.0.0.1:0")
    (victim,) = server.workers()
    fleet.stop_process(victim)
    lines = [server.line() for _ in range(20)]
    os.kill(victim, signal.SIGKILL)
    with server.line() as late:
        assert late.pid() != victim
    assert victim not in {line.pid() for line in lines}


def test_two_hundred_kills_leak_no_descriptor(start_fleet):
    server = start_fleet(4, "-S", "127.0.0.1:0",
                         env={"YOKE_SCHED_POLICY": "rr"})
    server.answerer()
    before = server.fd_count()
    silent = [server.line() for _ in range(20)]
    for kills in range(0, 200, 4):
        for line in [server.line() for _ in range(8)]:
            line.send("id")
            line.socket.close()
        for pid in server.workers():
            os.kill(pid, signal.SIGKILL)
        server.wait_output(fleet.LISTENS, kills + 8)
    # Closed after 16 deaths, for they may be what kills the workers.
    assert all(line.ends() for line in silent)
    assert server.answerer()
    wait_for(lambda: server.fd_count() <= before,
             lambda: f"{before} descriptors: {procfs.fds(server.process.pid)}")


def test_a_worker_out_of_descriptors_leaves_connections_to_others(
        start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    poor, rich = server.workers()
    used = server.fd_count(poor)
    resource.prlimit(poor, resource.RLIMIT_NOFILE, (used + 5, used + 5))
    lines = [server.line() for _ in range(60)]
    found = [line.pid() for line in lines]
    assert found.count(poor) <= 5 and found.count(rich) >= 55


def test_a_primary_out_of_descriptors_gives_copies_up_and_goes_on(
        start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    used = server.fd_count()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE,
                     (used + 20, used + 20))
    lines = [server.line() for _ in range(200)]
    for line in lines:
        line.send("id")
    assert len({line.read() for line in lines}) == 2
