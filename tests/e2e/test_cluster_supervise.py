"""The supervised form: replaces what dies, gives up what cannot live."""
import os
import signal

import pytest
from fleet import FLEET, start_fleet  # noqa: F401, the fixture
from harness import run


def test_it_says_what_starts(start_fleet):
    server = start_fleet(3, "-S", "127.0.0.1:0")
    assert len(server.lines(r"^Starting up primary process$")) == 1
    assert len(server.lines(r"^Starting up worker process$")) == 3


def test_it_can_be_quiet(start_fleet):
    server = start_fleet(1, "-S", "-q", "127.0.0.1:0")
    assert "Starting up" not in server.output


def test_the_environment_counts_the_workers(start_fleet):
    server = start_fleet(0, "-S", "127.0.0.1:0", env={"YOKE_WORKERS": 3},
                         listeners=0)
    server.wait_output(r"^listening 3 ")
    assert len(server.workers()) == 3


@pytest.mark.parametrize("command, cause", [
    ("die 9", "killed by SIGKILL"),
    ("die 11", r"killed by SIGSEGV(, core dumped)?"),
    ("die 6", r"killed by SIGABRT(, core dumped)?"),
    ("exit 1", "exit code 1"),
    ("exit 0", "exit code 0"),
])
def test_a_death_is_logged_with_its_cause_and_replaced(start_fleet, command,
                                                       cause):
    server = start_fleet(2, "-S", "127.0.0.1:0")
    with server.line() as line:
        victim = line.pid()
        line.send(command)
        assert line.ends()
    server.wait_output(rf"warn: worker {victim} died \({cause}\)$")
    server.wait_workers(2, other_than=[victim])
    server.wait_output(r"^listening 3 ")
    assert victim not in {server.answerer() for _ in range(4)}


def test_connections_wait_for_the_only_workers_replacement(start_fleet):
    server = start_fleet(1, "-S", "127.0.0.1:0")
    for _ in range(10):
        victim = server.answerer()
        os.kill(victim, signal.SIGKILL)
        assert server.answerer() != victim


def test_a_worker_that_cannot_start_ends_it_all():
    done = run([FLEET, "-S", "-n", "4", "-f", "no database", "127.0.0.1:0"])
    assert done.returncode == 1
    assert done.stderr.count("no database") == 1
    assert "error: no database" in done.stderr
    assert "died" not in done.stderr


def test_a_port_in_use_ends_it_all(start_fleet):
    holder = start_fleet(1, "127.0.0.1:0")
    done = run([FLEET, "-S", "-n", "2", f"127.0.0.1:{holder.port}"])
    assert done.returncode == 1
    assert done.stderr.count(f"is in use by fleet (pid {holder.pid})") == 1


def test_a_later_failure_to_start_is_only_a_death(start_fleet, tmp_path):
    """Others are serving: it may get better."""
    folder = tmp_path / "run"
    folder.mkdir()
    server = start_fleet(1, "-S", "-b", "3", f"unix:{folder}/a.sock",
                         "127.0.0.1:0", listeners=2)
    with server.line() as line:
        assert line.ask(f"open unix:{tmp_path}/none/b.sock") == "ok"
        server.wait_output(r"warn: worker \d+ died \(could not start: cannot "
                           r"listen: .*b.sock: No such file or directory\)$")
    server.wait_output(r"^listening 2 ")
    assert server.answerer()


def test_a_slot_whose_workers_keep_dying_is_given_up(start_fleet):
    server = start_fleet(1, "-S", "-b", "3", "127.0.0.1:0")
    for death in range(1, 4):
        server.wait_output(r"^listening", death)
        os.kill(server.wait_workers(1)[0], signal.SIGKILL)
        server.wait_output(r"died \(killed by SIGKILL\)$", death)
    assert server.wait_exit() == 1
    assert "slot 1 is given up: its workers died 3 times within 60 s" \
        in server.stderr
    assert "every slot has been given up: stopping" in server.stderr


def test_workers_that_keep_dying_use_up_the_budget():
    done = run([FLEET, "-S", "-n", "2", "-b", "4", "127.0.0.1:0"],
               env={"FLEET_DIES": 1})
    assert done.returncode == 1
    assert done.stderr.count("died (exit code 3)") == 8
    assert done.stderr.count("is given up") == 2


def test_a_worker_that_leaves_is_replaced_and_no_death(start_fleet):
    server = start_fleet(2, "-S", "127.0.0.1:0")
    with server.line() as line:
        leaver = line.pid()
        assert line.ask("leave") == "ok"
    server.wait_output(r"^listening 3 ")
    assert leaver not in {server.answerer() for _ in range(4)}
    assert "died" not in server.output
