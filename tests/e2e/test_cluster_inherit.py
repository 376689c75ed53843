"""Sockets that somebody else has opened: a service manager, or a parent that
has ended since (see hand_over.py)."""
import re

import fleet
import harness
import pytest
from fleet import handed, start_fleet  # noqa: F401, the fixture

SURVIVES = {"FLEET_SURVIVES": 1}


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_a_descriptor_of_the_primarys_is_served_by_the_workers(start_fleet,
                                                               sched):
    """Node: listen-fd-cluster, listen-fd-detached-inherit: the process that
    had opened it has ended."""
    server = start_fleet(2, "-s", sched, "fd:7", wrap=handed("7=tcp"))
    assert server.port
    assert {server.answerer() for _ in range(20)} <= set(server.workers())


def test_it_is_there_for_a_replacement_and_again_after_closing(start_fleet):
    server = start_fleet(1, "-r", "fd:7", wrap=handed("7=tcp"))
    (first,) = server.workers()
    server.ask("die 9")
    server.wait_output(fleet.LISTENS, 2)
    assert server.answerer() != first
    with server.line() as line:
        assert line.ask("close") == "ok"
        server.wait_output("closed a listener")
        assert line.ask("open fd:7") == "ok"
        server.wait_output(fleet.LISTENS, 3)
    assert server.answerer()


def test_one_that_is_only_bound_is_made_to_listen(start_fleet):
    server = start_fleet(1, "fd:7", wrap=handed("7=bound"))
    assert server.answerer() in server.workers()


def test_a_worker_may_use_a_descriptor_of_its_own(start_fleet):
    """Node: net-listen-handle-in-cluster-2: an explicit handle is no affair of
    the primary's. Workers inherit what their primary was started with."""
    server = start_fleet(1, "fd:7,exclusive", wrap=handed("7=tcp"))
    assert server.answerer() in server.workers()


@pytest.mark.parametrize("number, kind, place, why", [
    (7, "file", "fd:7", "ENOTSOCK: descriptor 7 is not a socket"),
    (7, "udp", "fd:7", "EPROTOTYPE: descriptor 7 is not a stream socket"),
    (7, "tcp", "udp/fd:7", "EPROTOTYPE: descriptor 7 is not a datagram socket"),
    (7, "tcp", "fd:99", "EBADF: descriptor 99 is not open")])
def test_a_wrong_descriptor_is_refused_with_the_reason(start_fleet, number,
                                                       kind, place, why):
    server = start_fleet(1, place, listeners=0, env=SURVIVES,
                         wrap=handed(f"{number}={kind}"))
    server.wait_output(f"{why}$")


# The service manager's.


def test_the_service_managers_sockets_are_found_by_name(start_fleet, tmp_path):
    path = str(tmp_path / "app.sock")
    server = start_fleet(
        2, "name:web", "name:admin", "udp/name:web", listeners=2,
        wrap=handed("--names", "web:admin:web", "3=tcp", f"4=unix:{path}",
                    "5=udp"))
    assert server.answerer() in server.workers()
    assert server.answerer(path=path) in server.workers()
    assert server.wait_output(fleet.BINDS, 2)
    server.stop()
    assert (tmp_path / "app.sock").is_socket()  # It is not ours to remove.


def test_the_nth_listener_has_the_nth_of_a_name(start_fleet):
    server = start_fleet(
        2, "name:web", "name:web", listeners=2, env=SURVIVES,
        wrap=handed("--names", "web:web", "3=tcp", "4=tcp"))
    assert len(server.wait_ready(listeners=2)) == 2
    with server.line() as line:
        assert line.ask("open name:web") == "ok"
    server.wait_output("ENOENT: only 2 sockets are named 'web' from the "
                       "service manager")


def test_a_name_that_there_is_not_is_refused_with_those_there_are(start_fleet):
    server = start_fleet(1, "name:db", listeners=0, env=SURVIVES,
                         wrap=handed("--names", "web:admin", "3=tcp", "4=tcp"))
    server.wait_output("ENOENT: no stream socket is named 'db'; the service "
                       "manager has passed 'web', 'admin'$")


def test_without_a_service_manager_that_is_said(start_fleet):
    server = start_fleet(1, "name:web", listeners=0, env=SURVIVES)
    server.wait_output(r"ENOENT: no descriptor is named 'web': the service "
                       r"manager has passed none \(LISTEN_FDS\)$")


def test_no_worker_inherits_what_the_service_manager_passed(start_fleet):
    server = start_fleet(1, "-s", "rr", "name:web",
                         wrap=handed("--names", "web:x", "3=tcp", "4=tcp"))
    (worker,) = server.workers()
    passed = {harness.procfs.fds(server.pid)[fd] for fd in (3, 4)}
    assert len(passed) == 2
    assert not passed & set(harness.procfs.fds(worker).values())


# The command.


def start_command(start, *args, wrap, env=None):
    return start([*wrap, harness.YOKE, "run", "-n", "2", *args,
                  harness.EXAMPLES / "echo.so"], port=None, env=env,
                 wait=False)


@pytest.mark.parametrize("option", [["--fd", "3"], ["--fd", "web"],
                                    ["--fd=web"]])
def test_the_command_serves_an_inherited_socket(start, option):
    """Node: listen-fd-server."""
    server = start_command(start, *option,
                           wrap=handed("--names", "web", "3=tcp"))
    (match,) = server.wait_output(r"^Listening on 127.0.0.1:(\d+)$")
    server.port = int(match[1])
    assert server.request().status in (200, 404)


def test_the_command_says_which_names_there_are(start):
    server = start_command(start, "--fd", "db",
                           wrap=handed("--names", "web", "3=tcp"))
    assert server.wait_exit() == 1
    assert re.search("no stream socket is named 'db'; the service manager has "
                     "passed 'web'", server.stderr)
