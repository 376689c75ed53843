"""Clients that keep a server busy, and note how each request ended.

    with Load(server, keep_alive=8, new=8, target="/pid") as load:
        ...                     # kill, stop, reload
    assert not load.hung and load.answered > 0

A request ends in an answer, in the end of the connection, or in an error of
the socket; one that ends in nothing within the deadline is `hung`. Each
client is a thread with one request under way.
"""
import socket
import threading
import time

import harness
import http1

# While the server refuses connections there is nothing to do.
REST_SECONDS = 0.01


class Failure:
    """A request that got no whole answer: what came instead, and the text of
    the last whole answer on its connection, None when it was the first."""

    def __init__(self, error, previous, data):
        self.error = error
        self.previous = previous
        self.data = data

    def __repr__(self):
        return f"<{self.error!r} after {self.previous!r}: {self.data[:60]!r}>"


class Load:
    def __init__(self, server, keep_alive=0, new=0, target="/"):
        self.server = server
        self.target = target
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.answered = 0
        self.crashed = 0    # Answers of a worker that crashed meanwhile.
        self.texts = {}     # Text of answers: how often it came.
        self.statuses = {}  # The same for statuses.
        self.failures = []  # Requests that were sent, in vain.
        self.resets = []    # Errors between two requests: while sending one,
                            # or instead of a clean end.
        self.refused = 0    # Connections that could not be made.
        self.hung = []
        self.malformed = []
        kinds = [self.keep_alive] * keep_alive + [self.open_anew] * new
        self.threads = [threading.Thread(target=self.run, args=[kind])
                        for kind in kinds]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def wait_answered(self, count):
        """Waits until that many more requests have been answered."""
        goal = self.answered + count
        harness.wait_for(lambda: self.answered >= goal,
                         lambda: f"{count} answers; failures {self.failures}")

    # The threads.

    def run(self, client):
        while not self.stopping.is_set():
            try:
                connection = self.server.connect()
            except OSError:
                with self.lock:
                    self.refused += 1
                time.sleep(REST_SECONDS)
                continue
            with connection:
                client(connection)

    def keep_alive(self, connection):
        """Requests on one connection until it ends."""
        previous = None
        while not self.stopping.is_set():
            response = self.exchange(connection, previous, close=False)
            if not response or response.closes:
                return
            previous = response.text

    def open_anew(self, connection):
        """One request on one connection."""
        self.exchange(connection, None, close=True)

    def exchange(self, connection, previous, close):
        """One request; its answer, or None."""
        try:
            connection.request("GET", self.target, close=close)
            response = connection.read()
        except (socket.timeout, OSError, AssertionError,
                harness.http1.Malformed) as error:
            self.note_failure(error, previous, connection)
            return None
        if response.text == http1.CRASH_TEXT and response.status == 500:
            with self.lock:
                self.crashed += 1
            return None
        with self.lock:
            self.answered += 1
            self.texts[response.text] = self.texts.get(response.text, 0) + 1
            self.statuses[response.status] = (
                self.statuses.get(response.status, 0) + 1)
        return response

    def note_failure(self, error, previous, connection):
        failure = Failure(error, previous, connection.data)
        if isinstance(error, socket.timeout):
            kind = self.hung
        elif isinstance(error, harness.http1.Malformed):
            kind = self.malformed
        elif isinstance(error, OSError):
            kind = self.resets
        else:
            kind = self.failures
        with self.lock:
            kind.append(failure)
