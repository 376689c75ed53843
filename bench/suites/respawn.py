"""How long a crash is felt: from SIGKILL of the only worker to an answer.

The request is sent at once, on a new connection, under round-robin: it waits
in the primary until there is a new worker to hand it to. Between two kills
the fleet rests, so that this measures a replacement and no back-off.

A request that is not answered within HUNG_S counts as lost, and another
connection is tried: Node's primary hands a connection to a worker that is
already dead when it has not yet noticed, and nobody ever answers it. So each
server is also asked a moment later, when its primary knows.
"""
import os
import signal
import time
from statistics import median

import load
from plan import spread
from proc import Failed
from report import Table
from servers import Missing, Server

NAMES = ("yoke", "node")
NOTICED_S = 0.005
KILLS = 25
REST_S = 0.3
HUNG_S = 1.0
GIVE_UP_S = 10.0
RETRY_S = 0.001
TARGET_MS = 20.0


def asked_until_answered(port):
    """The connections that were lost or hung before there was an answer."""
    lost = 0
    deadline = time.monotonic() + GIVE_UP_S
    while True:
        try:
            load.get(port, HUNG_S)
            return lost
        except OSError as error:
            lost += 1
            time.sleep(RETRY_S)
            if time.monotonic() > deadline:
                raise Failed(f"no answer after a kill: {error}") from error


def kill_once(server, pause_s):
    """(milliseconds from the kill to another's answer, connections lost)"""
    (victim,) = server.workers()
    start = time.monotonic()
    os.kill(victim, signal.SIGKILL)
    time.sleep(pause_s)
    lost = asked_until_answered(server.port)
    took = (time.monotonic() - start) * 1000
    server.wait_workers(1)
    if server.workers() == [victim]:
        raise Failed(f"{server.name}: worker {victim} survived SIGKILL")
    return took, lost


def measure(name, cpus, pause_s):
    kills = []
    with Server(name, cpus, sched="rr") as server:
        for _ in range(KILLS):
            time.sleep(REST_S)
            kills.append(kill_once(server, pause_s))
    return kills


def add_row(table, what, kills, target):
    times = [took for took, _ in kills]
    lost = sum(lost for _, lost in kills)
    is_met = max(times) < TARGET_MS and not lost
    table.add(what, f"{median(times):.1f} ms", f"{lost}",
              spread(times, "{:.1f}"), target, is_met if target else None)


def run(plan):
    table = Table("respawn", "A worker killed: time until its replacement "
                  f"answers, {KILLS} kills",
                  heads=("", "median", "connections lost", "min - max",
                         "target", ""))
    target = f"max < {TARGET_MS:.0f} ms"
    for name in NAMES:
        for pause_s in (0, NOTICED_S):
            what = f"{name}, asked " + (f"{pause_s * 1000:.0f} ms later"
                                        if pause_s else "at once")
            aim = target if name == "yoke" and not pause_s else ""
            try:
                kills = measure(name, plan.server_cpus, pause_s)
            except Missing as why:
                table.missing(what, why, aim)
                continue
            add_row(table, what, kills, aim)
    return table
