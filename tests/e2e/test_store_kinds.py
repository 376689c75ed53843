"""State that the workers of a cluster share, by every kind of store that has
more than one process: nothing is lost between workers, and how a store is can
be seen from outside."""
import json
import os
import re
import threading

import harness
import pytest
import stores
from harness import wait_for

SHARED = harness.BUILD / "tests/apps/shared.so"
WORKERS = 4
WANTED = os.environ.get("YOKE_INCREMENTS")  # By `make counts`.


def increments(store):
    """For each worker. One that writes to a disk is asked for less."""
    is_slow = store.url.startswith("postgresql")
    return int(WANTED or harness.fewer(1000 if is_slow else 10000))


@pytest.fixture(params=stores.SHARED)
def store(request, tmp_path):
    with stores.running(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def redis(tmp_path):
    with stores.running("redis", tmp_path) as found:
        yield found


def connect_to_each(server):
    """A connection to each worker."""
    found, spare = {}, []

    def complete():
        client = server.connect()
        pid = ask(client, "/pid")
        if pid in found:
            # Kept open, so that others are given the next.
            spare.append(client)
        else:
            found[pid] = client
        return len(found) == WORKERS

    wait_for(complete, "a connection to each worker")
    for client in spare:
        client.close()
    return list(found.values())


def ask(client, target):
    client.request("GET", target)
    response = client.read()
    assert response.status == 200, response
    return response.text


def ask_all(clients, target):
    """The same of each, at a time; their answers."""
    answers = []

    def run(client):
        answers.append(ask(client, target))

    threads = [threading.Thread(target=run, args=(client,))
               for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.seconds(600)
def test_no_increment_and_no_swap_is_lost_between_workers(store, start_app):
    server = start_app(SHARED, "-n", str(WORKERS),
                       env={"YOKE_STORE": store.url})
    server.wait_ready(WORKERS)
    clients = connect_to_each(server)
    count = increments(store)
    swaps = count // 50
    assert ask_all(clients, f"/add/{count}") == [f"{count} 0"] * WORKERS
    swapped = ask_all(clients, f"/swap/{swaps}")
    assert [text.split()[0] for text in swapped] == [str(swaps)] * WORKERS
    assert ask(clients[0], "/sum") == f"{count * WORKERS} {swaps * WORKERS}"
    for client in clients:
        client.close()


# ---- How a store is, from outside ----

def ps(run_dir, *options):
    return harness.command("ps", *options,
                           env={"YOKE_RUN_DIR": str(run_dir)}).stdout


def store_of(run_dir):
    """What the only worker says of its only store."""
    worker, = json.loads(ps(run_dir, "--json"))[0]["workers"]
    found, = worker["stores"]
    return found


def wait_counts(run_dir, **wanted):
    """A client may have its answer a moment before that is counted."""
    def are_right():
        found = store_of(run_dir)
        return all(found[name] == value for name, value in wanted.items())
    wait_for(are_right, lambda: f"{wanted}, not {store_of(run_dir)}")


def test_a_circuit_that_opens_and_closes_is_seen_from_outside(
        redis, start_app, tmp_path):
    run_dir = tmp_path / "run"
    run_dir.mkdir(mode=0o700)
    server = start_app(SHARED, "-n", "1", "--name", "shop",
                       env={"YOKE_STORE": redis.url,
                            "YOKE_RUN_DIR": str(run_dir)})

    def circuit(wanted):
        wait_for(lambda: store_of(run_dir)["circuit"] in wanted,
                 f"a circuit that is {wanted}")

    def metric(text):
        lines = re.findall(rf'^yoke_store_{re.escape(text)}',
                           ps(run_dir, "--prometheus"), re.M)
        return len(lines) == 1

    labels = f'cluster="shop",slot="1",worker="1",store="{redis.url}"'
    server.wait_ready(1)
    circuit(["closed"])
    assert server.request("GET", "/count").text == "1"
    wait_counts(run_dir, done=1, failed=0, breaks=0, connects=1, open=0)
    found = store_of(run_dir)
    assert found["name"] == redis.url
    assert found["latency_us"]["p99"] > 0
    assert metric(f'circuit{{{labels},state="closed"}} 1')
    assert metric(f'calls_total{{{labels}}} 1')
    redis.kill()
    circuit(["open", "half-open"])
    assert server.request("GET", "/count").status == 503
    wait_counts(run_dir, failed=1, unavailable=1, breaks=1)
    assert metric(f'circuit{{{labels},state="closed"}} 0')
    assert metric(f'unavailable_total{{{labels}}} 1')
    redis.restart()
    circuit(["closed"])
    assert server.request("GET", "/count").text == "1"
    wait_counts(run_dir, connects=2)
