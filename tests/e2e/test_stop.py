"""Stopping under load: what has begun is answered, nobody sees a reset."""
import contextlib
import signal
import threading
import time

import harness
import load
import pytest
from harness import wait_for

PROBE = harness.BUILD / "tests/apps/probe.so"
MIRROR = harness.BUILD / "tests/apps/mirror.so"
TUNED = harness.BUILD / "tests/apps/tuned"
GET_PID = b"GET /pid HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(params=["rr", "none"])
def probe(request, start_app):
    server = start_app(PROBE, "-n", "2", "--sched", request.param)
    server.wait_ready(2)
    return server


def begin(server, target, count=1):
    """Connections with a request under way."""
    clients = [server.connect() for _ in range(count)]
    for client in clients:
        client.request("GET", target)
    return clients


def wait_begun(server, clients):
    """Waits until the requests on these connections have been read: those of
    connections that came later have been answered by every worker."""
    pids = set()

    def all_have_answered():
        pids.add(server.request("GET", "/pid").text)
        return len(pids) == len(server.workers())
    wait_for(all_have_answered, "every worker to answer")
    return clients


def idle_at_each(server):
    """Connections that have been answered, at least one of each worker."""
    clients, pids = [], set()

    def are_everywhere():
        clients.append(server.connect())
        clients[-1].request("GET", "/pid")
        pids.add(int(clients[-1].read().text))
        return pids >= set(server.workers())
    wait_for(are_everywhere, "a connection of each worker")
    return clients


def close(clients):
    for client in clients:
        client.close()


def has_stopped_accepting(server):
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        pass  # Made in the moment in which the port closed.
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_under_way_are_answered_whole(probe, number, tmp_path):
    end = tmp_path / "end"
    clients = wait_begun(probe, begin(probe, f"/slow?until={end}", 20))
    idle = idle_at_each(probe)
    probe.send_signal(number)
    for client in idle:
        client.expect_eof()  # Its worker has heard of it.
    end.touch()
    for client in clients:
        response = client.read()
        assert (response.status, response.text) == (200, "slow")
        assert response.closes
        client.expect_eof()
    assert probe.wait_exit() == 0
    close(clients + idle)


def test_an_answer_in_pieces_comes_to_its_end(probe):
    """Most of it is sent after the signal."""
    pieces, size = 150, 65536
    clients = [probe.connect(room=1 << 18) for _ in range(2)]
    for client in clients:
        client.request("GET", f"/stream?n={pieces}&size={size}")
        client.receive()
    probe.send_signal(signal.SIGTERM)
    wait_for(lambda: has_stopped_accepting(probe), "the listener to close")
    for client in clients:
        assert len(client.read_last().body) == pieces * size
    assert probe.wait_exit() == 0
    close(clients)


def test_a_body_on_its_way_is_still_read(start_app):
    server = start_app(MIRROR, "-n", "1")
    with server.connect() as client:
        client.send(b"POST /seen HTTP/1.1\r\nHost: a\r\n"
                    b"Content-Length: 10\r\n\r\nhello")
        server.request("GET", "/seen")
        server.send_signal(signal.SIGTERM)
        wait_for(lambda: has_stopped_accepting(server), "the listener to close")
        client.send(b"world")
        response = client.read()
        assert response.status == 200 and "helloworld" in response.text
        assert response.closes
        client.expect_eof()
    assert server.wait_exit() == 0


def test_a_head_on_its_way_is_still_answered(start_app):
    server = start_app(MIRROR, "-n", "1")
    with server.connect() as client:
        client.send(b"GET /seen HTTP/1.1\r\nHos")
        server.request("GET", "/seen")
        server.send_signal(signal.SIGTERM)
        wait_for(lambda: has_stopped_accepting(server), "the listener to close")
        client.send(b"t: a\r\n\r\n")
        response = client.read()
        assert response.status == 200 and response.closes
        client.expect_eof()
    assert server.wait_exit() == 0


def test_clients_that_never_pause_see_no_reset(probe):
    """Each answer is whole, and the last one of a connection says so, or the
    connection ends cleanly between two answers."""
    with load.Load(probe, keep_alive=12, target="/pid") as run:
        run.wait_answered(500)
        probe.send_signal(signal.SIGTERM)
        assert probe.wait_exit() == 0
    assert not run.resets, run.resets
    assert not run.hung and not run.malformed
    assert not run.failures, run.failures
    assert set(run.statuses) == {200}


def test_new_connections_are_answered_or_refused(probe):
    """A connection that was made before the port closed is answered."""
    with load.Load(probe, new=12, target="/pid") as run:
        run.wait_answered(300)
        probe.send_signal(signal.SIGTERM)
        assert probe.wait_exit() == 0
    assert not run.hung and not run.malformed
    assert not run.failures, run.failures
    assert not run.resets, run.resets


