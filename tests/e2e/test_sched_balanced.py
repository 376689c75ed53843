"""Balanced scheduling: nobody waits for a busy worker while another is idle,
workers have about as many connections, and nothing is lost on the way."""
import collections
import os
import select
import signal
import socket
import time

import harness
import load
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
TUNED = harness.BUILD / "tests/apps/tuned"


@pytest.fixture
def start_balanced(start_app):
    def start(workers, *args, **kwargs):
        server = start_app(PROBE, "-n", str(workers), "--sched", "balanced",
                           *args, **kwargs)
        server.pids = server.wait_workers(workers)
        for pid in server.pids:
            # They listen when they hold the socket.
            wait_for(lambda: procfs.listening_ports(pid) == [server.port],
                     "the worker to hold the listener")
        return server
    return start


def pid_of(client):
    client.request("GET", "/pid")
    return int(client.read().text)


def close_all(clients):
    for client in clients:
        client.close()


def stop_process(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: procfs.stat(pid)[0] == "T", "the process to stop")


def is_asleep(pid):
    return procfs.stat(pid)[0] == "S"


@pytest.mark.parametrize("workers", [2, 4, 8])
def test_keep_alive_connections_are_spread_evenly(start, workers):
    """A thousand at once: unevenness that the burst left goes away as soon as
    there are requests."""
    # While so many are asked, others are idle.
    server = start([TUNED, PROBE, f"workers={workers}",
                    "idle_timeout_ms=600000", "head_timeout_ms=600000"],
                   env={"YOKE_SCHED_POLICY": "balanced"})
    server.pids = server.wait_ready(workers)
    clients = []
    try:
        for _ in range(max(400, harness.fewer(1000))):
            clients.append(server.connect())
            clients[-1].request("GET", "/pid")
        for client in clients:
            client.read()

        def is_even():
            found = collections.Counter(map(pid_of, clients))
            assert set(found) <= set(server.pids)
            return (len(found) == workers and
                    max(found.values()) <= 1.15 * min(found.values()))
        wait_for(is_even, "the connections to be spread evenly", 50)
    finally:
        close_all(clients)


def test_workers_accept_themselves_in_turn(start_balanced):
    server = start_balanced(4)
    found = collections.Counter()
    for _ in range(80):
        wait_for(lambda: all(map(is_asleep, server.pids)), "all to sleep")
        with server.connect() as client:
            found[pid_of(client)] += 1
    assert set(found) == set(server.pids)
    assert max(found.values()) <= 40, found


def test_balanced_is_the_default_of_the_command(start_app):
    server = start_app(PROBE, "-n", "2")
    for pid in server.wait_workers(2):
        wait_for(lambda: procfs.listening_ports(pid) == [server.port],
                 "the worker to hold the listener")


def test_new_connections_do_not_wait_for_a_stopped_worker(start_balanced):
    server = start_balanced(4)
    stop_process(server.pids[0])
    try:
        for _ in range(100):
            with server.connect() as client:
                assert pid_of(client) != server.pids[0]
    finally:
        os.kill(server.pids[0], signal.SIGCONT)


def test_new_connections_do_not_wait_for_a_handler_that_blocks(start_balanced,
                                                               tmp_path):
    server = start_balanced(2)
    end = tmp_path / "end"
    with server.connect() as blocked:
        blocked.request("GET", f"/block?until={end}")
        other = None
        for _ in range(50):
            with server.connect() as client:
                other = pid_of(client)
        end.touch()
        assert int(blocked.read().text) != other


def connections_of(server, pid, count):
    """Keep-alive connections that this worker has."""
    found, others = [], []
    while len(found) < count:
        client = server.connect()
        (found if pid_of(client) == pid else others).append(client)
    return found, others


def test_what_waits_behind_a_blocking_request_goes_to_idle_workers(
        start_balanced, tmp_path):
    server = start_balanced(2)
    first, second = server.pids
    clients, others = connections_of(server, first, 4)
    end = tmp_path / "end"
    try:
        wait_for(lambda: is_asleep(first), "it to be idle")
        stop_process(first)
        # It finds them in this order when it is back.
        clients[0].request("GET", f"/block?until={end}")
        for client in clients[1:]:
            client.request("GET", "/pid")
        wait_for(lambda: is_asleep(second), "the other to be idle")
        os.kill(first, signal.SIGCONT)
        # One for each that is idle; by then the other is free for the rest.
        waiting = [client.socket for client in clients[1:]]
        assert select.select(waiting, [], [], harness.DEADLINE_SECONDS)[0]
        end.touch()
        # The first, or, if it was late already when it came back, the second.
        blocked = int(clients[0].read().text)
        [idle] = {first, second} - {blocked}
        assert idle in {int(c.read().text) for c in clients[1:]}
        # They have moved for good, as far as anybody can tell.
        assert all(pid_of(c) in server.pids for c in clients)
    finally:
        close_all(clients + others)


def check_answered_by(clients, pid):
    for client in clients:
        client.request("GET", "/pid")
    assert {int(client.read().text) for client in clients} == {pid}


def test_what_comes_while_its_worker_is_stopped_is_answered_by_another(
        start_balanced):
    server = start_balanced(2, "--hang-timeout", "60s")
    first, second = server.pids
    clients, others = connections_of(server, first, 4)

    def shared():
        held = [set(procfs.fds(pid).values()) for pid in server.pids]
        return {what for what in held[0] & held[1] if "socket:" in what}
    before = shared()
    try:
        wait_for(lambda: is_asleep(first), "it to be idle")
        stop_process(first)
        check_answered_by(clients, second)
        # They stay there, and end as they should.
        check_answered_by(clients, second)
        clients[0].request("GET", "/pid", close=True)
        clients[0].read()
        assert clients[0].read_rest() == b""
        os.kill(first, signal.SIGCONT)
        assert {pid_of(client) for client in clients[1:]} <= {first, second}
        wait_for(lambda: shared() == before,
                 "the first to close its descriptors")
    finally:
        close_all(clients + others)


