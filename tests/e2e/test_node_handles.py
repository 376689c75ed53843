"""Descriptors in messages, from Node's tests, and where yoke does more."""
import socket

import harness
import pytest
from harness import wait_for
from node import lines_of, play, start_node  # noqa: F401, the fixture


def test_a_connected_socket_goes_to_the_primary_and_still_works():
    # net-send
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(harness.DEADLINE_SECONDS)
        port = listener.getsockname()[1]
        with harness.subprocess.Popen(
                [harness.BUILD / "tests/cluster/node", "net-send", str(port)],
                stdout=harness.subprocess.PIPE, text=True) as process:
            client, _ = listener.accept()
            with client:
                client.settimeout(harness.DEADLINE_SECONDS)
                client.sendall(b"from the test")
                data = b""
                while piece := client.recv(100):
                    data += piece
            out, _ = process.communicate(timeout=harness.DEADLINE_SECONDS)
    assert data == b"from the worker, from the primary"
    assert "W1 sent 0, closed here 1" in out
    assert "P got 1, then -1" in out
    assert "P reads from the test" in out
    assert process.returncode == 0


def test_a_large_message_with_a_socket_goes_there_and_back():
    # sequential/test-cluster-send-handle-large-payload
    lines = play("large")
    assert "whole 1, with a socket 1" in lines.of("W1")
    said = lines.of("P")
    assert said[said.index("whole 1, with a socket 1") + 1:][:2] == [
        "reads through it", "then its end"]


def test_the_same_socket_can_be_sent_twice():
    # send-handle-twice
    lines = play("twice")
    said = lines.of("P")
    assert "a third time: Invalid argument" in said
    assert "first: arrived, 0 back" in said
    assert "second: arrived, 0 back" in said
    assert said[-2:] in (["reads ab", "then its end"],)


def test_sockets_in_both_directions_do_not_block_each_other():
    # send-deadlock
    lines = play("crossing", seconds=50)
    assert "received 300" in lines.of("P")
    assert "received 300" in lines.of("W1")
    assert not lines.has("wrong message|cannot send")
    assert lines.has(r"^P exit 1 .* code=0 signal=0$")


def test_a_connection_that_was_sent_is_served_by_the_workers_server(start_node):
    # send-socket-to-worker-http-server
    server = start_node("http")
    found = server.wait_output(r"^P sends connections of (\d+)$")
    server.port = int(found[0][1])
    for _ in range(3):
        response = server.request(target="/")
        assert response.text == "served by a worker"
    server.wait_output(r"^W1 accepts: ok$", 3)
    lines = lines_of(server)
    assert "a pipe: Socket operation on non-socket" in lines.of("W1")


def test_a_listener_that_was_sent_is_listened_on(start_node):
    # test-net-listen-handle-in-cluster-1, -2
    server = start_node("listener")
    port = server.wait_output(r"^P listener (\d+)$")[0][1]
    server.wait_output(rf"^W1 listens on {port}$")
    server.port = int(port)
    assert server.request(target="/").text == "served by a worker"
    # The primary was not asked.
    assert "listening" not in lines_of(server).events(1)


def test_a_worker_counts_its_connections(start_node):
    # None: Node's server.getConnections, of one process.
    server = start_node("listener")
    server.port = int(server.wait_output(r"^W1 listens on (\d+)$")[0][1])

    def counted():
        return int(server.request(target="/connections").text)
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.request(target="/")
        client.read()
    # With the one that asks, and none that has just asked.
    wait_for(lambda: counted() == 4, "three connections, and the one that asks")
    for client in clients:
        client.close()
    wait_for(lambda: counted() == 1, "the one that asks")


def test_a_udp_socket_goes_to_a_worker():
    assert "reads datagram" in play("udp").of("W1")


def test_descriptors_for_a_worker_that_dies_come_back():
    # test-child-process-fork-closed-channel-segfault
    said = play("doomed").of("P")
    assert "sent 200" in said
    assert "came back 200, arrived 0" in said
    assert "afterwards the channel between primary and worker is closed" in said
    # All that belonged to the worker is closed, too.
    assert int(said[-1].removeprefix("open ")) < 0


@pytest.mark.seconds(120)
def test_workers_that_are_forked_and_killed_leave_nothing_open():
    """Node leaves a descriptor for about each that dies under load."""
    said = play("victims", 150, seconds=100).of("P")
    assert int(said[-1].removeprefix("open ")) < 0
