"""Sessions and limits that the workers of a cluster share, over each store."""
import concurrent.futures
import os
import re
import urllib.parse

import harness
import pytest
import stores

SESSIONS = harness.BUILD / "tests/apps/sessions.so"
LOGIN = harness.EXAMPLES / "login"
WORKERS = 4
MANY = harness.fewer(32)
REQUESTS = int(os.environ.get("YOKE_REQUESTS") or harness.fewer(1000))
LIMIT = REQUESTS // 2


@pytest.fixture(params=stores.SHARED)
def store(request, tmp_path):
    with stores.running(request.param, tmp_path) as found:
        yield found.url


class Browser:
    """Keeps one cookie; each request has a connection of its own, and so, as
    connections are dealt, a worker of its own."""

    def __init__(self, server, source="127.0.0.1", cookie=None):
        self.server, self.source, self.cookie = server, source, cookie

    def ask(self, method, target, body=b"", headers=()):
        headers = list(headers)
        if self.cookie:
            headers.append(("Cookie", self.cookie))
        if body:
            headers.append(("Content-Type",
                            "application/x-www-form-urlencoded"))
        with self.server.connect(source=self.source) as client:
            client.request(method, target, headers, body, close=True)
            response = client.read(method)
        if cookie := response.header("set-cookie"):
            self.cookie = cookie.split(";")[0]
        return response

    def get(self, target):
        response = self.ask("GET", target)
        assert response.status == 200, response
        return response.text


def at_once(count, fn):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        return list(pool.map(fn, range(count)))


def load(server, target):
    """So many requests by 100 connections at the same time; how many were
    answered, and how."""
    done = harness.run(["h2load", "--h1", f"-n{REQUESTS}", "-c100",
                        f"http://127.0.0.1:{server.port}{target}"])
    return (re.search(r"\d+ done", done.stdout).group(),
            re.search(r"status codes: (.*)", done.stdout).group(1))


@pytest.mark.seconds(600)
def test_workers_share_sessions_and_limits(start_app, store):
    server = start_app(SESSIONS, "-n", WORKERS,
                       env={"YOKE_STORE": store, "LIMIT": str(LIMIT)})
    server.wait_ready(WORKERS)
    ada = Browser(server)
    assert ada.get("/set?k=first&v=1") == "set"
    # Requests at the same time: nothing that one sets is lost by another.
    cookie = ada.cookie
    at_once(MANY, lambda n: Browser(server, cookie=cookie).get(
        f"/set?k=name{n}&v={n}"))
    seen = set()

    def is_seen_by_several():
        seen.update(at_once(8, lambda _: tuple(ada.get("/count").split())))
        return len({pid for count, pid in seen}) > 1
    harness.wait_for(is_seen_by_several, "more than one worker to answer")
    assert {count for count, pid in seen} == {str(MANY + 1)}
    assert all(ada.get(f"/get?k=name{n}") == str(n) for n in range(0, MANY, 5))
    # Exactly so many pass.
    for target in ("/window", "/bucket"):
        # A half passes, and no other.
        assert load(server, target) == (
            f"{REQUESTS} done",
            f"{LIMIT} 2xx, 0 3xx, {REQUESTS - LIMIT} 4xx, 0 5xx")
        assert ada.ask("GET", target).status == 429
    # Whatever still has to be stored, what is destroyed does not come back.
    at_once(12, lambda n: Browser(server, cookie=cookie).get(
        "/end" if n == 5 else f"/set?k=late&v={n}"))
    assert Browser(server, cookie=cookie).get("/count").split()[0] == "0"


def form(**fields):
    return urllib.parse.urlencode(fields).encode()


@pytest.mark.parametrize("store", stores.ALL_SHARED, indirect=True)
def test_the_login_serves_from_every_worker(start, store):
    server = start([LOGIN], env={"YOKE_STORE": store, "SECRET": "of the tests",
                                 "YOKE_WORKERS": str(WORKERS)})
    server.wait_ready(WORKERS)
    ada = Browser(server)
    assert "Sign in" in ada.get("/")
    assert ada.cookie is None
    response = ada.ask("POST", "/login", form(name="ada", password="lovelace"))
    assert (response.status, response.header("location")) == (303, "/")
    assert "Welcome." in ada.get("/")
    for _ in range(2 * WORKERS):
        page = ada.get("/")
        assert "You are ada." in page and "Welcome." not in page
    # A cookie that was there before is not the one that is signed in.
    eve = Browser(server, "127.0.0.2")
    assert eve.ask("POST", "/login", form(name="x", password="y")).status == 303
    slipped = eve.cookie
    eve.ask("POST", "/login", form(name="grace", password="hopper"))
    assert eve.cookie != slipped
    assert "You are grace." in eve.get("/")
    assert "Sign in" in Browser(server, cookie=slipped).get("/")
    # Signed out is signed out, in every worker.
    old = ada.cookie
    assert ada.ask("POST", "/logout").status == 303
    assert "Good bye." in ada.get("/")
    assert all("Sign in" in Browser(server, cookie=old).get("/")
               for _ in range(2 * WORKERS))
    # Five guesses, whichever worker hears them.
    guesses = at_once(9, lambda _: Browser(server, "127.0.0.3").ask(
        "POST", "/login", form(name="ada", password="guess")).status)
    assert sorted(guesses) == [303] * 5 + [429] * 4


def test_who_needs_no_session_does_not_miss_the_store(start_app, tmp_path):
    with stores.running("redis", tmp_path) as redis:
        server = start_app(SESSIONS, "-n", 2, env={"YOKE_STORE": redis.url})
        ada = Browser(server)
        assert ada.get("/set?k=a&v=1") == "set"
        redis.kill()
        assert ada.ask("GET", "/count").status == 503
        assert ada.ask("GET", "/set?k=a&v=2").status == 503
        bob = Browser(server)
        assert bob.get("/count").split()[0] == "0"
        # Who would get one is not told that he has.
        response = bob.ask("GET", "/set?k=a&v=1")
        assert response.status == 503 and bob.cookie is None
        # Limits are open.
        assert bob.get("/window") == bob.get("/bucket") == "passed"
        # It comes back, with nothing in it.
        redis.restart()
        harness.wait_for(lambda: all(ada.ask("GET", "/count").status == 200
                                     for _ in range(8)), "both workers")
        assert ada.get("/get?k=a") == "-"
        assert ada.get("/set?k=a&v=3") == "set"
        assert ada.get("/get?k=a") == "3"