def test_what_comes_while_its_worker_is_busy_is_answered_by_another(
        start_balanced, tmp_path):
    server = start_balanced(2)
    first, second = server.pids
    clients, others = connections_of(server, first, 4)
    end = tmp_path / "end"
    try:
        clients[0].request("GET", f"/block?until={end}")
        for client in clients[1:]:
            client.request("GET", "/pid")
        found = {int(client.read().text) for client in clients[1:]}
        end.touch()
        assert found == {first, second} - {int(clients[0].read().text)}
    finally:
        close_all(clients + others)


def test_who_has_been_admitted_is_not_refused_by_a_full_worker(start, tmp_path):
    """All workers have as many connections as they may; then one is busy."""
    server = start([TUNED, PROBE, "workers=2", "max_conns=3"], env={"YOKE_SCHED_POLICY": "balanced"})
    server.wait_workers(2)
    clients = []

    def fill():
        clients.append(server.connect())
        clients[-1].request("GET", "/pid")
        if clients[-1].read().status != 200:
            clients.pop().close()
        return len(clients) == 6
    try:
        wait_for(fill, "both workers to be full")
        busy = pid_of(clients[0])
        first, *others = [c for c in clients if pid_of(c) == busy]
        first.request("GET", "/block?ms=20")  # The primary looks from here on.
        assert first.read().status == 200
        end = tmp_path / "end"
        first.request("GET", f"/block?until={end}")
        time.sleep(0.1)  # It has begun; if not, this proves nothing.
        for client in others:
            client.request("GET", "/pid")
        assert {client.read().status for client in others} == {200}
        end.touch()
        assert first.read().status == 200
    finally:
        close_all(clients)


def test_silent_connections_outlive_a_worker_that_is_killed(start_balanced):
    """Silent for longer than the kernel keeps them back (a second): the primary
    has copies."""
    server = start_balanced(2)
    before = sockets_of(server.pid)
    clients = [server.connect() for _ in range(20)]
    try:
        wait_for(lambda: sockets_of(server.pid) >= before + 20,
                 "the primary to have copies")
        os.kill(server.pids[0], signal.SIGKILL)
        os.kill(server.pids[1], signal.SIGKILL)
        after = server.wait_workers(2, other_than=server.pids)
        assert {pid_of(client) for client in clients} <= set(after)
    finally:
        close_all(clients)


def sockets_of(pid):
    return sum("socket:" in what for what in procfs.fds(pid).values())


def test_workers_serve_on_while_the_primary_is_stopped(start_balanced):
    server = start_balanced(2)
    stop_process(server.pid)
    try:
        clients = [server.connect() for _ in range(60)]
        for client in clients:
            assert pid_of(client) in server.pids
        close_all(clients)
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_what_a_stopped_primary_does_not_take_is_served_by_the_giver(
        start_balanced, tmp_path):
    """A connection that has been silent for over a second is given to the
    primary; when that does not answer, it comes back."""
    server = start_balanced(2)
    stop_process(server.pid)
    try:
        client = server.connect()
        time.sleep(1.2)  # What the kernel keeps it back for.
        assert pid_of(client) in server.pids
        client.close()
    finally:
        os.kill(server.pid, signal.SIGCONT)


@pytest.mark.parametrize("how", ["killed", "stopped", "stopped then killed"])
def test_new_connections_survive_the_end_of_a_worker(start_balanced, how):
    """One of four goes: what it had not begun is answered by the others."""
    server = start_balanced(4)
    victim = server.pids[1]
    with load.Load(server, new=8, target="/pid") as run:
        run.wait_answered(200)
        if how != "killed":
            stop_process(victim)
            run.wait_answered(200)
        if how != "stopped":
            os.kill(victim, signal.SIGKILL)
            server.wait_workers(4, other_than=[victim])
        run.wait_answered(200)
        if how == "stopped":
            os.kill(victim, signal.SIGCONT)
        run.wait_answered(50)
    assert not run.hung and not run.malformed and run.refused == 0
    # At most what the victim was reading in that moment.
    assert len(run.failures + run.resets) <= 1, (run.failures, run.resets)


def test_moved_connections_leave_no_descriptor_behind(start_balanced):
    server = start_balanced(4)
    pids = [server.pid, *server.pids]
    for pid in server.pids:  # The first connection opens what lasts.
        close_all(sum(connections_of(server, pid, 1), []))
    before = [len(procfs.fds(pid)) for pid in pids]
    for _ in range(3):
        clients = [server.connect() for _ in range(200)]
        for client in clients:
            client.request("GET", "/pid")
        for client in clients:
            client.read()
        close_all(clients)
    wait_for(lambda: all(len(procfs.fds(pid)) <= count
                         for pid, count in zip(pids, before)),
             lambda: f"{before} descriptors")


def test_a_client_sees_its_end_when_its_connection_has_moved(start_balanced):
    """The giver's copy must not keep it open."""
    server = start_balanced(2)
    for _ in range(40):
        with server.connect() as client:
            client.request("GET", "/pid", close=True)
            assert client.read().status == 200
            assert client.read_rest() == b""


def test_stopping_waits_for_nobody_who_has_said_nothing(start_balanced):
    """A second at most, in which the kernel may still have a client for us."""
    server = start_balanced(2)
    with socket.create_connection(("127.0.0.1", server.port)):
        server.stop()
