"""A worker that hangs keeps nobody waiting for longer than it takes to find out:
connections that it has and has not begun to read are answered by another."""
import contextlib
import os
import signal
import time

import harness
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
CLIENTS = 20


@pytest.fixture
def start_one(start_app):
    """start_one(policy): one worker, so that it gets all there is."""
    def start(policy):
        server = start_app(PROBE, "-n", "1", "--sched", policy,
                           "--hang-timeout", "2s", env=harness.crash_env())
        [server.victim] = server.wait_workers(1)
        assert server.request("GET", "/pid").text == str(server.victim)
        return server
    return start


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: procfs.stat(pid)[0] == "T", "the process to stop")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def sockets(pid):
    return {what for what in procfs.fds(pid).values() if "socket:" in what}


def hang(server):
    client = server.connect()
    client.request("GET", "/hang")
    wait_for(lambda: procfs.is_pausing(server.victim), "the handler to hang")
    return client


def check(server, hanging, clients):
    """All are answered, by somebody else; the one that hangs has its error."""
    for client in clients:
        client.request("GET", "/pid")
    for client in clients:
        response = client.read()
        assert response.status == 200 and int(response.text) != server.victim
        client.close()
    assert hanging.read().status == 500
    hanging.close()
    server.wait_output(r"died \(aborted, for its loop hung")


@pytest.mark.parametrize("policy", ["rr", "balanced"])
def test_who_came_before_it_hung_is_answered_by_another(start_one, policy):
    server = start_one(policy)
    clients = [server.connect() for _ in range(CLIENTS)]
    check(server, hang(server), clients)


@pytest.mark.parametrize("policy", ["none", "balanced", "sticky"])
def test_what_only_the_worker_has_is_fetched_out_of_it(start_one, policy):
    """It accepts itself, and could give nothing to the primary, which does not
    answer; so the primary has no copies."""
    server = start_one(policy)
    before = sockets(server.victim)
    with stopped(server.pid):
        clients = [server.connect() for _ in range(CLIENTS)]
        # The kernel keeps those that are silent back for a second.
        wait_for(lambda: len(sockets(server.victim) - before) >= CLIENTS,
                 "the worker to accept them")
        # It gives them to the primary, and takes them back after a tenth of a
        # second. A wait that is too short would only make this prove less.
        time.sleep(0.4)
        hanging = hang(server)
    check(server, hanging, clients)
