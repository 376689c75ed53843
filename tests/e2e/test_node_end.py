"""How workers end, from Node's tests: kill, destroy, exit codes, servers that
close, and primaries that go."""
import os
import resource
import signal
import socket

import harness
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from node import lines_of, play, start_node  # noqa: F401, the fixture


@pytest.mark.parametrize("first, said", [
    ("connected", "destroys ok"), ("disconnected", "disconnects ok")])
def test_destroying_is_possible_at_any_time(first, said):
    # call-and-destroy, worker-destroy
    lines = play("destroy", first)
    assert lines.of("W1")[0] == said
    assert lines.of("W1")[1].startswith("destroys when disconnected the channel")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")


@pytest.mark.parametrize("how", ["kill", "disconnect"])
def test_leaving_by_itself_is_on_purpose_in_both_events(how):
    # kill-disconnect
    lines = play("kill-disconnect", how)
    assert lines.has(r"^P disconnect 1 \w+ after=1 ")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")


def test_an_exit_code_is_told_once_and_is_an_accident():
    # worker-death, worker-exit
    lines = play("exit")
    assert lines.events(1) == ["fork", "online", "disconnect", "exit"]
    assert lines.has(r"^P disconnect 1 \w+ after=0 ")
    assert lines.has(r"^P exit 1 dead after=0 connected=0 dead=1 listed=0"
                     r" code=42 signal=0$")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_signal_is_told_and_is_an_accident(number):
    # worker-kill, worker-kill-signal
    lines = play("kill", int(number))
    assert lines.has(rf"^P exit 1 dead after=0 connected=0 dead=1 listed=0"
                     rf" code=-1 signal={int(number)}$")
    assert lines.of("P")[-3:] == [
        "kills again No such process",
        "disconnects the channel between primary and worker is closed",
        "sends -20010"]


def test_a_worker_whose_channel_is_cut_ends():
    # worker-forced-exit
    lines = play("forced")
    said = lines.of("P")
    assert "hangs up ok" in said
    assert "hangs up again the channel between primary and worker is closed" \
        in said
    assert lines.events(1) == ["fork", "online", "disconnect", "exit"]
    assert lines.has(r"^P exit 1 dead after=0 .* code=0 signal=0$")


def test_a_worker_that_was_disconnected_has_its_own_code():
    # worker-forced-exit
    lines = play("own-code")
    assert lines.has(r"^P exit 1 dead after=1 .* code=42 signal=0$")


def test_a_serving_worker_that_cuts_its_channel_ends():
    # process-disconnect
    lines = play("process-disconnect")
    assert "hangs up ok" in lines.of("W1")
    assert lines.has(r"^W1 disconnect 1 disconnected after=0 ")
    assert lines.has(r"^P exit 1 dead after=0 .* code=0 signal=0$")


@pytest.mark.parametrize("how, status", [
    ("0", 0), ("1", 1), ("abort", -signal.SIGABRT)])
def test_without_a_primary_there_are_no_workers(how, status):
    # primary-error, primary-kill; play() sees that nothing is left
    play("dying", how, status=status, env=harness.crash_env())


def test_a_worker_that_ends_itself_as_its_primary_goes_ends():
    play("orphan")


def test_a_port_in_use_may_be_a_reason_to_leave():
    # worker-disconnect-on-error
    with socket.create_server(("127.0.0.1", 0)) as taken:
        lines = play("taken", "leave", taken.getsockname()[1])
    assert "cannot listen: EADDRINUSE" in lines.of("W1")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")
    assert "listening" not in lines.events(1)


def test_a_failure_while_leaving_ends_all_the_same():
    # ipc-throw
    with socket.create_server(("127.0.0.1", 0)) as taken:
        lines = play("taken", "fail", taken.getsockname()[1])
    assert lines.has(r"^P exit 1 dead .* code=1 signal=0$")


def test_a_worker_can_tell_why_it_cannot_listen(tmp_path):
    # eaccess
    path = tmp_path / "taken"
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(str(path))
        taken.listen()
        lines = play("taken", "tell", path)
    assert "message 1 EADDRINUSE" in lines.of("P")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")


