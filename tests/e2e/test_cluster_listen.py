"""Listening through the primary: addresses, sharing, errors."""
import os
import stat
import subprocess

import fleet
import harness
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for

NOBODY = 65534
FREE_PORTS = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


def test_workers_of_the_kernels_choice_all_accept(start_fleet):
    server = start_fleet(2, "-s", "none", "127.0.0.1:0")
    # Both hold the socket; a stopped one leaves everything to the other.
    stopped, other = server.workers()
    fleet.stop_process(stopped)
    assert {server.answerer() for _ in range(20)} == {other}
    os.kill(stopped, 18)
    fleet.stop_process(other)
    assert server.answerer() == stopped
    os.kill(other, 18)


def test_the_environment_chooses_the_scheduling(start_fleet):
    server = start_fleet(1, "127.0.0.1:0",
                         env={"YOKE_SCHED_POLICY": "none"})
    assert server.ports() == [server.port]
    (worker,) = server.workers()
    assert harness.procfs.listening_ports(worker) == [server.port]


def test_under_round_robin_only_the_primary_listens(start_fleet):
    server = start_fleet(1, "127.0.0.1:0", env={"YOKE_SCHED_POLICY": "rr"})
    (worker,) = server.workers()
    assert harness.procfs.listening_ports(worker) == []
    assert harness.procfs.listening_ports(server.pid) == [server.port]


def test_an_unknown_scheduling_is_named_and_replaced(start_fleet):
    server = start_fleet(1, "127.0.0.1:0",
                         env={"YOKE_SCHED_POLICY": "fair"})
    assert "YOKE_SCHED_POLICY is neither rr nor none, but 'fair'" \
        in server.stderr


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_the_nth_listener_on_port_0_is_one_port_for_all(start_fleet, sched):
    server = start_fleet(3, "-s", sched, "127.0.0.1:0", "127.0.0.1:0",
                         listeners=2)
    ports = server.wait_ready(listeners=2)
    assert len(ports) == 2
    for port in ports:
        assert server.answerer(port=port) in server.workers()


def test_no_host_means_both_families(start_fleet):
    server = start_fleet(1, "0")
    assert server.lines(fleet.LISTENS)[0][1:3] == ("6", "::")
    assert server.answerer(host="127.0.0.1") == server.answerer(host="::1")


def test_ipv6_only_leaves_ipv4_free(start_fleet):
    server = start_fleet(1, "6:0")
    assert server.answerer(host="::1")
    with pytest.raises(ConnectionRefusedError):
        server.line(host="127.0.0.1")
    other = start_fleet(1, f"127.0.0.1:{server.port}")
    assert other.answerer() == other.workers()[0]


def test_a_host_name_is_looked_up(start_fleet):
    server = start_fleet(1, "localhost:0")
    assert server.lines(fleet.LISTENS)[0][2] in ("127.0.0.1", "::1")


