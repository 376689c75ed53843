"""What can become of a cluster's surroundings: of its standard error, its
terminal, its service manager."""
import os
import queue
import resource
import shlex
import signal
import socket
import threading
import time

import harness
import pytest

APP = harness.BUILD / "tests/apps/probe.so"
LOGGED = harness.BUILD / "tests/apps/served.so"


def redirected(tmp_path, redirection, *options):
    """A Server of `yoke run` whose descriptors the shell has changed."""
    words = [harness.YOKE, "run", "-n", "2", "--name", "shop", *options, APP]
    line = " ".join(shlex.quote(str(word)) for word in words)
    return harness.Server(["sh", "-c", f"exec {line} {redirection}"],
                          env={"YOKE_RUN_DIR": tmp_path / "run"})


def fill_up(fd):
    try:
        while True:
            os.write(fd, b"\n" * 4096)
    except BlockingIOError:
        pass


def fill(fifo):
    """Makes a pipe without room; returns its descriptor."""
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    fill_up(fd)
    return fd


def test_a_standard_error_that_nobody_reads_stops_nothing(tmp_path):
    fd = fill(tmp_path / "fifo")
    with redirected(tmp_path, f"2>{shlex.quote(str(tmp_path / 'fifo'))}") as one:
        one.wait_ready(2)
        for pid in one.workers():  # Each death is a line of the primary's.
            one.send_signal(9, pid)
            one.wait_workers(2, other_than=[pid])
        one.wait_ready(2)
        assert one.request("GET", "/pid").status == 200
        one.stop()
    os.close(fd)


def test_who_was_started_without_standard_descriptors_serves(tmp_path):
    with redirected(tmp_path, "<&- >&- 2>&-") as one:
        one.wait_ready(2)
        for pid in [one.pid, *one.workers()]:
            for fd in range(3):
                link = os.readlink(f"/proc/{pid}/fd/{fd}")
                assert link == "/dev/null" or (fd == 2 and pid != one.pid)
        assert one.request("GET", "/pid").status == 200


class Manager:
    """A service manager's socket."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.beats = 0
        self.told = queue.Queue()
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        """A queue of the kernel's holds few messages."""
        while text := self.socket.recv(4096).decode():
            if text == "WATCHDOG=1":
                self.beats += 1
            else:
                self.told.put(text)

    def read(self):
        """The next message as a dictionary, but for heartbeats."""
        text = self.told.get(timeout=harness.DEADLINE_SECONDS)
        return dict(line.split("=", 1) for line in text.splitlines())

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path):
    name = str(tmp_path / "notify")
    one = Manager(name if request.param == "file" else "\0" + name)
    one.name = name if request.param == "file" else "@" + name
    yield one
    one.close()


def notifying(manager, tmp_path, *options, env=()):
    return harness.Server(
        [harness.YOKE, "run", "-n", "2", "--name", "shop", "--probation",
         "10ms", "--check", "", *options, APP],
        env={"YOKE_RUN_DIR": tmp_path / "run", "NOTIFY_SOCKET": manager.name,
             **dict(env)})


def test_the_service_manager_is_told(manager, tmp_path):
    with notifying(manager, tmp_path) as one:
        assert manager.read()["READY"] == "1"
        one.wait_ready(2)
        before = time.monotonic_ns() // 1000
        one.send_signal(signal.SIGHUP)
        fields = manager.read()
        assert fields["RELOADING"] == "1"
        assert int(fields["MONOTONIC_USEC"]) >= before
        fields = manager.read()
        assert fields["READY"] == "1"
        assert fields["STATUS"].startswith("Serving: 2 workers of generation 2")
        one.stop()
        assert manager.read()["STOPPING"] == "1"


def test_the_watchdog_is_fed_and_an_upgrade_goes_on_feeding(manager, tmp_path):
    with notifying(manager, tmp_path, env={"WATCHDOG_USEC": 20000}) as one:
        assert manager.read()["READY"] == "1"
        one.wait_ready(2)
        harness.command("upgrade", "shop", env=one.env)
        assert manager.read()["RELOADING"] == "1"
        assert manager.read()["READY"] == "1"
        before = manager.beats
        harness.wait_for(lambda: manager.beats > before + 2, "heartbeats")
        one.stop()


def test_a_watchdog_that_is_for_another_process_is_not_fed(manager, tmp_path):
    with notifying(manager, tmp_path, env={"WATCHDOG_USEC": 1000,
                                           "WATCHDOG_PID": 1}) as one:
        assert manager.read()["READY"] == "1"
        one.wait_ready(2)
        one.stop()
        assert manager.read()["STOPPING"] == "1"
        assert manager.beats == 0


