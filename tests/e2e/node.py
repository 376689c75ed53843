"""Runs tests/cluster/node: the scenarios of Node's tests of its cluster, told
in C with the public library. A test says in its first comment which of Node's
tests it comes from (test/parallel/test-cluster-*.js, prefix left out).

    lines = play("basic")            # runs to its end, which must be clean
    assert lines.of("P") == [...]    # what the primary said
    server = start_node("crowd")     # a scenario that the test takes part in
"""
import re

import harness
import pytest

NODE = harness.BUILD / "tests/cluster/node"


class Lines:
    """What a scenario has said, a line each: "P TEXT", "W1 TEXT"."""

    def __init__(self, text):
        self.text = text
        self.lines = text.splitlines()

    def of(self, who):
        """The lines of the primary ("P") or of a worker ("W1"), in order."""
        return [line[len(who) + 1:] for line in self.lines
                if line.startswith(who + " ")]

    def has(self, pattern):
        """How many lines match."""
        return len(re.findall(pattern, self.text, re.M))

    def events(self, worker_id):
        """The names of what the primary heard of a worker, in order."""
        return re.findall(
            rf"^P (fork|online|listening|disconnect|exit|error|message)"
            rf" {worker_id}\b", self.text, re.M)


def play(name, *args, status=0, env=None, seconds=harness.DEADLINE_SECONDS):
    """Runs a scenario to its end; no process may be left."""
    done = harness.run([NODE, name, *args], env, seconds)
    assert done.returncode == status, done.stdout + done.stderr
    return Lines(done.stdout)


@pytest.fixture
def start_node():
    """start_node(name, ...) starts a scenario; it has to end by itself, or at
    the latest by SIGTERM."""
    with harness.servers() as servers:
        def start_one(name, *args, **kwargs):
            servers.append(harness.Server([NODE, name, *args], port=None,
                                          wait=False, **kwargs))
            return servers[-1]
        yield start_one


def lines_of(server):
    return Lines(server.stdout)
