"""What can become of a cluster's surroundings: of its standard error, its
terminal, its service manager."""
import os
import shlex

import harness

APP = harness.BUILD / "tests/apps/probe.so"


def redirected(tmp_path, redirection, *options):
    """A Server of `yoke run` whose descriptors the shell has changed."""
    words = [harness.YOKE, "run", "-n", "2", "--name", "shop", *options, APP]
    line = " ".join(shlex.quote(str(word)) for word in words)
    return harness.Server(["sh", "-c", f"exec {line} {redirection}"],
                          env={"YOKE_RUN_DIR": tmp_path / "run"})


def fill(fifo):
    """Makes a pipe without room; returns its descriptor."""
    os.mkfifo(fifo)
    fd = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        while True:
            os.write(fd, b"\n" * 4096)
    except BlockingIOError:
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
