"""What a session costs a request: read out of LMDB, and read and written.

bench/session.c serves; each connection is a visitor with a session of his own.
The cost is what a request takes more than one without sessions, in instructions
and in CPU time, the client's cookie and the store's threads included.
"""
import contextlib
import pathlib
import re
import socket
import tempfile
from statistics import median

import callgrind
import load
from plan import spread
from report import Table
from servers import Missing, Server, tool

NAMES = {"session_none": "without", "session_read": "read",
         "session_write": "read and written"}
MOST_US = 20
CONNS = 32
ROUNDS = (10, 60)  # Of the two runs in which instructions are counted.
TURN = 400         # Rounds of a turn in which time is.


class Visitors:
    """Connections that keep their cookies."""

    def __init__(self, port, count):
        self.stack = contextlib.ExitStack()
        self.asks = []
        for _ in range(count):
            sock = self.stack.enter_context(
                socket.create_connection(("127.0.0.1", port), load.ANSWER_S))
            sock.sendall(load.request(port, "/get"))
            cookie = re.search(rb"Set-Cookie: ([^;]+)", load.read_answer(sock))
            field = b"Cookie: " + cookie[1] + b"\r\n\r\n" if cookie else b"\r\n"
            self.asks.append((sock, load.request(port, "/get")[:-2] + field))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stack.close()

    def ask(self, rounds):
        for _ in range(rounds):
            for sock, ask in self.asks:
                sock.sendall(ask)
            for sock, _ in self.asks:
                load.read_answer(sock)


def instructions(name, cpus, rounds):
    """Of the whole process, from its start to its end."""
    with tempfile.TemporaryDirectory(prefix="yoke-bench-") as folder:
        wrapper = [tool("valgrind"), "--tool=callgrind", "-q",
                   f"--callgrind-out-file={folder}/callgrind.%p"]
        with Server(name, cpus[:1], wrapper=wrapper) as server:
            with Visitors(server.port, CONNS) as visitors:
                visitors.ask(rounds)
        return callgrind.total(pathlib.Path(folder), server.process.pid)


def instructions_per_request(name, plan):
    few, many = (instructions(name, plan.server_cpus, n) for n in ROUNDS)
    return (many - few) / (CONNS * (ROUNDS[1] - ROUNDS[0]))


def cpu_us(plan):
    """Microseconds of CPU per request, by server, in turns."""
    costs = {name: [] for name in NAMES}
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(Server(name,
                                                    plan.server_cpus[:1]))
                   for name in NAMES}
        visitors = {name: stack.enter_context(Visitors(server.port, CONNS))
                    for name, server in running.items()}
        for turn in range(plan.rounds + 1):
            for name, server in running.items():
                before = server.process.cpu_ns()
                visitors[name].ask(TURN)
                spent = server.process.cpu_ns() - before
                if turn:
                    costs[name].append(spent / (TURN * CONNS) / 1000)
    return costs


def run(plan):
    table = Table("session", "A keep-alive request with a session out of LMDB, "
                  "and without",
                  heads=("", "", "more", "", "target", ""))
    try:
        counts = {name: instructions_per_request(name, plan) for name in NAMES}
        costs = cpu_us(plan)
    except Missing as why:
        table.missing("session", why, f"<= {MOST_US} us")
        return table
    for name, label in NAMES.items():
        more = counts[name] - counts["session_none"]
        table.add(f"{label}, instructions", f"{counts[name]:,.0f}",
                  f"{more:,.0f}", "", "", None)
    for name, label in NAMES.items():
        more = median(costs[name]) - median(costs["session_none"])
        is_last = name == "session_write"
        table.add(f"{label}, CPU", f"{median(costs[name]):.2f} us",
                  f"{more:.2f} us", spread(costs[name]),
                  f"<= {MOST_US} us" if is_last else "",
                  more <= MOST_US if is_last else None)
    return table
