"""`make run`, as a newcomer meets it: in a terminal."""
import os
import select
import subprocess

import harness
import procfs
import pytest


@pytest.fixture
def terminal():
    """The two ends of a terminal: ours, and the path of the program's."""
    ours, theirs = os.openpty()
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def wait_shown(fd, text):
    """Waits until a terminal shows a text."""
    shown = bytearray()

    def shows():
        if select.select([fd], [], [], 0)[0]:
            shown.extend(os.read(fd, 4096))
        return text.encode() in shown

    harness.wait_for(shows, lambda: f"{text!r} in:\n{shown.decode()}")


def test_ctrl_c_ends_make_run_cleanly(terminal):
    ours, path = terminal
    port = harness.free_port()
    # The leader of a new session gets the first terminal that it opens.
    process = subprocess.Popen(
        ["sh", "-c", f'exec make run BUILD="{harness.BUILD}" PORT={port}'
                     ' <"$0" >"$0" 2>&1', path],
        cwd=harness.ROOT, start_new_session=True,
        env=harness.environment({"MAKEFLAGS": None, "MAKELEVEL": None}))
    try:
        wait_shown(ours, f"curl http://127.0.0.1:{port}/get")
        harness.wait_for(
            lambda: any(port in procfs.listening_ports(pid)
                        for pid in procfs.session(process.pid)),
            "the program to listen")
        os.write(ours, b"\x03")
        assert process.wait(harness.DEADLINE_SECONDS) == 0
        harness.check_nothing_left(process.pid)
    finally:
        harness.kill_session(process.pid)
        process.wait()


def test_make_help_lists_every_target():
    done = harness.run(["make", "-C", harness.ROOT, "--no-print-directory",
                        "help"], env={"MAKEFLAGS": None, "MAKELEVEL": None})
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    makefile = (harness.ROOT / "Makefile").read_text().replace("\\\n", "")
    [phony] = [line for line in makefile.splitlines()
               if line.startswith(".PHONY:")]
    assert listed == set(phony.split()[1:])