def test_the_last_listener_closes_the_port(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    assert server.ask("close") == "ok"
    server.wait_output(r"closed a listener")
    assert server.answerer()
    assert server.ask("close") == "ok"
    server.wait_output(r"closed a listener", 2)
    with pytest.raises(ConnectionRefusedError):
        server.line()


def test_a_port_can_be_had_again_after_closing(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with server.line() as line:
        assert line.ask("close") == "ok"
        server.wait_output(r"closed a listener")
        assert line.ask(f"open 127.0.0.1:{server.port}") == "ok"
        server.wait_output(fleet.LISTENS, 2)
    assert server.answerer()


def test_an_exclusive_listener_is_the_workers_own(start_fleet):
    server = start_fleet(2, "own:0")
    ports = server.wait_ready()
    assert len(ports) == 2
    for worker in server.workers():
        (port,) = harness.procfs.listening_ports(worker)
        assert server.answerer(port=port) == worker


def test_a_worker_hears_that_the_port_is_in_use_and_by_whom(start_fleet):
    holder = start_fleet(1, "127.0.0.1:0")
    server = start_fleet(1, f"127.0.0.1:{holder.port}", listeners=0,
                         env={"FLEET_SURVIVES": 1})
    server.wait_output(
        rf"cannot listen: EADDRINUSE: 127.0.0.1:{holder.port} is in use by "
        rf"fleet \(pid {holder.pid}\)$")
    assert server.workers()


def test_one_process_may_not_have_a_port_twice(start_fleet):
    server = start_fleet(1, "127.0.0.1:0", env={"FLEET_SURVIVES": 1})
    assert server.ask(f"open 127.0.0.1:{server.port}") == "ok"
    server.wait_output(r"EADDRINUSE: .* is in use by this program itself$")


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give up")
def test_a_privileged_port_is_refused_with_the_reason(tmp_path):
    with open(FREE_PORTS) as file:
        if int(file.read()) <= 80:
            pytest.skip("port 80 is free for all here")
    done = subprocess.run([fleet.FLEET, "-S", "-n", "1", "127.0.0.1:80"],
                          preexec_fn=as_nobody, capture_output=True, text=True,
                          timeout=harness.DEADLINE_SECONDS)
    assert done.returncode == 1
    assert "EACCES: 127.0.0.1:80 may only be listened on by root or with " \
        "CAP_NET_BIND_SERVICE" in done.stdout


def test_an_unknown_host_is_named(start_fleet):
    server = start_fleet(1, "no-such-host.invalid:0", listeners=0,
                         env={"FLEET_SURVIVES": 1})
    server.wait_output(r"cannot listen: \w+: .*no-such-host.invalid")


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_a_unix_socket_is_served_and_removed(start_fleet, tmp_path, sched):
    path = str(tmp_path / "app.sock")
    server = start_fleet(2, "-s", sched, f"unix:{path}")
    assert server.lines(fleet.LISTENS)[0][1:] == ("-1", path, "0")
    assert server.answerer(path=path) in server.workers()
    server.stop()
    assert not os.path.exists(path)


def test_the_file_of_a_dead_server_is_replaced(start_fleet, tmp_path):
    path = str(tmp_path / "app.sock")
    start_fleet(1, f"unix:{path}").kill()
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    assert start_fleet(1, f"unix:{path}").answerer(path=path)


def test_a_live_unix_socket_is_in_use(start_fleet, tmp_path):
    path = str(tmp_path / "app.sock")
    holder = start_fleet(1, f"unix:{path}")
    server = start_fleet(1, f"unix:{path}", listeners=0,
                         env={"FLEET_SURVIVES": 1})
    server.wait_output(rf"EADDRINUSE: {path} is in use by fleet "
                       rf"\(pid {holder.pid}\)$")
    server.stop()
    assert holder.answerer(path=path)


def test_no_file_that_is_not_a_socket_is_replaced(start_fleet, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    server = start_fleet(1, f"unix:{path}", listeners=0,
                         env={"FLEET_SURVIVES": 1})
    server.wait_output(rf"EEXIST: {path} exists and is not a socket$")
    assert path.read_text() == "data"


def test_a_path_that_is_too_long_is_refused_with_the_limit(start_fleet,
                                                           tmp_path):
    path = str(tmp_path / ("x" * 120))
    server = start_fleet(1, f"unix:{path}", listeners=0,
                         env={"FLEET_SURVIVES": 1})
    server.wait_output(r"ENAMETOOLONG: the path of a UNIX socket has at most "
                       rf"107 bytes, this one has {len(path)}")


def test_a_long_path_may_be_short_from_here(start_fleet, tmp_path):
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    server = start_fleet(1, "unix:app.sock", cwd=folder)
    assert (folder / "app.sock").is_socket()
    server.stop()
    assert not (folder / "app.sock").exists()


def test_the_backlog_is_taken_when_the_last_acceptor_closes(start_fleet):
    """Under the kernel's choice, what is queued is answered, not reset."""
    server = start_fleet(1, "-s", "none", "127.0.0.1:0")
    (worker,) = server.workers()
    fleet.stop_process(worker)
    lines = [server.line() for _ in range(50)]
    for line in lines:
        line.send("id")
    server.send_signal(15)
    wait_for(lambda: not harness.procfs.listening_ports(server.pid),
             "the primary to close its socket")
    os.kill(worker, 18)
    assert {line.read().split()[0] for line in lines} == {str(worker)}
    assert server.wait_exit() == 0
