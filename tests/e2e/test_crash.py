"""Workers that crash: every client whose answer had not begun gets one, and
whoever asks learns what happened."""
import re
import signal

import control
import harness
import pytest
from harness import wait_for

CRASH = harness.BUILD / "tests/apps/crash.so"

HOWS = {"null": "SIGSEGV", "overflow": "SIGSEGV", "divide": "SIGFPE",
        "bus": "SIGBUS", "illegal": "SIGILL", "abort": "SIGABRT"}
# Exactly this, and nothing before or behind it. A 500 may be without a date
# (RFC 9110 section 6.6.1).
LAST_HEAD = (b"HTTP/1.1 500 Internal Server Error\r\n"
             b"Connection: close\r\n"
             b"Content-Type: text/plain; charset=utf-8\r\n"
             b"Content-Length: 26\r\n\r\n")
LAST_WORDS = LAST_HEAD + b"500 Internal Server Error\n"


@pytest.fixture
def crash(start_app):
    """The app in one worker, so that all clients are its. Its death is to be
    over before it is stopped: one that ends badly then would be a failure."""
    server = start_app(CRASH, "-n", "1", env=harness.crash_env())
    yield server
    server.wait_output(r"worker \d+ died \(")


def wait_in_flight(server, count):
    """Waits until the worker has so many requests open."""
    def are_open():
        return control.report(server)["totals"]["requests"]["open"] == count
    wait_for(are_open, f"{count} requests in flight")


@pytest.mark.parametrize("how", HOWS)
def test_the_request_that_crashes_is_answered(crash, how):
    with crash.connect() as client:
        client.request("GET", f"/die?how={how}")
        assert client.read_rest() == LAST_WORDS
    crash.wait_output(rf"died \(killed by {HOWS[how]}")
    crash.wait_output(rf"crashed: {HOWS[how]} \(")
    crash.wait_output(rf"in flight: GET /die\?how={how}, for \d+ ms, its "
                      "handler was running; answered with 500$")
    crash.wait_output(r"  at \S*crash\.so\+0x[0-9a-f]+$")


def test_a_stack_overflow_is_called_so(crash):
    with crash.connect() as client:
        client.request("GET", "/die?how=overflow")
        assert client.read_rest() == LAST_WORDS
    crash.wait_output(r"crashed: SIGSEGV \(stack overflow at 0x")


@pytest.mark.parametrize("how", HOWS)
def test_other_open_requests_are_answered_too(crash, how):
    with crash.connect() as one, crash.connect() as two, \
            crash.connect() as client:
        one.request("GET", "/hold")
        two.request("POST", "/hold", body=b"x" * 1000)
        wait_in_flight(crash, 2)
        client.request("GET", f"/die?how={how}")
        for each in (client, one, two):
            assert each.read_rest() == LAST_WORDS
    crash.wait_output(r"in flight: GET /hold, for \d+ ms; answered with 500$")
    crash.wait_output(r"in flight: POST /hold, for \d+ ms; answered with 500$")


def test_a_head_request_gets_no_body(crash):
    with crash.connect() as client:
        client.request("HEAD", "/die?how=null")
        assert client.read_rest() == LAST_HEAD


def test_an_answer_that_has_begun_is_cut_and_not_answered_again(crash):
    with crash.connect() as begun, crash.connect() as client:
        begun.request("GET", "/begin")
        while b"begun" not in begun.data:
            begun.receive()
        client.request("GET", "/die?how=null")
        assert client.read_rest() == LAST_WORDS
        rest = begun.read_rest()
    assert rest.count(b"HTTP/1.1") == 1 and b" 500 " not in rest
    crash.wait_output(r"in flight: GET /begin, for \d+ ms; cut$")


def test_answers_that_wait_are_not_overtaken(crash):
    """Pipelined: the first answer waits to be sent when the second request
    crashes. A 500 now would be taken for the first one's answer."""
    with crash.connect() as client:
        client.send(b"GET /pid HTTP/1.1\r\nHost: a\r\n\r\n"
                    b"GET /die?how=null HTTP/1.1\r\nHost: a\r\n\r\n")
        try:
            assert client.read_rest() == b""
        except ConnectionResetError:
            pass
    crash.wait_output(r"in flight: GET /die\?how=null, .* running; cut$")


def test_an_idle_connection_is_just_closed(crash):
    with crash.connect() as idle, crash.connect() as client:
        idle.request("GET", "/pid")
        idle.read()
        client.request("GET", "/die?how=abort")
        assert client.read_rest() == LAST_WORDS
        assert idle.read_rest() == b""


def test_a_signal_from_outside_is_reported_with_its_sender(crash):
    with crash.connect() as held:
        held.request("GET", "/hold")
        wait_in_flight(crash, 1)
        crash.send_signal(signal.SIGABRT, crash.workers()[0])
        assert held.read_rest() == LAST_WORDS
    crash.wait_output(r"crashed: SIGABRT \(sent by process \d+\)")


def test_a_crash_of_another_thread_answers_nothing(crash):
    """The loop's thread may be writing an answer at that moment."""
    with crash.connect() as held, crash.connect() as client:
        held.request("GET", "/hold")
        wait_in_flight(crash, 1)
        client.request("GET", "/die-elsewhere")
        for each in (held, client):
            try:
                assert each.read_rest() == b""
            except ConnectionResetError:
                pass
    crash.wait_output(r"crashed: SIGSEGV \(")
    crash.wait_output(r"in flight: GET /hold, for \d+ ms; cut$")


def test_a_handler_of_the_applications_own_wins(crash):
    with crash.connect() as client:
        client.request("GET", "/own")
        assert client.read().status == 200
        client.request("GET", "/die?how=null")
        try:
            assert client.read_rest() == b""
        except ConnectionResetError:
            pass
    crash.wait_output(r"died \(exit code 3")
    assert "the application's own handler" in crash.output
    assert "crashed:" not in crash.output


def test_it_can_be_turned_off(start_app):
    server = start_app(CRASH, "-n", "1",
                       env={**harness.crash_env(), "YOKE_CRASH": "off"})
    with server.connect() as client:
        client.request("GET", "/die?how=null")
        try:
            assert client.read_rest() == b""
        except ConnectionResetError:
            pass
    server.wait_output(r"died \(killed by SIGSEGV")
    assert not re.search("crashed:", server.output)
