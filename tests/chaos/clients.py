"""Clients that can tell whether each request got exactly one right answer.

Every request has an id of its own, which its answer must repeat (see
tests/apps/chaos.c), and nothing may follow an answer. A request that ends
otherwise is a Failure, with what is needed to judge whether the client had to
put up with it: that is for judge.py. Between two steps of a run they can be
parked, with their connections open and idle.
"""
import socket
import threading
import time

import harness
import http1

REST_SECONDS = 0.01
PIECES = 3              # of a slow body,
PIECE_SECONDS = 0.004   # with a pause between them


class Failure:
    """A request without its answer. `kind`: ended, reset, crashed, refused,
    hung, malformed, wrong, status; `previous` is the process that answered
    last on its connection, None when it was the first one."""

    def __init__(self, kind, name, previous, begun, what):
        self.kind = kind
        self.name = name
        self.previous = previous
        self.begun = begun
        self.ended = time.time()
        self.what = what

    def __repr__(self):
        return (f"<{self.kind}: request {self.name}, {self.previous} answered "
                f"before it, {self.ended - self.begun:.3f} s: {self.what!r}>")


class Wrong(Exception):
    """An answer, but not to this request."""


class Clients:
    """`keep` clients that keep their connections, `new` that open one for each
    request, `slow` whose requests have a body that takes its time, and `rude`
    that go away in the midst of it."""

    def __init__(self, server, keep=4, new=3, slow=3, rude=1):
        self.server = server
        self.changed = threading.Condition()
        self.is_parking = self.is_hanging_up = self.is_ending = False
        self.parked = 0
        self.answered = 0
        self.failures = []
        self.versions = set()  # What answered since they were last parked.
        self.kept = keep + slow
        kinds = [(self.keep, keep), (self.new, new), (self.slow, slow),
                 (self.rude, rude)]
        self.threads = []
        for kind, count in kinds:
            for _ in range(count):
                name = f"{kind.__name__}{len(self.threads)}"
                self.threads.append(threading.Thread(
                    target=self.run, args=[name, kind], daemon=True))
        self.counts = [0] * len(self.threads)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        with self.changed:
            self.is_ending = True
            self.changed.notify_all()
        for thread in self.threads:
            thread.join(harness.DEADLINE_SECONDS * 2)

    # For the run.

    def park(self, hang_up=False):
        """Lets everybody finish what it has begun, and then wait; with its
        connection open, or without one."""
        with self.changed:
            self.is_parking = True
            self.is_hanging_up = hang_up
            done = self.changed.wait_for(
                lambda: self.parked == len(self.threads),
                harness.DEADLINE_SECONDS * 2)
        assert done, f"{len(self.threads) - self.parked} clients hang"

    def go_on(self):
        with self.changed:
            self.is_parking = self.is_hanging_up = False
            self.changed.notify_all()

    def wait_answered(self, count=1):
        """Waits until each has had that many more answers (a rude one: has
        gone so often)."""
        goals = [done + count for done in self.counts]
        harness.wait_for(
            lambda: all(done >= goal
                        for done, goal in zip(self.counts, goals)),
            lambda: "answers for all clients, not "
                    f"{dict(zip((t.name for t in self.threads), self.counts))}"
                    f"; goals {goals}")

    def take_failures(self):
        with self.changed:
            failures, self.failures = self.failures, []
            return failures

    # The threads.

    def rest(self):
        """Between two requests. False at the end."""
        if self.is_parking or self.is_ending:
            with self.changed:
                self.parked += 1
                self.changed.notify_all()
                self.changed.wait_for(
                    lambda: not self.is_parking or self.is_ending)
                self.parked -= 1
        return not self.is_ending

    def run(self, name, kind):
        index = int(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
        number = 0
        while self.rest():
            try:
                connection = self.server.connect()
            except OSError as error:
                self.fail("refused", name, None, time.time(), repr(error))
                time.sleep(REST_SECONDS)
                continue
            with connection:
                number = kind(connection, name, index, number)

    def keep(self, connection, name, index, number, ask=None):
        previous = None
        while True:
            number += 1
            previous = (ask or self.get)(connection, f"{name}-{number}",
                                         previous)
            if previous is None:
                return number
            self.counts[index] += 1
            if self.is_hanging_up or not self.rest():
                return number

    def slow(self, connection, name, index, number):
        return self.keep(connection, name, index, number, self.post)

    def new(self, connection, name, index, number):
        number += 1
        if self.get(connection, f"{name}-{number}", None, close=True):
            self.counts[index] += 1
        return number

    def rude(self, connection, name, index, number):
        number += 1
        connection.send(f"POST /{name}-{number} HTTP/1.1\r\nHost: a\r\n"
                        "Content-Length: 100\r\n\r\nhalf".encode())
        time.sleep(PIECE_SECONDS)
        connection.reset()
        self.counts[index] += 1
        return number + 1

    # One request; the process that answered, None when the connection is to
    # be used no more.

    def get(self, connection, name, previous, close=False):
        return self.exchange(
            connection, name, previous, 0, close,
            lambda: connection.request("GET", f"/{name}", close=close))

    def post(self, connection, name, previous):
        body = name.encode() * PIECES
        head = (f"POST /{name} HTTP/1.1\r\nHost: test\r\n"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        pieces = [head] + [name.encode()] * PIECES
        return self.exchange(
            connection, name, previous, sum(body), False,
            lambda: connection.send(*pieces, pause_seconds=PIECE_SECONDS))

    def exchange(self, connection, name, previous, total, close, send):
        begun = time.time()
        try:
            send()
            response = connection.read()
            pid = self.check(response, connection, name, total)
            if close:
                connection.expect_eof()
        except socket.timeout as error:
            kind, what = "hung", error
        except (http1.Malformed, Wrong) as error:
            kind, what = type(error).__name__.lower(), error
        except OSError as error:
            kind, what = "reset", error
        except AssertionError as error:
            kind, what = "ended", error
        else:
            if pid:
                with self.changed:
                    self.answered += 1
                return None if response.closes and not close else pid
            kind = ("crashed" if http1.is_crash(response) else "status")
            what = f"{response.status} {response.text}"
        self.fail(kind, name, previous, begun, str(what))
        return None

    def check(self, response, connection, name, total):
        """The process that answered; None when it was an error."""
        if response.status != 200:
            return None
        words = response.text.split()
        if len(words) != 4 or words[0] != name or words[3] != str(total):
            raise Wrong(f"{response.text!r} for {name}, sum {total}")
        if connection.data:
            raise Wrong(f"behind the answer: {connection.data[:80]!r}")
        with self.changed:
            self.versions.add(words[2])
        return int(words[1])

    def fail(self, kind, name, previous, begun, what):
        with self.changed:
            self.failures.append(Failure(kind, name, previous, begun, what))
