"""UNIX sockets that the primary holds: files, names of every length,
permissions."""
import os
import pathlib
import signal
import socket
import stat

import fleet
import harness
import pytest
from fleet import start_fleet  # noqa: F401, the fixture

SURVIVES = {"FLEET_SURVIVES": 1}


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_a_unix_socket_is_served_and_removed(start_fleet, tmp_path, sched):
    path = str(tmp_path / "app.sock")
    server = start_fleet(2, "-s", sched, f"unix:{path}")
    assert server.lines(fleet.LISTENS)[0][1:] == ("-1", path, "0")
    assert server.answerer(path=path) in server.workers()
    server.stop()
    assert not os.path.exists(path)


def test_the_file_goes_with_the_last_that_listens(start_fleet, tmp_path):
    path = tmp_path / "app.sock"
    server = start_fleet(2, f"unix:{path}")
    for left in (1, 0):
        assert server.ask("close", path=str(path)) == "ok"
        server.wait_output("closed a listener", 2 - left)
        harness.wait_for(lambda left=left: path.exists() == bool(left),
                         f"a file for {left} that listen")


def test_the_other_side_has_no_address(start_fleet, tmp_path):
    """Node: http-pipe, whose remoteAddress is undefined."""
    path = str(tmp_path / "app.sock")
    server = start_fleet(1, f"net/unix:{path}")
    assert server.ask("peer", path=path) == "nothing"


def test_http_is_served_there(start_app, tmp_path):
    """Node: http-pipe."""
    path = tmp_path / "app.sock"
    server = start_app("echo", "-n", "2", "--unix", path, port=None, wait=False)
    server.wait_output(rf"^Listening on {path}$")
    with server.connect(path=path) as client:
        client.request("GET", "/", close=True)
        assert client.read().status in (200, 404)


def test_the_file_of_a_dead_server_is_replaced(start_fleet, tmp_path):
    path = str(tmp_path / "app.sock")
    start_fleet(1, f"unix:{path}").kill()
    assert stat.S_ISSOCK(os.stat(path).st_mode)
    assert start_fleet(1, f"unix:{path}").answerer(path=path)


def test_a_live_unix_socket_is_in_use(start_fleet, tmp_path):
    path = str(tmp_path / "app.sock")
    holder = start_fleet(1, f"unix:{path}")
    server = start_fleet(1, f"unix:{path}", listeners=0, env=SURVIVES)
    server.wait_output(rf"EADDRINUSE: {path} is in use by fleet "
                       rf"\(pid {holder.pid}\)$")
    server.stop()
    assert holder.answerer(path=path)


def test_whose_it_is_is_found_under_another_name(start_fleet, tmp_path):
    """Bound by a relative path, it is not in the kernel's table under its full
    one."""
    with socket.socket(socket.AF_UNIX) as holder:
        before = os.getcwd()
        os.chdir(tmp_path)
        try:
            holder.bind("app.sock")
        finally:
            os.chdir(before)
        holder.listen()
        name = pathlib.Path("/proc/self/comm").read_text().strip()
        server = start_fleet(1, f"unix:{tmp_path}/app.sock", listeners=0,
                             env=SURVIVES)
        server.wait_output(rf"is in use by {name} \(pid {os.getpid()}\)$")


def test_the_primary_hears_why_a_worker_cannot_listen(start_fleet, tmp_path):
    """Node: eaccess, where the worker tells by a message."""
    path = str(tmp_path / "app.sock")
    holder = start_fleet(1, f"unix:{path}")
    server = start_fleet(1, "-S", f"unix:{path}", listeners=0)
    assert server.wait_exit() == 1
    assert f"{path} is in use by fleet (pid {holder.pid})" in server.stderr


def test_no_file_that_is_not_a_socket_is_replaced(start_fleet, tmp_path):
    path = tmp_path / "precious"
    path.write_text("data")
    server = start_fleet(1, f"unix:{path}", listeners=0, env=SURVIVES)
    server.wait_output(rf"EEXIST: {path} exists and is not a socket$")
    assert path.read_text() == "data"


# Length.


def connect_long(path):
    """A connection to a path of any length."""
    folder = os.open(os.path.dirname(path), os.O_PATH)
    try:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(harness.DEADLINE_SECONDS)
        one.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        return one
    finally:
        os.close(folder)


@pytest.mark.parametrize("sched", ["rr", "none"])
@pytest.mark.parametrize("is_relative", [False, True])
def test_a_long_path_is_served_and_removed(start_fleet, tmp_path, sched,
                                           is_relative):
    """Node: net-listen-relative-path, and what it cannot do."""
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    path = folder / "app.sock"
    server = start_fleet(1, "-s", sched,
                         f"unix:{'app.sock' if is_relative else path}",
                         cwd=folder if is_relative else None)
    assert server.lines(fleet.LISTENS)[0][2] == str(path)
    with connect_long(str(path)) as one:
        one.sendall(b"id\n")
        assert int(one.recv(100).split()[0]) in server.workers()
    server.stop()
    assert not path.exists()


