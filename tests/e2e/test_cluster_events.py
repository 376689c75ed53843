"""Workers and their events, as in Node's cluster unless a test says else."""
import os
import re
import signal

import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for


def events_of(server, worker_id):
    """The names of what happened to a worker, in order."""
    return [match[1] for match in re.finditer(
        rf"^(fork|online|listening|disconnect|exit) {worker_id}\b",
        server.stdout, re.M)]


def test_a_life_is_told_in_order(start_fleet):
    server = start_fleet(1, "127.0.0.1:0", "127.0.0.1:0", listeners=2)
    server.command("disconnect 1")
    server.wait_output(r"^exit 1")
    assert events_of(server, 1) == ["fork", "online", "listening", "listening",
                                    "disconnect", "exit"]


def test_listening_tells_the_real_address(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.wait_output(rf"^listening 1 4 127.0.0.1 {server.port}$")


def test_ids_are_never_used_again(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    server.command("kill 1 9")
    server.wait_output(r"^exit 1")
    server.command("fork")
    server.wait_output(r"^online 3$")


def test_a_worker_disconnected_by_the_primary_leaves_the_table_at_once(
        start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    server.command("disconnect 1")
    server.command("list")
    assert "1:" not in server.wait_output(r"^workers.*")[0][0]
    server.wait_output(r"^disconnecting 0$")
    server.wait_output(r"^disconnect 1 after=1 dead=0 listed=1$")
    server.wait_output(r"^exit 1 code=0 signal=0 after=1 connected=0 listed=1")
    server.wait_output(r"closed a listener")
    assert server.answerer() == server.pid_of(2)


def test_a_worker_that_disconnects_itself_leaves_on_purpose(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    assert server.ask("leave") == "ok"
    server.wait_output(r"^disconnect 1 after=1")
    server.wait_output(r"^exit 1 code=0 signal=0 after=1")
    assert events_of(server, 1)[-2:] == ["disconnect", "exit"]


def test_a_worker_that_kills_itself_leaves_on_purpose(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    assert server.ask("quit") == "ok"
    server.wait_output(r"^disconnect 1 after=1")
    server.wait_output(r"^exit 1 code=0 signal=0 after=1")


def test_a_disconnected_worker_finishes_what_has_begun(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with server.line() as line:
        line.socket.sendall(b"i")
        wait_for(lambda: server.ask("fds") == "2", "it to be begun")
        server.command("disconnect 1")
        with pytest.raises(ConnectionRefusedError):
            wait_for(lambda: server.line().socket.close(), "the port to close")
        assert not server.lines(r"^exit")
        line.socket.sendall(b"d\n")
        assert line.read().endswith(" 1")
        assert line.ends()
    server.wait_output(r"^exit 1 code=0")


def test_a_connection_that_was_not_begun_goes_to_another_worker(start_fleet):
    """What Node loses or lets wait, when its worker disconnects."""
    server = start_fleet(2, "127.0.0.1:0")
    lines = [server.line() for _ in range(10)]
    server.wait_all_answer()
    server.command("disconnect 1")
    server.wait_output(r"^exit 1 code=0")
    assert {line.pid() for line in lines} == {server.pid_of(2)}


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGABRT])
def test_a_signal_is_told_by_name(start_fleet, signum):
    server = start_fleet(1, "127.0.0.1:0")
    server.command(f"kill 1 {int(signum)}")
    server.wait_output(rf"^exit 1 code=-1 signal={int(signum)} after=0 "
                       rf"connected=0 listed=0 \(killed by {signum.name}"
                       r"(, core dumped)?\)$")


def test_an_exit_code_is_told(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.line().send("exit 42")
    server.wait_output(r"^exit 1 code=42 signal=0 after=0 .*\(exit code 42\)$")


def test_sigterm_lets_a_worker_finish_and_is_its_end(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with server.line() as line:
        line.socket.sendall(b"i")
        wait_for(lambda: server.ask("fds") == "2", "it to be begun")
        server.command("kill 1 0")
        server.wait_output(r"closed a listener")
        line.socket.sendall(b"d\n")
        assert line.read().endswith(" 1")
    server.wait_output(r"^exit 1 code=-1 signal=15 after=0")


def test_a_second_sigterm_ends_a_worker_at_once(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with server.line() as line:
        line.send("hang")
        wait_for(lambda: server.ask("fds") == "2", "it to be begun")
        server.command("kill 1 15")
        server.wait_output(r"closed a listener")
        server.command("kill 1 15")
        server.wait_output(r"^exit 1 code=-1 signal=15 after=0")


def test_sigterm_ends_a_worker_that_spins(start_fleet):
    """The second one: the first asks its loop, which does not turn."""
    server = start_fleet(1, "127.0.0.1:0")
    server.line().send("spin")

    def ended():
        server.command("kill 1 15")
        return server.lines(r"^exit 1 code=-1 signal=15")
    wait_for(ended, "it to end")


def test_a_workers_sigint_is_the_primarys_matter(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    os.kill(server.answerer(), signal.SIGINT)
    assert server.answerer()


def test_everybody_can_be_disconnected(start_fleet):
    server = start_fleet(4, "127.0.0.1:0")
    server.command("disconnect")
    server.wait_output(r"^all gone$")
    assert len(server.lines(r"^exit \d code=0")) == 4
    # Nothing is left to wait for.
    assert server.wait_exit() == 0


def test_two_may_wait_for_the_end_of_all(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command("disconnect\ndisconnect")
    server.wait_output(r"^all gone$", 2)


def test_the_end_of_all_workers_ends_the_primary(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command("kill 1 9")
    assert server.wait_exit() == 0


def test_a_worker_without_listeners_waits_for_its_end(start_fleet):
    server = start_fleet(1, listeners=0)
    server.wait_output(r"^online 1$")
    server.command("disconnect 1")
    server.wait_output(r"^exit 1 code=0 signal=0 after=1")


def test_a_worker_disconnected_right_after_the_fork_ends_well(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command("fork\ndisconnect 2")
    server.wait_output(r"^disconnect 2 after=1")
    server.wait_output(r"^exit 2 code=0 signal=0 after=1")
    assert server.answerer()


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_mass_disconnects_and_kills_all_end(start_fleet, sched):
    server = start_fleet(8, "-s", sched, "127.0.0.1:0")
    for worker in range(1, 9):
        server.command(f"disconnect {worker}")
        server.command(f"kill {worker} 15")
    assert server.wait_exit() == 0
    assert len(server.lines(r"^exit \d")) == 8


def test_workers_can_be_forked_later(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command("fork\nfork")
    server.wait_output(r"^forked 0$", 2)
    server.wait_output(r"^listening [23] ", 2)
    assert len(server.workers()) == 3
    server.wait_all_answer()
