"""Workers that die under load: replaced, named with the cause, and missed by
nobody but those whose requests they had begun."""
import contextlib
import os
import signal

import harness
import load
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
TUNED = harness.BUILD / "tests/apps/tuned"

KILLS = harness.fewer(200)
SCHEDS = pytest.mark.parametrize("sched", ["rr", "none", "balanced"])

CAUSES = {"kill": r"killed by SIGKILL",
          "segv": r"killed by SIGSEGV(, core dumped)?",
          "exit": r"exit code 1"}


def pid_of(client):
    client.request("GET", "/pid")
    return int(client.read().text)


def connection_of(server, pid):
    """A connection that this worker serves."""
    with contextlib.ExitStack() as others:
        found = []

        def is_served_by():
            client = server.connect()
            found.append(client)
            if pid_of(client) == pid:
                return True
            others.callback(client.close)
            return False
        wait_for(is_served_by, f"worker {pid} to serve")
        return found[-1]


def die(server, pid, how):
    """Makes this worker end in that way: while it answers a request, or by a
    signal from outside."""
    if how == "kill":
        server.send_signal(signal.SIGKILL, pid)
        return
    with connection_of(server, pid) as client:
        client.request("GET", f"/crash?how={how}")
        try:
            assert client.read_rest() == b""
        except ConnectionResetError:
            pass


def check_all_ended(run):
    """Every request ended, in an answer or with its connection."""
    assert not run.hung and not run.malformed, (run.hung, run.malformed)
    assert run.refused == 0
    assert set(run.statuses) == {200}
    assert run.answered > 0


def check(run, killed):
    """Nobody hung, and who failed had been served by one that was killed."""
    check_all_ended(run)
    for failure in [*run.failures, *run.resets]:
        # None: the first request of its connection, its worker is unknown.
        assert failure.previous in {None, *map(str, killed)}, failure
        assert failure.data == b"", failure


# Under balanced the connection on which the worker is to be asked to crash may
# have moved to another.
@pytest.mark.parametrize("how, sched", [
    (how, sched) for how in CAUSES for sched in ("rr", "none", "balanced")
    if how == "kill" or sched != "balanced"])
def test_each_worker_dies_under_load_and_is_replaced(start_app, how, sched):
    server = start_app(PROBE, "-n", "4", "--sched", sched)
    victims = server.wait_ready(4)
    clients = 8
    with load.Load(server, keep_alive=clients, new=clients,
                   target="/pid") as run:
        for victim in victims:
            run.wait_answered(50)
            die(server, victim, how)
            server.wait_output(rf"worker {victim} died \({CAUSES[how]}\)$")
        after = server.wait_workers(4, other_than=victims)
        # The new ones serve.
        for pid in after:
            connection_of(server, pid).close()
        run.wait_answered(100)
    check(run, victims)
    # One request of each client can have been begun on each that died.
    assert len(run.failures + run.resets) <= len(victims) * clients * 2
    assert set(run.texts) <= set(map(str, [*victims, *after]))


def test_hello_loses_each_worker_under_load_and_goes_on(start):
    server = start([harness.EXAMPLES / "hello"], env={"YOKE_WORKERS": 4})
    victims = server.wait_workers(4)
    server.wait_output("^Starting up worker process$", 4)
    signals = {"SIGKILL": victims[:2], "SIGABRT": victims[2:]}
    with load.Load(server, keep_alive=8, new=8, target="/get") as run:
        for name, pids in signals.items():
            for pid in pids:
                run.wait_answered(50)
                server.send_signal(getattr(signal, name), pid)
                server.wait_output(rf"^worker {pid} died \(killed by {name}")
        server.wait_workers(4, other_than=victims)
        server.wait_output("^Starting up worker process$", 8)
        run.wait_answered(100)
    check_all_ended(run)
    assert set(run.texts) == {"something"}


def begin_silently(server, count):
    """Connections that were made and have sent nothing yet."""
    return [server.connect() for _ in range(count)]


def stop_process(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: procfs.stat(pid)[0] == "T", "the process to stop")


@SCHEDS
def test_requests_that_a_killed_worker_has_not_read_are_answered(
        start_app, sched):
    server = start_app(PROBE, "-n", "4", "--sched", sched)
    victim, *others = server.wait_ready(4)
    for pid in (victim, *others):
        connection_of(server, pid).close()
    stop_process(victim)
    clients = begin_silently(server, 80)
    for client in clients:
        client.request("GET", "/pid")
    os.kill(victim, signal.SIGKILL)
    pids = [int(client.read().text) for client in clients]
    assert victim not in pids
    # Told after the stop has begun it would be an unclean end.
    server.wait_output(rf"worker {victim} died")
    for client in clients:
        client.close()


@SCHEDS
def test_connections_that_a_killed_worker_has_only_accepted_live_on(
        start_app, sched):
    """They were silent until then: nothing had begun."""
    server = start_app(PROBE, "-n", "4", "--sched", sched)
    victims = server.wait_ready(4)[:2]
    for pid in server.workers():
        connection_of(server, pid).close()
    clients = begin_silently(server, 40)
    # A later connection is served: those before it have been taken.
    for pid in server.workers():
        connection_of(server, pid).close()
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    server.wait_workers(4, other_than=victims)
    for client in clients:
        client.request("GET", "/pid")
    assert not set(victims) & {int(client.read().text) for client in clients}
    for client in clients:
        client.close()


@SCHEDS
def test_requests_wait_for_a_replacement_when_every_worker_is_killed(
        start_app, sched):
    server = start_app(PROBE, "-n", "2", "--sched", sched)
    victims = server.wait_ready(2)
    for pid in victims:
        connection_of(server, pid).close()
        stop_process(pid)
    clients = begin_silently(server, 20)
    for client in clients:
        client.request("GET", "/pid")
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert not set(victims) & {int(client.read().text) for client in clients}
    for pid in victims:
        server.wait_output(rf"worker {pid} died")
    for client in clients:
        client.close()


@pytest.mark.seconds(120)
def test_two_hundred_deaths_under_load_leak_nothing(start):
    """In the primary: no descriptor, no zombie, no client that waits."""
    server = start([TUNED, PROBE, "workers=4", "backoff_base_ms=1",
                    "backoff_max_ms=5", "budget=1000"])
    for pid in server.wait_ready(4):
        connection_of(server, pid).close()
    before = server.fd_count()
    killed = []
    with load.Load(server, keep_alive=4, new=4, target="/pid") as run:
        while len(killed) < KILLS:
            pids = server.wait_workers(4, other_than=killed[-4:])
            run.wait_answered(1)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            killed += pids
        server.wait_workers(4, other_than=killed)
        run.wait_answered(10)
    check(run, killed)
    deaths = server.wait_output(
        r"worker (\d+) died \(killed by SIGKILL\)$", KILLS)
    assert {int(death[1]) for death in deaths} == set(killed)
    wait_for(lambda: server.fd_count() <= before,
             lambda: f"{before} descriptors, not {procfs.fds(server.pid)}")
    assert procfs.zombies(server.pid) == []
    assert server.request("GET", "/pid").status == 200
