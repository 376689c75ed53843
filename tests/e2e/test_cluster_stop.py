"""How a cluster stops, and what happens to workers without a primary."""
import os
import signal

import fleet
import harness
import procfs
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for

SCHEDS = ["rr", "none"]


@pytest.fixture(params=SCHEDS)
def sched(request):
    return request.param


@pytest.mark.parametrize("form", [[], ["-S"]])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean(start_fleet, sched, form, signum):
    server = start_fleet(2, *form, "-s", sched, "127.0.0.1:0")
    server.answerer()
    server.stop(signum)
    assert "died" not in server.output
    assert len(server.lines(r"^exit \d code=0 signal=0 after=1")) == 2


def test_what_has_begun_is_finished(start_fleet, sched):
    server = start_fleet(1, "-s", sched, "127.0.0.1:0")
    with server.line() as line:
        line.socket.sendall(b"i")
        wait_for(lambda: server.ask("fds") == "2", "it to be begun")
        server.send_signal(signal.SIGTERM)
        server.wait_output(r"closed a listener")
        with pytest.raises(ConnectionRefusedError):
            server.line()
        assert server.process.poll() is None
        line.socket.sendall(b"d\n")
        assert line.read()
        assert line.ends()
    assert server.wait_exit() == 0


def test_what_waits_in_the_backlog_is_answered(start_fleet, sched):
    """The primary has not even seen these when it is told to stop."""
    server = start_fleet(2, "-s", sched, "127.0.0.1:0")
    everybody = [server.pid, *server.workers()]
    for pid in everybody:
        fleet.stop_process(pid)
    lines = [server.line() for _ in range(100)]
    for line in lines:
        line.send("id")
    server.send_signal(signal.SIGTERM)
    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
    assert all(line.read() for line in lines)
    assert server.wait_exit() == 0


def test_the_deadline_cuts_what_does_not_end(start_fleet, sched):
    def is_cut():
        server = start_fleet(1, "-s", sched, "-t", "100", "127.0.0.1:0")
        with server.line() as line:
            line.send("hang")
            wait_for(lambda: server.ask("fds") == "2", "it to be begun")
            server.send_signal(signal.SIGTERM)
            assert line.ends()
        assert server.wait_exit() == 1
        # One that takes half a second for that, or is not let, is killed.
        return server.lines(r"^exit 1 code=1 ")
    wait_for(is_cut, "a worker that cuts it by itself")


def test_the_deadline_kills_a_worker_that_does_not_end(start_fleet):
    server = start_fleet(1, "-t", "100", "127.0.0.1:0")
    server.line().send("spin")
    server.send_signal(signal.SIGTERM)
    assert server.wait_exit() == 1
    server.wait_output(r"^exit 1 code=-1 signal=9 .*\(killed, for it did not "
                       r"stop within the deadline\)$")


def test_a_second_sigint_stops_at_once(start_fleet, sched):
    server = start_fleet(2, "-s", sched, "127.0.0.1:0")
    with server.line() as line:
        line.send("hang")
        server.send_signal(signal.SIGINT)
        server.wait_output(r"closed a listener")
        server.send_signal(signal.SIGINT)
        assert server.wait_exit() == 130


def test_ctrl_c_reaches_everybody_and_is_the_primarys_decision(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    with server.line() as line:
        line.socket.sendall(b"i")
        wait_for(lambda: "3" in {server.ask("fds") for _ in range(2)}
                 or "2" in {server.ask("fds") for _ in range(2)},
                 "it to be begun")
        os.killpg(server.pid, signal.SIGINT)
        server.wait_output(r"closed a listener", 2)
        line.socket.sendall(b"d\n")
        assert line.read()
    assert server.wait_exit() == 0


@pytest.mark.parametrize("form", ["-S", "-r"])
def test_sigterm_to_everybody_is_a_clean_stop(start_fleet, form):
    """As a service manager sends it. The primary hears of it before it hears
    that its workers have ended, and replaces none."""
    for _ in range(10):
        server = start_fleet(2, form, "127.0.0.1:0")
        os.killpg(server.pid, signal.SIGTERM)
        assert server.wait_exit() == 0
        assert "fork 3" not in server.output
        assert "died" not in server.output


def test_a_status_can_be_given(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    server.command("stop 7")
    assert server.wait_exit() == 7


def test_no_worker_is_forked_while_stopping(start_fleet):
    server = start_fleet(1, "-t", "100", "127.0.0.1:0")
    with server.line() as line:
        line.send("hang")
        wait_for(lambda: server.ask("fds") == "2", "it to be begun")
        server.command("stop 0\nfork")
        server.wait_output(r"^forked 108$")  # ESHUTDOWN
    server.wait_exit()


def test_workers_of_a_dead_primary_finish_and_end(start_fleet, sched):
    server = start_fleet(2, "-s", sched, "127.0.0.1:0")
    workers = server.workers()
    with server.line() as line:
        line.socket.sendall(b"i")
        wait_for(lambda: {server.ask("fds"), server.ask("fds")} & {"2", "3"},
                 "it to be begun")
        os.kill(server.pid, signal.SIGKILL)
        server.wait_output(r"closed a listener", 2)
        line.socket.sendall(b"d\n")
        assert line.read()
        assert line.ends()
    assert server.wait_exit() == -signal.SIGKILL  # and no worker is left
    assert not any(map(procfs.is_alive, workers))


def test_connections_dealt_before_the_primary_died_are_answered(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    workers = server.workers()
    lines = [server.line() for _ in range(20)]
    # When each has answered a later one, the others have been dealt.
    server.wait_all_answer()
    for line in lines:
        line.send("id")
    os.kill(server.pid, signal.SIGKILL)
    answered = {int(line.read().split()[0]) for line in lines}
    assert answered <= set(workers)
    assert server.wait_exit() == -signal.SIGKILL


def test_process_1_reaps_strangers(start_fleet):
    unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if harness.subprocess.run([*unshare, "true"]).returncode:
        pytest.skip("no PID namespace for us")
    # A child of process 1 that it has not started: an orphan.
    orphan = "(sh -c 'sleep 0.01 & exec true'); exec \"$@\""
    server = start_fleet(1, "127.0.0.1:0", wrap=[*unshare, "sh", "-c", orphan,
                                                 "sh"])
    assert server.answerer()
    (primary,) = procfs.children(server.pid)
    wait_for(lambda: not procfs.zombies(primary), "no zombie to be left")
    os.kill(primary, signal.SIGTERM)
    assert server.wait_exit() == 0
