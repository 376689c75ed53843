"""Signing in while workers are killed and the store comes and goes: who was told
that he is signed in is so, and nobody is shown another's session.
$YOKE_ROUNDS says how often; `make proofs` does it long."""
import contextlib
import os
import random
import re
import signal
import threading

import harness
import pytest
import stores
from harness import wait_for
from test_sessions import LOGIN, WORKERS, Browser, form

ROUNDS = int(os.environ.get("YOKE_ROUNDS", "1"))
USERS = 4
PASSWORDS = {"ada": "lovelace", "grace": "hopper"}


class Crowd:
    """What all users have seen."""

    def __init__(self):
        self.server = None
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.count = 0        # Of addresses, each of which may guess five times.
        self.signed_in = {}   # Cookies, and who has them.
        self.signed_out = set()
        self.faults = []

    def new_browser(self, cookie=None):
        with self.lock:
            self.count += 1
            n = self.count
        return Browser(self.server, f"127.1.{n >> 8}.{n & 255}", cookie)

    def fault(self, text):
        with self.lock:
            self.faults.append(text)


def ask(crowd, browser, method, target, body=b""):
    """Its answer; None when there was none: its worker died, or the store was
    away."""
    with contextlib.suppress(ConnectionError, AssertionError):
        response = browser.ask(method, target, body)
        if response.status in (200, 303):
            return response
        if response.status != 503:
            crowd.fault(f"{method} {target}: {response}")
    return None


def name_at(crowd, cookie):
    """Who is signed in there; "" for nobody. Asks until somebody answers."""
    browser = crowd.new_browser(cookie)
    page = wait_for(lambda: ask(crowd, browser, "GET", "/"), "a page", 60).text
    found = re.search(r"You are (\w+)\.", page)
    assert found or "Sign in" in page, page
    return found[1] if found else ""


def check(crowd, cookie, name):
    found = name_at(crowd, cookie)
    if found != name:
        crowd.fault(f"{cookie} is {found!r}'s, not {name!r}'s")


def sign_in(crowd, name):
    """The cookie; None when nobody said that it is so."""
    browser = crowd.new_browser()
    response = ask(crowd, browser, "POST", "/login",
                   form(name=name, password=PASSWORDS[name]))
    if not response:
        return None
    with crowd.lock:
        if browser.cookie in crowd.signed_in:
            crowd.faults.append(f"{browser.cookie} was given twice")
        crowd.signed_in[browser.cookie] = name
    return browser.cookie


def sign_out(crowd, cookie):
    browser = crowd.new_browser(cookie)
    with crowd.lock:  # Until it is answered nobody knows.
        del crowd.signed_in[cookie]
    if ask(crowd, browser, "POST", "/logout"):
        with crowd.lock:
            crowd.signed_out.add(cookie)


def use(crowd, seed):
    chance = random.Random(seed)
    try:
        while not crowd.is_over.is_set():
            name = chance.choice(sorted(PASSWORDS))
            cookie = sign_in(crowd, name)
            if not cookie:
                continue
            for _ in range(chance.randrange(3)):
                check(crowd, cookie, name)
            if chance.random() < 0.5:
                sign_out(crowd, cookie)
    except Exception as error:
        crowd.fault(repr(error))
        raise


def wait_for_more(crowd, count=4):
    """Until so many have signed in since."""
    before = len(crowd.signed_in) + len(crowd.signed_out)
    wait_for(lambda: (len(crowd.signed_in) + len(crowd.signed_out)
                      >= before + count) or crowd.faults,
             "somebody to be let in", 60)


def hurt(server, store, crowd):
    """Each worker dies once, and in the midst of it the store, if it has a server
    of its own."""
    for kill in range(WORKERS):
        wait_for_more(crowd)
        victim = server.wait_ready(WORKERS)[kill]
        server.send_signal(signal.SIGKILL, victim)
        server.wait_output(rf"worker {victim} died")
        if kill == 1 and store.process:
            store.kill()
            wait_for(lambda: ask_status(crowd) == 503, "the store to be missed")
            store.start()
        if kill == 2 and store.process and ROUNDS > 1:
            store.freeze()  # Until calls run out of time.
            wait_for(lambda: ask_status(crowd) == 503, "the store to be missed")
            store.thaw()
    wait_for_more(crowd)


def ask_status(crowd):
    with contextlib.suppress(ConnectionError, AssertionError):
        return crowd.new_browser("a=b").ask(
            "POST", "/login", form(name="ada", password="x")).status


def run_round(start, store, crowd, seed):
    server = crowd.server = start(
        [LOGIN], env={"YOKE_STORE": store.url, "SECRET": "of the tests",
                      "YOKE_WORKERS": str(WORKERS)})
    server.wait_ready(WORKERS)
    crowd.is_over.clear()
    users = [threading.Thread(target=use, args=(crowd, seed * USERS + n))
             for n in range(USERS)]
    for user in users:
        user.start()
    try:
        hurt(server, store, crowd)
    finally:
        crowd.is_over.set()
        for user in users:
            user.join()
    for cookie, name in random.Random(seed).sample(
            sorted(crowd.signed_in.items()), min(20, len(crowd.signed_in))):
        check(crowd, cookie, name)
    for cookie in list(crowd.signed_out)[-10:]:
        check(crowd, cookie, "")
    server.stop()


# What a server of Redis has acknowledged, it has when it comes back.
@pytest.mark.seconds(3600)
@pytest.mark.parametrize("kind, options", [
    ("lmdb", ""),
    ("redis", ["--appendonly", "yes", "--appendfsync", "always"])])
def test_nobody_is_taken_for_another_and_nobody_is_forgotten(
        start, tmp_path, kind, options):
    crowd = Crowd()
    with stores.running(kind, tmp_path) as store:
        if options:
            store.kill()
            store.command += options
            store.start()
        for seed in range(ROUNDS):
            run_round(start, store, crowd, seed)
            assert not crowd.faults, crowd.faults[:5]
    assert len(crowd.signed_in) > 3
