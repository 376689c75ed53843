"""Events for thousands of browsers: until when the last one has it.

Four workers under `yoke run` share an LMDB file, and one process has a
connection of its own for each client, over as many addresses of the loopback
network as that takes. It sees to it that each hears everything, in order and
once; else the suite fails. Events are sent in one worker.

As everywhere the workers are on the first half of the CPUs, and the clients on
the second: what is measured is both together.

Slow clients are told that they listen, and read nothing after that until all
others have heard everything; then they, too, have to hear all of it.
"""
import pathlib
import re
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from statistics import median

import proc
from plan import spread
from proc import Failed
from report import Table
from servers import built

WORKERS = 4
CLIENTS = 8000
SINGLE = 20        # events, one after the other
BURST = 100        # events at a time
LEN = 200          # bytes of an event
FAST, SLOW = 200, 100
SLOW_EVENTS, SLOW_LEN = 200, 8000
WAITS_MB = 0.25    # What may wait for a slow client: max_waiting.


class Listeners:
    """bench/broadcast/listeners.c, which is told what to do line by line."""

    def __init__(self, port, clients, slow=0):
        self.popen = subprocess.Popen(
            [built("bench/listeners"), str(port), "news", str(clients),
             str(slow)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.connect_s = self.answer("ready")

    def answer(self, word):
        line = self.popen.stdout.readline().strip()
        if found := re.fullmatch(rf"{word} ([\d.]+)", line):
            return float(found[1])
        raise Failed(f"listeners: {line or 'ended by themselves'}")

    def do(self, line, word):
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()
        return self.answer(word)

    def hear(self, count, length):
        return self.do(f"hear {count} {length}", "heard")

    def stop(self):
        self.popen.kill()
        self.popen.communicate()


@contextmanager
def fleet(plan):
    with tempfile.TemporaryDirectory(prefix="yoke-bench-") as folder:
        port = proc.port_free()
        argv = [built("yoke"), "run", "--quiet", "-n", str(WORKERS),
                built("bench/broadcast_app.so")]
        with proc.Process("yoke", argv, plan.server_cpus,
                          env={"PORT": str(port), "YOKE_CONTROL": "off",
                               "YOKE_STORE": f"lmdb:{folder}/state"},
                          log=pathlib.Path(folder) / "log") as process:
            deadline = time.monotonic() + 10
            while not is_listening(port):
                process.require_running()
                if time.monotonic() > deadline:
                    raise Failed("yoke run does not answer")
                time.sleep(0.05)
            time.sleep(0.5)
            yield process, port


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@contextmanager
def listening(port, clients, slow=0):
    listeners = Listeners(port, clients, slow)
    try:
        yield listeners
    finally:
        listeners.stop()


def share_kib(process):
    """Of the workers."""
    return sum(proc.memory_kib(pid)[1] for pid in process.pids()[1:])


def measure_many(plan, table):
    with fleet(plan) as (process, port):
        before = share_kib(process)
        with listening(port, CLIENTS) as clients:
            time.sleep(0.5)
            each = (share_kib(process) - before) / CLIENTS
            clients.hear(1, LEN)  # Warm.
            used = process.cpu_ns()
            single = [clients.hear(1, LEN) for _ in range(SINGLE)]
            cpu_us = (process.cpu_ns() - used) / 1000 / SINGLE / CLIENTS
            burst = [clients.hear(BURST, LEN) for _ in range(3)]
            connect_s = clients.connect_s
    table.add(f"{CLIENTS:,} clients connect", f"{connect_s:.2f} s")
    table.add("memory of each in its worker", f"{each:.1f} KiB")
    table.add("an event until the last has it", f"{median(single):.0f} ms", "",
              spread(single, "{:.0f}"))
    table.add("the workers' CPU for each client and event",
              f"{cpu_us:.1f} us")
    table.add(f"{BURST} events at a time, the same",
              f"{median(burst):.0f} ms", "",
              spread(burst, "{:.0f}"))


def measure_slow(plan, table):
    with fleet(plan) as (process, port):
        with listening(port, FAST, SLOW) as clients:
            before = share_kib(process)
            took = clients.hear(SLOW_EVENTS, SLOW_LEN)
            each = (share_kib(process) - before) / 1024 / SLOW
            missed = clients.do("wake", "awake")
    what = f"{SLOW_EVENTS} events of {SLOW_LEN // 1000} kB, {FAST} clients"
    table.add(f"{what} beside {SLOW} that do not read", f"{took:.0f} ms")
    table.add("what waits for each of those", f"{each:.2f} MB", "", "",
              f"<= {2 * WAITS_MB:.2f} MB", each <= 2 * WAITS_MB)
    table.add("events that those missed in the end", f"{missed:.0f}", "", "", "0",
              missed == 0)


def run(plan):
    table = Table("broadcast", f"Events for {CLIENTS:,} clients of {WORKERS} "
                  "workers", heads=("", "median", "", "min - max", "target", ""))
    measure_many(plan, table)
    measure_slow(plan, table)
    return table
