"""The program that everything is measured by: examples/hello, an application
on every core behind one port."""
import os
import re
import signal
import socket
import subprocess

import harness
import pytest
from harness import wait_for

HELLO = harness.EXAMPLES / "hello"
DEFAULT_PORT = 1337


def lines(server, text):
    return re.findall(rf"^{text}$", server.stdout, re.M)


def start_worker_lines(server, count):
    """Waits for that many start-up lines of workers."""
    server.wait_output(r"^Starting up worker process$", count)


def cpus_of_this_machine():
    """What `yoke_cpus` should say: affinity and the control groups' quotas,
    rounded up."""
    found = len(os.sched_getaffinity(0))
    with open("/proc/self/cgroup") as file:
        group = file.read().strip().rpartition("::")[2]
    while True:
        try:
            with open(f"/sys/fs/cgroup{group}/cpu.max") as file:
                quota, period = file.read().split()
            if quota != "max":
                found = min(found, max(1, -(-int(quota) // int(period))))
        except OSError:
            pass
        if group in ("", "/"):
            return found
        group = group.rpartition("/")[0]


# What it prints.

def test_one_worker_starts_for_each_cpu(hello):
    count = cpus_of_this_machine()
    start_worker_lines(hello, count)
    hello.wait_workers(count)
    assert hello.request("GET", "/get").status == 200
    assert len(lines(hello, "Starting up primary process")) == 1
    assert len(lines(hello, "Starting up worker process")) == count


def test_one_cpu_has_one_worker(start):
    cpu = min(os.sched_getaffinity(0))
    server = start(["taskset", "-c", cpu, HELLO])
    start_worker_lines(server, 1)
    server.wait_workers(1)
    server.stop()
    assert len(lines(server, "Starting up worker process")) == 1


def test_the_number_of_workers_can_be_chosen(start):
    server = start([HELLO], env={"YOKE_WORKERS": 3})
    start_worker_lines(server, 3)
    server.wait_workers(3)
    server.stop()
    assert len(lines(server, "Starting up worker process")) == 3


def test_the_primary_speaks_first(hello):
    start_worker_lines(hello, 1)
    assert hello.stdout.startswith("Starting up primary process\n")


def test_lines_arrive_in_a_pipe_while_it_runs():
    """Into a pipe, libc would keep them back until there are many."""
    process = subprocess.Popen(
        [HELLO], env=harness.environment({"PORT": 0, "YOKE_WORKERS": 2}),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        start_new_session=True)
    try:
        first = [process.stdout.readline() for _ in range(3)]
        assert process.poll() is None
        assert first == ["Starting up primary process\n",
                         "Starting up worker process\n",
                         "Starting up worker process\n"]
        process.terminate()
        process.stdout.read()
        assert process.wait(harness.DEADLINE_SECONDS) == 0
        harness.check_nothing_left(process.pid)
    finally:
        harness.kill_session(process.pid)
        process.wait()
        process.stdout.close()


# What it answers.

def test_get_answers_something(hello):
    response = hello.request("GET", "/get")
    assert (response.status, response.text) == (200, "something")
    assert response.header("content-type") == "text/plain; charset=utf-8"
    assert response.header("content-length") == "9"


def test_post_answers_posted(hello):
    response = hello.request("POST", "/post", body=b'{"name":"ada"}')
    assert (response.status, response.text) == (201, "posted")


def test_head_is_get_without_the_body(hello):
    response = hello.request("HEAD", "/get")
    assert (response.status, response.body) == (200, b"")
    assert response.header("content-length") == "9"


@pytest.mark.parametrize("method, path", [
    ("GET", "/"), ("GET", "/other"), ("GET", "/get/more"), ("GET", "/getx"),
    ("POST", "/"), ("DELETE", "/nothing"), ("BREW", "/pot")])
def test_the_rest_is_not_found(hello, method, path):
    response = hello.request(method, path)
    assert response.status == 404
    assert response.text == f"Cannot {method} {path}"


@pytest.mark.parametrize("method, path, allow", [
    ("POST", "/get", {"GET", "HEAD"}), ("GET", "/post", {"POST"}),
    ("DELETE", "/get", {"GET", "HEAD"})])
def test_another_method_is_told_what_is_allowed(hello, method, path, allow):
    response = hello.request(method, path)
    assert response.status == 405
    allowed = {name.strip() for name in response.header("allow").split(",")}
    assert allow <= allowed
    assert method not in allowed


def test_answers_over_ipv4_and_ipv6(hello):
    for host in ("127.0.0.1", "::1"):
        with hello.connect(host) as client:
            client.request("GET", "/get")
            assert client.read().text == "something"


# Where it listens.

def test_port_comes_from_the_environment(start):
    port = harness.free_port()
    server = start([HELLO], port=port)
    assert server.ports() == [port]
    assert server.request("GET", "/get").text == "something"


def is_free(port):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("::", port))
            return True
    except OSError:
        return False


def test_port_is_1337_when_none_is_given(start):
    if not is_free(DEFAULT_PORT):
        pytest.skip(f"port {DEFAULT_PORT} is taken on this machine")
    server = start([HELLO], port=None)
    assert server.ports() == [DEFAULT_PORT]


def test_a_port_that_is_no_number_is_refused():
    done = harness.run([HELLO], env={"PORT": "http", "YOKE_WORKERS": 1})
    assert done.returncode != 0
    assert "PORT" in done.stdout + done.stderr


# How it ends.

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_primary_stops_it_cleanly(hello, number):
    assert hello.request("GET", "/get").status == 200
    hello.stop(number, status=0)
    assert "died" not in hello.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_right_at_the_start_stops_it_as_well(start, number):
    server = start([HELLO], wait=False, env={"YOKE_WORKERS": 4})
    server.wait_output("^Starting up primary process$")
    server.send_signal(number)
    assert server.wait_exit() == 0


def test_a_worker_that_dies_is_named_and_replaced(hello):
    before = hello.wait_workers(cpus_of_this_machine())
    start_worker_lines(hello, len(before))  # Each has come so far.
    victim = before[0]
    hello.send_signal(signal.SIGKILL, victim)
    hello.wait_output(rf"^worker {victim} died \(killed by SIGKILL\)$")
    after = wait_for(lambda: len(pids := hello.workers()) == len(before)
                     and victim not in pids and pids, "the replacement")
    start_worker_lines(hello, len(before) + 1)
    assert set(before) - {victim} <= set(after)
    assert hello.request("GET", "/get").text == "something"
