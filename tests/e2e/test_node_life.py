"""Workers' lives, from Node's tests: events, states, fields, disconnecting."""
import re
import signal
import socket

import harness
import pytest
from node import lines_of, play, start_node  # noqa: F401, the fixture

LIFE = ["fork", "online", "listening", "disconnect", "exit"]


def test_a_life_in_order_with_its_states():
    # basic
    lines = play("basic")
    assert lines.of("W1")[0] == "is 1 online, primary 0, env removed"
    said = lines.of("P")
    assert lines.events(1) == LIFE
    assert said[0] == "fork 1 none after=-1 connected=1 dead=0 listed=1"
    assert said[1] == "online 1 online after=-1 connected=1 dead=0 listed=1"
    assert re.fullmatch(
        r"listening 1 listening after=-1 connected=1 dead=0 listed=1"
        r" 4 127\.0\.0\.1 [1-9]\d*", said[2])
    assert said[3] == ("disconnect 1 disconnected after=1 connected=0 dead=0"
                       " listed=0")
    assert said[4] == ("exit 1 dead after=1 connected=0 dead=1 listed=0"
                       " code=0 signal=0")


def test_the_fields_of_a_new_worker():
    # worker-constructor
    assert play("constructor").of("P") == [
        "id 1 state none after=-1 connected=1 dead=0 data=0 pid=1",
        "data kept 1", "stdio -1 -1"]


def test_without_workers_everybody_is_gone_but_not_at_once():
    # disconnect-with-no-workers
    assert play("no-workers").of("P") == ["all gone, returned 1, listed=0"]


def test_an_idle_worker_is_disconnected_by_a_detached_fork():
    # disconnect-idle-worker
    lines = play("idle")
    assert lines.events(1) == ["fork", "online", "disconnect", "exit"]
    assert lines.of("P")[-1] == "all gone, returned 1, listed=0"


def test_all_are_disconnected_after_one_has_done_so_itself():
    # disconnect-before-exit, disconnect-exitedAfterDisconnect-race
    lines = play("before-exit")
    assert lines.of("W1") == ["disconnects 0"]
    said = lines.of("P")
    assert "disconnect 1 disconnected after=1 connected=0 dead=0 listed=1" \
        in said
    assert any(line.startswith("exit 1 dead after=1") and
               line.endswith("code=0 signal=0") for line in said)
    assert said[-1] == "all gone, returned 1, listed=0"


def test_a_worker_that_leaves_as_it_is_forked_is_told_to_the_end():
    # disconnect-leak
    lines = play("leak")
    assert lines.of("P")[0] == "disconnects 0"
    assert lines.events(1)[-2:] == ["disconnect", "exit"]
    assert lines.has(r"^P exit 1 .* after=1 .* code=0 signal=0$")


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_a_worker_that_leaves_before_it_can_listen_harms_nobody(sched):
    # disconnect-race
    lines = play("race", sched)
    assert lines.has(r"^P exit 2 dead after=1 .* code=0 signal=0$")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")


def test_a_worker_without_a_server_leaves_while_another_serves(start_node):
    # disconnect-unshared-tcp
    server = start_node("unshared")
    port = int(server.wait_output(r"^W1 listens on 127.0.0.1 (\d+)$")[0][1])
    server.wait_output(r"^P exit 2 dead after=1 .* code=0 signal=0$")
    assert echo(port) == b"hello"


def test_the_same_of_datagrams(start_node):
    # disconnect-unshared-udp
    server = start_node("unshared", "udp")
    server.wait_output(r"^W1 is bound to \d+$")
    server.wait_output(r"^P exit 2 dead after=1 .* code=0 signal=0$")
    assert lines_of(server).events(1) == ["fork", "online", "listening"]


def echo(port, text=b"hello"):
    with socket.create_connection(("127.0.0.1", port),
                                  harness.DEADLINE_SECONDS) as client:
        client.sendall(text)
        return client.recv(100)


def test_eight_workers_with_two_servers_each_leave_twice(start_node):
    # disconnect
    server = start_node("crowd")
    for count in (1, 2):
        ports = server.wait_output(r"^P ports (\d+) (\d+)$", count)[-1]
        for port in (int(ports[1]), int(ports[2])):
            assert [echo(port) for _ in range(8)] == 8 * [b"hello"]
        server.send_signal(signal.SIGUSR1)
        server.wait_output(rf"^P round {count} over, listed=0$")
    assert server.wait_exit() == 0
    lines = lines_of(server)
    assert lines.has(r"^P exit \d+ dead after=1 .* code=0 signal=0$") == 16
    assert all(lines.events(worker)[-2:] == ["disconnect", "exit"]
               for worker in range(1, 17))


def test_many_ends_at_once_are_one_end_each():
    # concurrent-disconnect
    lines = play("concurrent")
    assert not lines.has("unexpected")
    for worker in range(1, 17):
        assert lines.events(worker)[-2:] == ["disconnect", "exit"]
        assert lines.events(worker).count("exit") == 1
    # Killed ones have a signal, as they have in Node.
    assert lines.has(r"^P exit .* (code=0 signal=0|code=-1 signal=15)$") == 16


def test_who_is_connected_and_who_is_dead():
    # worker-isconnected, worker-isdead
    lines = play("truth")
    assert lines.of("W1") == ["started connected=1 dead=0",
                              "left connected=0 dead=0", "state disconnected"]
    said = lines.of("P")
    assert said[0] == "forked connected=1 dead=0"
    assert "online connected=1 dead=0" in said
    assert "disconnecting connected=1 dead=0" in said
    assert re.search(r"^P disconnect 1 .* connected=0 dead=0", lines.text, re.M)
    assert re.search(r"^P exit 1 .* connected=0 dead=1", lines.text, re.M)


def test_a_worker_sees_its_own_disconnection():
    # worker-disconnect
    lines = play("seen")
    assert lines.has(r"^W1 disconnect 1 disconnected after=1 connected=0")
    assert lines.has(r"^P disconnect 1 disconnected after=1 connected=0")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")


def test_a_fork_is_told_first_however_quick_its_worker_is():
    # None: Node tells it in process.nextTick, before it reads anything.
    lines = play("order")
    assert lines.of("P").count("has spoken 1") == 3
    for worker_id in range(1, 5):
        assert lines.events(worker_id) == ["fork", "online", "disconnect",
                                           "exit"]
