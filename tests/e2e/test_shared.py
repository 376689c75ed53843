"""State that workers share, by the examples and with each kind of store: counts
that are exact, and events that reach every browser, each once."""
import contextlib
import json
import re
import signal
import subprocess
import threading

import harness
import pytest
import sse
import stores
from harness import wait_for


@pytest.fixture(params=stores.KINDS)
def kind(request):
    return request.param


@pytest.fixture
def url(kind, tmp_path_factory):
    with stores.running(kind, tmp_path_factory.mktemp("s")) as store:
        yield store.url


def start(start_app, name, kind, url):
    workers = stores.KINDS[kind].workers
    server = start_app(name, "-n", str(workers), env={"YOKE_STORE": url})
    server.wait_ready(workers)
    return server


def in_threads(count, function):
    """function(i) in `count` threads; their results."""
    results = [None] * count

    def run(i):
        results[i] = function(i)

    threads = [threading.Thread(target=run, args=[i]) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# ---- The counter ----

def visit_often(server, count, workers):
    """So many visits by 8 clients, and more until that many workers have
    answered; their numbers."""
    found = []

    def visit(_):
        for _ in range(count // 8):
            text = server.request(target="/").text
            found.append(re.fullmatch(r"visit (\d+), worker (\d+)\n", text))

    def all_have_answered():
        in_threads(8, visit)
        return len({match[2] for match in found}) == workers
    wait_for(all_have_answered, "every worker to answer")
    return [int(match[1]) for match in found]


def test_visits_are_counted_over_all_workers(start_app, kind, url):
    server = start(start_app, "counter", kind, url)
    numbers = visit_often(server, harness.fewer(160),
                          stores.KINDS[kind].workers)
    count = len(numbers)
    assert sorted(numbers) == list(range(1, count + 1))
    server.stop()
    if not stores.KINDS[kind].survives:
        return
    # What was told once in a while is exact after a stop.
    server = start(start_app, "counter", kind, url)
    text = server.request(target="/metrics").text
    assert f"\nvisits_total {count}\n" in text
    assert f"\nrequests_total {count}\n" in text


# ---- The chat ----

@contextlib.contextmanager
def listeners(server, workers):
    """So many that every worker has one, and each is ready."""
    some = []

    def reach_all():
        pids = {pid for one in some for pid in one.of_type("welcome")}
        if len(pids) < workers and len(some) < 64:
            some.append(sse.Listener(server.port))
        return len(pids) == workers and all(one.is_ready for one in some)

    try:
        wait_for(reach_all, "listeners at all workers")
        yield some
    finally:
        for one in some:
            one.stop()


def say(client, name, text):
    client.request("POST", "/say", [("Content-Type",
                   "application/x-www-form-urlencoded")],
                   f"name={name}&text={text}".encode())
    return client.read("POST").status


def heard(listener):
    return [(message["name"], int(message["text"]))
            for message in map(json.loads, listener.of_type("said"))]


def check_heard(listener, senders, count):
    """Everything once, and what one sender said in its order."""
    messages = heard(listener)
    assert len(messages) == len(set(messages)), "something came twice"
    for sender in range(senders):
        said = [n for name, n in messages if name == f"s{sender}"]
        assert said == list(range(count)), (sender, said, listener.events)


@pytest.mark.parametrize("kind", [name for name, kind in stores.KINDS.items()
                                  if kind.has_channels])
def test_every_browser_hears_everything_once(start_app, kind, url):
    workers = stores.KINDS[kind].workers
    server = start(start_app, "chat", kind, url)
    senders, count = 4, max(3, harness.fewer(12))

    def send(sender):
        with server.connect() as client:
            for n in range(count):
                assert say(client, f"s{sender}", n) == 204

    with listeners(server, workers) as all_of_them:
        in_threads(senders, send)
        for one in all_of_them:
            wait_for(lambda one=one: len(heard(one)) >= senders * count,
                     lambda one=one: f"all messages: {one.events}")
            check_heard(one, senders, count)
            assert not one.of_type("missed")
            assert one.connects == 1


@pytest.mark.parametrize("kind", ["lmdb", "redis"])
def test_hundreds_hear_everything_though_some_do_not_read(start_app, kind, url):
    app = harness.BUILD / "bench/broadcast_app.so"
    server = start(start_app, app, kind, url)
    fast, slow = harness.fewer(300), 20
    with subprocess.Popen(
            [harness.BUILD / "bench/listeners", str(server.port), "news",
             str(fast), str(slow)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True) as clients:
        try:
            # They see to order and number; a line that is not there is a fault.
            assert clients.stdout.readline().startswith("ready")
            for line, answer in (("hear 1 200", "heard"),
                                 ("hear 50 200", "heard"),
                                 ("hear 60 16000", "heard"),
                                 ("wake", "awake 0"), ("hear 5 200", "heard")):
                clients.stdin.write(line + "\n")
                clients.stdin.flush()
                said = clients.stdout.readline()
                assert said.startswith(answer), (line, said)
        finally:
            clients.kill()


@pytest.mark.parametrize("kind", ["lmdb", "redis"])
def test_whose_worker_dies_hears_the_rest_from_another(start_app, kind, url):
    server = start(start_app, "chat", kind, url)
    count = 12

    def say_all(numbers):
        with server.connect() as client:
            for n in numbers:
                assert say(client, "s0", n) == 204

    with listeners(server, 4) as all_of_them:
        say_all(range(4))
        victim = server.workers()[0]
        server.send_signal(signal.SIGKILL, victim)
        # Nobody's request is with it; its listeners come back meanwhile.
        server.wait_output(rf"worker {victim} died")
        say_all(range(4, count))
        for one in all_of_them:
            wait_for(lambda one=one: len(heard(one)) >= count,
                     lambda one=one: f"all messages: {one.events}")
            check_heard(one, 1, count)
        assert any(one.connects > 1 for one in all_of_them)


def test_a_deploy_sends_browsers_to_the_new_workers(start_app, tmp_path):
    url = f"lmdb:{tmp_path}/state"
    server = start(start_app, "chat", "lmdb", url)
    with listeners(server, 4) as all_of_them:
        old = server.workers()
        server.send_signal(signal.SIGHUP)
        with server.connect() as client:
            assert say(client, "s0", 0) == 204
        server.wait_workers(4, other_than=old)
        server.wait_ready(4)
        wait_for(lambda: all(one.connects > 1 and one.is_ready
                             for one in all_of_them), "all to be back")
        with server.connect() as client:
            assert say(client, "s0", 1) == 204
        for one in all_of_them:
            wait_for(lambda one=one: len(heard(one)) >= 2,
                     lambda one=one: f"both messages: {one.events}")
            check_heard(one, 1, 2)


# ---- The cache ----

@pytest.mark.parametrize("kind, path", [
    *((kind, "/value") for kind in stores.MAIN), ("redis", "/page")])
def test_of_many_requests_to_all_workers_one_computes(start_app, kind, url,
                                                      path):
    app = harness.BUILD / "tests/apps/cached.so"
    server = start(start_app, app, kind, url)
    count, keys = max(16, harness.fewer(64)), 4

    def ask(i):
        with server.connect() as client:
            client.request("GET", f"{path}/k{i % keys}")
            return client.read().text

    answers = in_threads(count, ask)
    # All that asked for a key were answered with the same computation.
    assert len(set(answers)) == keys, answers
    assert {answer.split()[0] for answer in answers} == {"k0", "k1", "k2", "k3"}
    assert server.request(target="/computed").text == str(keys)
    assert set(in_threads(8, ask)) <= set(answers)
    assert server.request(target="/computed").text == str(keys)


@pytest.mark.parametrize("kind", ["lmdb", "redis"])
def test_who_has_changed_a_page_reads_it_anew(start_app, kind, url):
    app = harness.BUILD / "tests/apps/cached.so"
    server = start(start_app, app, kind, url)

    def number():
        return int(server.request(target="/page/k").text.split()[1])

    for n in (1, 2):
        # Somebody asks, and before he is answered it is changed.
        before = []
        asking = threading.Thread(target=lambda before=before:
                                  before.append(number()))
        asking.start()
        wait_for(lambda n=n: server.request(target="/computed").text
                 == str(2 * n - 1), "a computation")
        assert server.request("POST", "/page/k").status == 204
        after = number()
        asking.join()
        assert after == before[0] + 1 == 2 * n
        assert server.request("POST", "/page/k").status == 204


def test_when_the_worker_that_computes_dies_another_does(start_app, tmp_path):
    app = harness.BUILD / "tests/apps/cached.so"
    server = start(start_app, app, "lmdb", f"lmdb:{tmp_path}/state")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(12)]
        victim = server.workers()[0]
        for client in clients:
            client.request("GET", "/value/k")
        wait_for(lambda: server.request(target="/computed").text != "0",
                 "a computation")
        server.send_signal(signal.SIGKILL, victim)
        server.wait_output(rf"worker {victim} died")
        answered = 0
        for client in clients:
            with contextlib.suppress(AssertionError, ConnectionError):
                answered += client.read().text.startswith("k ")
        assert answered > 0
    assert server.request(target="/value/k").text.startswith("k ")


# ---- The store comes back empty ----

def test_the_chat_goes_on_when_the_store_has_lost_everything(
        start_app, tmp_path_factory):
    with stores.running("redis", tmp_path_factory.mktemp("s")) as store:
        server = start(start_app, "chat", "redis", store.url)
        with listeners(server, 4) as all_of_them, server.connect() as client:
            assert say(client, "s0", 0) == 204
            for one in all_of_them:
                wait_for(lambda one=one: heard(one), "the first message")
            store.restart()
            wait_for(lambda: say(client, "s0", 1) == 204, "the store")
            for one in all_of_them:
                wait_for(lambda one=one: ("s0", 1) in heard(one),
                         lambda one=one: f"the second message: {one.events}")
                messages = heard(one)
                assert len(messages) == len(set(messages)), messages
