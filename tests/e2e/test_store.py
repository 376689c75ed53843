"""State that the workers of a cluster share by the embedded store."""
import contextlib
import signal

import harness
import pytest
from harness import wait_for

SHARED = harness.BUILD / "tests/apps/shared.so"
WORKERS = 4


@pytest.fixture
def server(start_app, tmp_path):
    return start_app(SHARED, "-n", str(WORKERS),
                     env={"YOKE_STORE": f"lmdb:{tmp_path}/state"})


def ask(server, target):
    """An answer's text by a connection of its own; None when its worker died
    under it."""
    with contextlib.suppress(ConnectionError, AssertionError):
        with server.connect() as client:
            client.request("GET", target)
            response = client.read()
            assert response.status == 200, response
            return response.text


def test_a_count_goes_on_while_workers_are_killed(server):
    acknowledged = [0]

    def count(times):
        for _ in range(times):
            text = ask(server, "/count")
            if text is not None:
                acknowledged.append(int(text))

    count(50)
    assert acknowledged == list(range(51))
    for kill in range(5):
        server.send_signal(signal.SIGKILL, server.wait_workers(WORKERS)[0])
        server.wait_output(r"died \(killed by SIGKILL\)", kill + 1)
        count(20)
    # Whatever was acknowledged has been counted, and nothing twice.
    assert acknowledged == sorted(set(acknowledged))
    wait_for(lambda: (ask(server, "/count") or "0") > "0", "the last count")
    assert len(acknowledged) > 100


def test_a_message_reaches_every_worker(server):
    heard = {}

    def everybody(least):
        text = ask(server, "/heard")
        if text:
            pid, count = map(int, text.split())
            heard[pid] = count
        alive = server.workers()
        return (len(alive) == WORKERS
                and all(heard.get(pid, -1) >= least for pid in alive))

    wait_for(lambda: everybody(0), "every worker to listen")
    assert ask(server, "/say") is not None
    wait_for(lambda: everybody(1), "every worker to hear it")
    # Also when the one through which messages go has died.
    for pid in server.workers():
        server.send_signal(signal.SIGKILL, pid)
        server.wait_output(rf"worker {pid} died")
        server.wait_workers(WORKERS, other_than=[pid])
        wait_for(lambda: everybody(0), "every worker to listen again")
        heard.clear()
    # Who is just on the way to the new one misses what is said meanwhile.
    # An odd number of questions, so that not always the same are asked.
    wait_for(lambda: (ask(server, "/say") is not None
                      and any(everybody(1) for _ in range(8))),
             lambda: f"every worker to hear of it again: {heard}")
