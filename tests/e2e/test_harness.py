"""The harness sees what it is there to see: programs that hang, that die, and
that leave something behind. Its subjects are small servers in Python."""
import os
import signal
import sys

import harness
import procfs
import pytest

# Answers each connection with a constant. on_start and on_stop are code.
SERVER = """
import os, signal, socket, subprocess, sys, time
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
def stop(*_):
    {on_stop}
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
{on_start}
while True:
    conn = listener.accept()[0]
    conn.recv(65536)
    conn.sendall({answer})
    conn.close()
"""
ANSWER = (b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
          b"Content-Length: 2\r\nConnection: close\r\n\r\nok")
FORK_A_SLEEPER = "if os.fork() == 0: listener.close(); time.sleep(600)"


@pytest.fixture
def serve():
    """Starts such a server; kills it after the test, which may have failed to
    stop it on purpose."""
    servers = []

    def serve_one(on_start="", on_stop="", answer=ANSWER):
        program = SERVER.format(
            on_start=on_start, on_stop=on_stop, answer=answer)
        servers.append(harness.Server([sys.executable, "-c", program]))
        return servers[-1]

    yield serve_one
    for server in servers:
        server.kill()


def test_finds_the_port_and_reads_the_answer(serve):
    server = serve()
    assert server.port and server.ports() == [server.port]
    assert server.request().text == "ok"
    server.stop()
    assert server.process.returncode == 0


def test_sees_what_a_program_writes(serve):
    server = serve(on_start="print('one', flush=True);"
                            "print('two', file=sys.stderr, flush=True)")
    assert server.wait_output(r"^(one|two)$", 2)
    assert (server.stdout, server.stderr) == ("one\n", "two\n")


def test_sees_children_and_descriptors(serve):
    server = serve(on_start=FORK_A_SLEEPER)
    [child] = server.wait_workers(1)
    assert "socket:" in " ".join(procfs.fds(server.pid).values())
    server.send_signal(signal.SIGKILL, child)
    server.wait_workers(0)
    assert procfs.zombies(server.pid) == [child]


def test_reports_a_process_left_behind(serve, monkeypatch):
    server = serve(on_start=FORK_A_SLEEPER)
    [child] = server.wait_workers(1)
    wait_for = harness.wait_for
    monkeypatch.setattr(harness, "wait_for",
                        lambda condition, what, _=0: wait_for(condition, what, 1))
    with pytest.raises(AssertionError, match=f"processes.*{child}.*to end"):
        server.stop()
    assert not procfs.is_alive(child)


def test_reports_an_unclean_exit(serve):
    server = serve(on_stop="os._exit(3)")
    with pytest.raises(AssertionError, match="exit status 3"):
        server.stop()


def test_reports_a_program_that_does_not_stop(serve):
    server = serve(on_stop="time.sleep(600)")
    server.send_signal(signal.SIGTERM)
    with pytest.raises(AssertionError, match="still running"):
        server.wait_exit(seconds=1)
    assert not procfs.is_alive(server.pid)


def test_reports_a_program_that_ends_instead_of_listening():
    with pytest.raises(AssertionError, match="ended with 1(.|\n)*no port"):
        harness.Server([sys.executable, "-c", "import sys; sys.exit('no port')"])


@pytest.mark.parametrize("finding", [
    "==12==ERROR: AddressSanitizer: heap-use-after-free on address",
    "==12==ERROR: LeakSanitizer: detected memory leaks",
    "src/core/arena.c:12:3: runtime error: signed integer overflow",
    "hello: src/core/arena.c:12: f: Assertion `x' failed."])
def test_reports_what_a_sanitizer_found(serve, finding):
    server = serve(on_start=f"print({finding!r}, file=sys.stderr, flush=True)")
    with pytest.raises(AssertionError):
        server.stop()


def test_reports_an_answer_cut_short(serve):
    server = serve(answer=ANSWER[:-1])
    with pytest.raises(AssertionError, match="closed 1 of 2 bytes"):
        server.request()


def test_reports_bytes_after_the_answer(serve):
    server = serve(answer=ANSWER + b"x")
    with pytest.raises(AssertionError):
        server.request()


def test_runs_a_command_to_its_end():
    done = harness.run(["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_reports_a_command_that_hangs():
    with pytest.raises(AssertionError, match="still ran"):
        harness.run(["sleep", "600"], seconds=0.5)


def test_gives_programs_a_clean_environment(monkeypatch):
    monkeypatch.setenv("YOKE_SCHED_POLICY", "none")
    monkeypatch.setenv("PORT", "1")
    done = harness.run(["env"], env={"NEW": 1, "HOME": None})
    names = {line.split("=")[0] for line in done.stdout.splitlines()}
    assert "NEW" in names and "PATH" in names
    assert not names & {"YOKE_SCHED_POLICY", "PORT", "HOME"}
    assert os.environ["PORT"] == "1"