BATCH = 16


def pipeline(server, errors, has_begun):
    """Sends requests in batches until the server ends it. All that comes back
    must be whole answers, the last of which says so, and a clean end."""
    with server.connect() as client:
        try:
            response = None
            while not response or not response.closes:
                client.send(GET_PID * BATCH)
                for _ in range(BATCH):
                    response = client.read()
                    has_begun.set()
                    if response.closes:
                        break
            client.expect_eof()
        except (AssertionError, OSError, harness.http1.Malformed) as error:
            errors.append(error)


def test_clients_that_send_ahead_see_no_reset(probe):
    """What comes behind the last request is read away: a reset could destroy
    the answer on its way."""
    errors = []
    begun = [threading.Event() for _ in range(6)]
    threads = [threading.Thread(target=pipeline, args=[probe, errors, event])
               for event in begun]
    for thread in threads:
        thread.start()
    for event in begun:
        assert event.wait(harness.DEADLINE_SECONDS)
    probe.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert errors == []
    assert probe.wait_exit() == 0


def check_idle_connections_end(server):
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.request("GET", "/pid")
        client.read()
    server.send_signal(signal.SIGTERM)
    for client in clients:
        client.expect_eof()
    assert server.wait_exit() == 0
    close(clients)


def test_idle_connections_end_without_a_word(probe):
    check_idle_connections_end(probe)


def test_idle_connections_end_one_after_the_other(start_app):
    """Over half of what the stop may take, so that none is cut."""
    server = start_app(PROBE, "-n", "1", "--close-spread", "1h",
                       "--stop-timeout", "4s")
    check_idle_connections_end(server)


def test_connections_that_never_spoke_end_without_a_word(probe):
    clients = wait_begun(probe, [probe.connect() for _ in range(20)])
    probe.send_signal(signal.SIGTERM)
    for client in clients:
        client.expect_eof()
    assert probe.wait_exit() == 0
    close(clients)


def test_a_second_sigint_stops_at_once(probe):
    [client] = wait_begun(probe, begin(probe, "/slow?ms=15000"))
    probe.send_signal(signal.SIGINT)
    wait_for(lambda: has_stopped_accepting(probe), "the listener to close")
    # Two within 20 ms are one: whoever started it may pass Ctrl-C on.
    time.sleep(0.1)
    assert probe.process.poll() is None
    probe.send_signal(signal.SIGINT)
    assert probe.wait_exit() == 130
    with pytest.raises((AssertionError, ConnectionResetError)):
        client.read()
    client.close()


def test_a_second_sigterm_changes_nothing(probe, tmp_path):
    end = tmp_path / "end"
    [client] = wait_begun(probe, begin(probe, f"/slow?until={end}"))
    for _ in range(3):
        probe.send_signal(signal.SIGTERM)
        time.sleep(0.03)
    end.touch()
    assert client.read().text == "slow"
    assert probe.wait_exit() == 0
    client.close()


def test_what_outlives_the_deadline_is_cut(start):
    server = start([TUNED, PROBE, "workers=2", "stop_timeout_ms=300"])
    server.wait_workers(2)
    [client] = wait_begun(server, begin(server, "/slow?ms=15000"))
    server.send_signal(signal.SIGTERM)
    with pytest.raises((AssertionError, ConnectionResetError)):
        client.read()
    assert server.wait_exit() == 1
    client.close()


def test_a_worker_that_hangs_is_killed_at_the_deadline(start):
    server = start([TUNED, PROBE, "workers=2", "stop_timeout_ms=300"])
    server.wait_workers(2)
    [client] = begin(server, "/hang")

    def is_answered():
        # The one that hangs may have taken this too, before it hung.
        with server.connect() as other, contextlib.suppress(TimeoutError):
            other.socket.settimeout(1)
            other.request("GET", "/pid")
            return other.read().status == 200
    wait_for(is_answered, "an answer from the other worker")
    server.send_signal(signal.SIGTERM)
    assert server.wait_exit() == 1
    assert "did not stop within" in server.output
    client.close()


def test_a_worker_killed_while_stopping_is_not_replaced(probe):
    wait_begun(probe, clients := begin(probe, "/slow?ms=15000", 4))
    victims = probe.workers()
    probe.send_signal(signal.SIGTERM)
    wait_for(lambda: has_stopped_accepting(probe), "the listener to close")
    for pid in victims:
        # Under OS scheduling one may have had nothing to finish.
        with contextlib.suppress(ProcessLookupError):
            probe.send_signal(signal.SIGKILL, pid)
    assert probe.wait_exit() in (0, 1)
    close(clients)