def test_a_path_that_is_too_long_is_refused_with_the_limit(start_fleet,
                                                           tmp_path):
    path = str(tmp_path / ("x" * 120))
    server = start_fleet(1, f"unix:{path}", listeners=0, env=SURVIVES)
    server.wait_output(r"ENAMETOOLONG: the path of a UNIX socket has at most "
                       r"107 bytes, or up to 255 when its last part has no "
                       rf"more than 80; this one has {len(path)}")


# Abstract names.


def test_an_abstract_name_is_shared_and_owned(start_fleet):
    name = f"@yoke-test-{os.getpid()}"
    server = start_fleet(2, f"unix:{name}")
    assert server.lines(fleet.LISTENS)[0][1:] == ("-1", name, "0")
    server.wait_all_answer(path="\0" + name[1:])
    other = start_fleet(1, f"unix:{name}", listeners=0, env=SURVIVES)
    other.wait_output(rf"EADDRINUSE: {name} is in use by fleet "
                      rf"\(pid {server.pid}\)$")


# Permissions.


@pytest.mark.parametrize("options, mode", [
    ("mode=660", 0o660), ("mode=600,writable", 0o622),
    ("readable,writable", 0o777)])
def test_the_mode_is_what_was_asked_for(start_fleet, tmp_path, options, mode):
    """Node: listen-pipe-readable-writable."""
    path = tmp_path / "app.sock"
    old = os.umask(0o022)
    try:
        start_fleet(1, f"unix:{path},{options}")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give away")
def test_the_file_belongs_to_whom_was_asked_for(start_fleet, tmp_path):
    path = tmp_path / "app.sock"
    start_fleet(1, f"unix:{path},owner=12345,group=nogroup,mode=660")
    assert path.stat().st_uid == 12345
    assert path.group() == "nogroup"


@pytest.mark.parametrize("options, why", [
    ("owner=no-such-user", "EINVAL: there is no user 'no-such-user'"),
    ("mode=1777", "EINVAL: .*mode 01777 is not from 0001 to 0777")])
def test_impossible_permissions_are_refused(start_fleet, tmp_path, options,
                                            why):
    path = tmp_path / "app.sock"
    server = start_fleet(1, f"unix:{path},{options}", listeners=0,
                         env=SURVIVES)
    server.wait_output(why)
    assert not path.exists()


# The command.


def test_the_command_sets_mode_and_owner(start_app, tmp_path):
    path = tmp_path / "app.sock"
    server = start_app("echo", "-n", "1", "--unix", path, "--mode", "660",
                       "--owner", f":{os.getgid()}", port=None, wait=False)
    server.wait_output(rf"^Listening on {path}$")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize("options, why", [
    (["--unix", "a", "-p", "80"], "--unix stands instead of --port and --host"),
    (["--fd", "3", "--unix", "a"], "--fd stands instead of --port, --host and"),
    (["--fd", "3", "-p", "80"], "--fd stands instead of --port, --host and"),
    (["--fd", "1"], "--fd: '1' is not a descriptor behind the standard ones"),
    (["--fd="], "--fd: an empty name"),
    (["--mode", "660"], "--mode and --owner are for --unix"),
    (["--unix", "a", "--mode", "999"], "--mode: '999' is not a mode"),
    (["--unix", "a", "--mode", "1777"], "--mode: '1777' is not a mode"),
    (["--unix", "a", "--owner="], "--owner: '' is not an owner"),
])
def test_what_the_command_does_not_understand_is_said(options, why):
    done = harness.command("run", *options, harness.EXAMPLES / "echo.so")
    assert done.returncode == 2
    assert why in done.stderr


# Backlog.


def test_the_backlog_is_the_first_workers(start_fleet, tmp_path):
    """Node: net-listen-backlog."""
    path = str(tmp_path / "app.sock")
    server = start_fleet(2, f"unix:{path},backlog=2")
    fleet.stop_process(server.pid)
    waiting = []
    try:
        for _ in range(8):
            one = socket.socket(socket.AF_UNIX)
            one.setblocking(False)
            try:
                one.connect(path)
                waiting.append(one)
            except BlockingIOError:
                one.close()
        assert len(waiting) == 3  # Linux has room for one more.
    finally:
        os.kill(server.pid, signal.SIGCONT)
        for one in waiting:
            one.close()
