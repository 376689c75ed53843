"""What workers' processes are bound to: user, priority, mask, CPU, and the life
of their primary."""
import os
import resource
import signal

import harness
import procfs
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
TUNED = harness.BUILD / "tests/apps/tuned"
NOBODY = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="needs root to become another")


def status(pid, name):
    """A line of /proc/PID/status, split."""
    with open(f"/proc/{pid}/status") as lines:
        return next(line.split()[1:] for line in lines
                    if line.startswith(name + ":"))


@needs_root
def test_workers_run_as_the_user(start_app):
    server = start_app("hello", "-n", "2", "--user", "nobody")
    for pid in server.wait_ready(2):
        assert set(status(pid, "Uid")) == {str(NOBODY)}
        assert set(status(pid, "Gid")) == {str(NOBODY)}
    assert status(server.pid, "Uid")[0] == "0"
    assert server.request("GET", "/get").text == "something"


@needs_root
def test_a_privileged_port_is_served_by_an_ordinary_user(start_app):
    server = start_app("hello", "-n", "1", "--user", "nobody", "-p", "81")
    assert server.port == 81
    assert server.request("GET", "/get").text == "something"


@needs_root
def test_the_group_may_be_another(start_app):
    server = start_app("hello", "-n", "1", "--user", "nobody", "--group", "7")
    assert set(status(server.wait_ready(1)[0], "Gid")) == {"7"}


@pytest.mark.parametrize("option, text", [
    ("--user", "there is no user 'no such'"),
    ("--group", "there is no group 'no such'"),
])
def test_a_wrong_name_is_told(option, text):
    done = harness.command("run", option, "no such",
                           harness.EXAMPLES / "hello.so")
    assert done.returncode == 1
    assert text in done.stderr


def test_priority_and_mask(start_app):
    server = start_app("hello", "-n", "1", "--nice", "3", "--umask", "027")
    pid = server.wait_ready(1)[0]
    assert os.getpriority(os.PRIO_PROCESS, pid) == (
        os.getpriority(os.PRIO_PROCESS, server.pid) + 3)
    assert status(pid, "Umask") == ["0027"]


def test_each_worker_has_a_cpu_of_its_own(start_app):
    server = start_app("hello", "-n", "2", "--pin-cpus")
    masks = [os.sched_getaffinity(pid) for pid in server.wait_ready(2)]
    assert all(len(mask) == 1 for mask in masks)
    if len(os.sched_getaffinity(0)) > 1:
        assert masks[0] != masks[1]


LIMITS = {resource.RLIMIT_NOFILE: 300, resource.RLIMIT_CORE: 4096}


def check_limited(pid):
    for what, value in LIMITS.items():
        soft, hard = resource.prlimit(pid, what)
        assert hard == value
        # A sanitizer forbids itself to leave a core.
        assert soft == value or what == resource.RLIMIT_CORE


def test_resource_limits_are_the_workers_alone(start):
    server = start([TUNED, PROBE, "workers=2",
                    *(f"rlimit.{what}={value}"
                      for what, value in LIMITS.items())])
    before = server.wait_ready(2)
    for pid in before:
        check_limited(pid)
    nofile, _ = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    assert nofile != LIMITS[resource.RLIMIT_NOFILE]
    # So is the one that comes after a death.
    os.kill(before[0], signal.SIGKILL)
    server.wait_workers(2, other_than=before[:1])
    for pid in server.wait_ready(2):
        check_limited(pid)


def test_a_limit_that_the_system_refuses_is_told():
    done = harness.run([TUNED, PROBE, "workers=1", "rlimit.99=1"],
                       env={"PORT": 0})
    assert done.returncode == 1
    assert ("cannot take its priority, limits or CPU: Invalid argument"
            in done.stderr)


def test_a_worker_that_hangs_does_not_outlive_its_primary(start_app):
    server = start_app(PROBE, "-n", "1", "--stop-timeout", "1s")
    victim = server.wait_workers(1)[0]
    with server.connect() as client:
        client.request("GET", "/hang")
        # Its handler runs: nobody else answers any more.
        with server.connect() as other:
            other.request("GET", "/pid")
            other.expect_silence()
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait()
        wait_for(lambda: not procfs.is_alive(victim), "the worker to end")