def test_a_service_manager_that_is_not_there_hinders_nothing(tmp_path):
    env = {"YOKE_RUN_DIR": tmp_path / "run", "NOTIFY_SOCKET": tmp_path / "no"}
    with harness.Server([harness.YOKE, "run", "-n", "2", APP], env=env) as one:
        one.wait_ready(2)
        assert one.request("GET", "/pid").status == 200


def test_a_signal_for_log_files_reaches_workers_and_ends_nobody(tmp_path):
    with harness.Server([harness.YOKE, "run", "-n", "2", APP],
                        env={"YOKE_RUN_DIR": tmp_path / "run"}) as one:
        pids = one.wait_ready(2)
        for pid in [one.pid, *pids]:
            one.send_signal(signal.SIGUSR1, pid)
        assert one.request("GET", "/pid").status == 200
        assert one.wait_ready(2) == pids


def logging(tmp_path, redirection="", **env):
    """A Server of an application with an access log."""
    words = [harness.YOKE, "run", "-n", "2", LOGGED]
    line = " ".join(shlex.quote(str(word)) for word in words)
    return harness.Server(["sh", "-c", f"exec {line} {redirection}"],
                          env={"YOKE_RUN_DIR": tmp_path / "run", **env})


def test_access_logs_are_opened_anew_at_a_signal(tmp_path):
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"

    def is_kept_open(pid):
        folder = f"/proc/{pid}/fd"
        return str(old) in [os.readlink(f"{folder}/{fd}")
                            for fd in os.listdir(folder)]

    with logging(tmp_path, LOG=log, LOG_BUFFER="65536") as one:
        pids = one.wait_ready(2)
        assert one.request("GET", "/text?before").status == 200
        log.rename(old)
        one.send_signal(signal.SIGUSR1)  # To the primary, as logrotate does.
        harness.wait_for(lambda: log.exists() and
                         not any(is_kept_open(pid) for pid in pids),
                         "every worker to open the log anew")
        # It was in a buffer.
        assert "/text?before" in old.read_text() + log.read_text()
        assert one.request("GET", "/text?behind").status == 200
        harness.wait_for(lambda: "/text?behind" in log.read_text(), "the line")
        assert "/text?behind" not in old.read_text()
        assert one.wait_ready(2) == pids


def test_an_access_log_that_nobody_reads_stops_nothing(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    with logging(tmp_path, f">{shlex.quote(str(fifo))}", LOG="-") as one:
        one.wait_ready(2)
        fill_up(fd)
        for _ in range(20):
            assert one.request("GET", "/text").status == 200
        one.wait_output(r"access log \(standard output\): lines are lost")
        while True:  # Somebody reads it again.
            try:
                os.read(fd, 65536)
            except BlockingIOError:
                break

        def is_told():
            one.request("GET", "/text")
            return "access log: is written again" in one.stderr
        harness.wait_for(is_told, "lines to be written again")
    os.close(fd)


def test_a_full_disk_is_no_reason_to_end_badly(tmp_path):
    with redirected(tmp_path, ">/dev/full 2>/dev/full") as one:
        one.wait_ready(2)
        assert one.request("GET", "/pid").status == 200
        one.stop()


def test_a_log_that_may_not_grow_ends_nobody(tmp_path):
    log = tmp_path / "log"
    log.touch()
    os.truncate(log, 1 << 30)
    with redirected(tmp_path, f"2>>{shlex.quote(str(log))}") as one:
        pids = one.wait_ready(2)
        resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
        one.send_signal(signal.SIGKILL, pids[0])  # A line of the primary's.
        one.wait_workers(2, other_than=pids[:1])
        assert one.request("GET", "/pid").status == 200


def test_too_few_descriptors_are_named(tmp_path):
    done = harness.run(["sh", "-c", f"ulimit -n 20; exec {harness.YOKE} run "
                        f"{APP}"], env={"YOKE_RUN_DIR": tmp_path / "run"})
    assert done.returncode == 1
    assert "Too many open files" in done.stderr


def test_a_worker_that_has_closed_its_channel_is_replaced(tmp_path):
    with redirected(tmp_path, "") as one:
        pids = one.wait_ready(2)
        assert one.request("GET", "/lose").text == "lost"
        one.wait_output(r"warn: worker \d+ cannot be reached: its channel")
        one.wait_output(r"warn: worker \d+ died")
        assert len(set(one.wait_ready(2)) & set(pids)) == 1