def test_a_worker_ends_when_its_last_server_is_closed():
    # rr-handle-close, rr-ref, net-listen
    lines = play("close")
    assert "server closed" in lines.of("W1")
    assert lines.has(r"^P exit 1 dead after=1 .* code=0 signal=0$")


def test_a_server_keeps_its_worker_alive(start_node):
    # rr-handle-keep-loop-alive, rr-handle-ref-unref
    server = start_node("waiting")
    port = int(server.wait_output(r"^W1 listens on \S+ (\d+)$")[0][1])
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"x")
            assert client.recv(1) == b"x"
    assert not lines_of(server).has("^P (disconnect|exit)")


def test_a_worker_is_disconnected_when_its_servers_are_closed(start_node):
    # worker-wait-server-close, worker-no-exit
    server = start_node("waiting")
    port = int(server.wait_output(r"^W1 listens on \S+ (\d+)$")[0][1])
    with socket.create_connection(("127.0.0.1", port),
                                  harness.DEADLINE_SECONDS) as client:
        client.sendall(b"begun")
        assert client.recv(10) == b"begun"
        server.send_signal(signal.SIGUSR1)
        harness.wait_for(lambda: refuses(port), "the port to close")
        client.sendall(b"still")
        assert client.recv(10) == b"still"
        assert not lines_of(server).has(r"^(P|W1) (disconnect|exit)")
        client.shutdown(socket.SHUT_WR)
        assert client.recv(10) == b""
    assert server.wait_exit() == 0
    said = lines_of(server).text
    closed = said.index("W1 server closed")
    assert closed < said.index("W1 disconnect 1") \
        and closed < said.index("P disconnect 1") < said.index("P exit 1")


def test_a_server_that_could_not_accept_can_still_close(start_fleet):
    # accept-fail
    server = start_fleet(1, "-s", "rr", "127.0.0.1:0")
    limit = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    # A descriptor it has open is beyond it: every accept fails.
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (3, limit[1]))
    with server.line() as line:
        server.wait_output(r"connections have to wait")
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, limit)
        assert line.pid() == server.pid_of(1)
    server.command("disconnect 1")
    server.wait_output(r"^exit 1 code=0 signal=0 after=1")
    assert server.wait_exit() == 0


def test_workers_that_accept_themselves_leave_nothing_open(start_fleet):
    # shared-leak
    server = start_fleet(3, "-s", "none", "127.0.0.1:0")
    before = server.fd_count()
    lines = [server.line() for _ in range(8)]
    assert all(line.pid() for line in lines)
    server.command("disconnect 1\ndisconnect 2")
    server.wait_output(r"^exit [12] code=0", 2)
    harness.wait_for(lambda: server.fd_count() < before, "all to be closed")
    assert server.answerer() == server.pid_of(3)


def test_a_port_outlives_all_workers_that_leave_while_another_comes(
        start_fleet):
    """The last ones that leave must not take it for theirs alone."""
    for _ in range(5):
        server = start_fleet(3, "-s", "none", "127.0.0.1:0")
        server.command("disconnect 1\ndisconnect 2\nkill 3 9\nfork")
        server.wait_output(r"^exit [123] ", 3)
        server.wait_output(r"^listening 4 ")
        assert server.answerer() == server.pid_of(4)


def refuses(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # It came in the moment of closing.
    return False


def test_a_connection_that_meets_a_closing_server_is_not_left_open(start_node):
    # worker-handle-close
    server = start_node("waiting")
    port = int(server.wait_output(r"^W1 listens on \S+ (\d+)$")[0][1])
    clients = [socket.create_connection(("127.0.0.1", port),
                                        harness.DEADLINE_SECONDS)
               for _ in range(20)]
    os.kill(server.pid, signal.SIGUSR1)
    for client in clients:
        with client:
            try:
                assert client.recv(1) == b""
            except ConnectionResetError:
                pass
    server.wait_output(r"^P exit 1 dead after=1 .* code=0 signal=0$")
    assert server.wait_exit() == 0
