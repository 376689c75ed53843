"""A worker more: how long until it is there, and what eight of them cost.

bench/spawn.c has a table of 100 MB, which it makes when it loads. Without
preload each worker is a program that loads for itself; with it, a fork of a
template. Times are from the asking for one more worker, in the primary: until
its process was there, until it had said HELLO, until it served. Memory is the
proportional share (PSS) of all of the fleet's processes, the template as well,
with eight workers, over that of a fleet without preload that has one.
"""
import re
import subprocess
from statistics import median

import proc
from plan import spread
from proc import Failed
from report import Table
from servers import BUILD

PROGRAM = BUILD / "bench" / "spawn"
MEGABYTES = 100
COUNT = 40
TARGET_MS = 5.0
TARGET_TIMES = 1.3
WAIT_S = 60
LINE = re.compile(r"forked (\d+) online (\d+) listening (\d+)")


def share_mb(pid):
    """Of a process and all that are below it."""
    return sum(proc.memory_kib(one)[1]
               for one in [pid, *proc.descendants(pid)]) * 1024 / 1e6


def measure(preload, count, workers=None):
    """([(forked, online, listening), ...] in ms, the fleet's share in MB)."""
    env = {"PORT": "0", "YOKE_PRELOAD": str(int(preload))}
    argv = ["timeout", str(WAIT_S), str(PROGRAM), str(MEGABYTES), str(count)]
    with subprocess.Popen(["env", *(f"{k}={v}" for k, v in env.items()),
                           *argv], stdout=subprocess.PIPE, text=True) as run:
        try:
            times = []
            for line in run.stdout:
                if found := LINE.match(line):
                    times.append([int(n) / 1000 for n in found.groups()])
                if line.strip() == "full":
                    return times, share_mb(run.pid)
        finally:
            run.terminate()
    raise Failed("bench/spawn ended by itself")


def run(plan):
    table = Table("spawn", f"One worker more, {COUNT} times, with a table of "
                  f"{MEGABYTES} MB",
                  heads=("", "median", "", "min - max", "target", ""))
    shares = {}
    for preload in (False, True):
        times, shares[preload] = measure(preload, COUNT if preload else 10)
        name = "preload" if preload else "a program"
        for index, what in enumerate(("forked", "HELLO", "serves")):
            column = [one[index] for one in times]
            aim = preload and what != "serves"
            table.add(f"{name}: {what}", f"{median(column):.2f} ms", "",
                      spread(column), f"< {TARGET_MS:.0f} ms" if aim else "",
                      median(column) < TARGET_MS if aim else None)
    one = shares[False] / 8
    for preload in (False, True):
        times = shares[preload] / one
        table.add(f"{'preload' if preload else 'programs'}: memory of 8",
                  f"{shares[preload]:.0f} MB", f"{times:.2f} x one", "",
                  f"< {TARGET_TIMES} x one" if preload else "",
                  times < TARGET_TIMES if preload else None)
    return table
