"""Work on threads in a worker, and handlers that block the loop."""
import os
import signal

import harness
import pytest
from harness import wait_for

APP = harness.BUILD / "tests/apps/toil.so"


@pytest.fixture
def toil(start_app, tmp_path):
    """One worker, whose work waits until open_gate is called."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    server = start_app(APP, "-n", "1", env={"GATE": gate, "YOKE_LOG": "info"})
    server.gate = gate
    return server


def open_gate(server):
    """Lets one piece of work go on, which is at the gate or will be."""
    def opened():
        try:
            return [os.open(server.gate, os.O_WRONLY | os.O_NONBLOCK)]
        except OSError:  # Nobody is there yet.
            return None
    os.close(wait_for(opened, "somebody at the gate")[0])


def begin_work(server):
    client = server.connect()
    client.request("GET", "/work")
    server.wait_output("at the gate")
    return client


def test_others_are_served_meanwhile(toil):
    with begin_work(toil) as client:
        assert toil.request("GET", "/").body == b"hello"
        open_gate(toil)
        assert client.read("GET").body == b"worked"


def test_a_client_that_goes_leaves_nothing_behind(toil):
    begin_work(toil).close()
    assert toil.request("GET", "/").body == b"hello"
    open_gate(toil)
    # A FIN is no loss of the connection: the answer may be read still.
    toil.wait_output("done with ")
    assert toil.request("GET", "/").body == b"hello"


def test_a_stop_waits_for_the_work(toil):
    with begin_work(toil) as client:
        toil.send_signal(signal.SIGTERM)
        wait_for(lambda: not toil.ports(), "the port to be closed")
        open_gate(toil)
        answer = client.read("GET")
        assert answer.body == b"worked"
        assert answer.header("Connection") == "close"
        assert toil.wait_exit() == 0


def test_a_handler_that_blocks_the_loop_is_named(toil):
    assert toil.request("GET", "/block/7").body == b"blocked"
    toil.wait_output(r"warn: GET /block/7: blocked the loop for \d{3,} ms in "
                     r"/block/:id; ")
