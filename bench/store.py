#!/usr/bin/python3
"""make bench-store: stores beside the bare client of what is behind them.

    bench/store.py                all, about a minute
    bench/store.py --seconds 0.5  of each figure

bench/store.c does the work, in turns, in one process; redis-server is started
for it on a UNIX socket. Figures of different runs are not comparable, ratios
within one run are. A missed target is reported and does not fail the run;
--strict makes it exit 1.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

sys.dont_write_bytecode = True

import proc     # noqa: E402
import report   # noqa: E402
import servers  # noqa: E402

PROGRAM = servers.ROOT / "build" / "bench" / "store"
BARE = {"yoke lmdb:": "bare lmdb", "yoke redis:": "bare hiredis"}
# At most so long, in microseconds, one call at a time.
MOST_US = {("yoke lmdb:", "get"): 3.0, ("yoke lmdb:", "session"): 20.0}
LEAST_RATIO = {"yoke redis:": 0.9}


@contextmanager
def redis(folder):
    """A server on a UNIX socket, whose path it yields; "-" without one."""
    path = pathlib.Path(folder) / "redis"
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--save",
               "", "--dir", folder, "--loglevel", "warning", "--logfile",
               "/dev/null"]
    try:
        server = subprocess.Popen(command)
    except FileNotFoundError:
        yield "-"
        return
    try:
        while not path.exists() and server.poll() is None:
            time.sleep(0.05)
        yield path
    finally:
        server.kill()
        server.wait()


def measure(seconds):
    """{(what, operation, depth): (rate, p50 in us, p99 in us)}"""
    with tempfile.TemporaryDirectory(prefix="yoke-bench-") as folder, \
            redis(folder) as socket:
        run = subprocess.run([PROGRAM, folder, socket, str(seconds)],
                             capture_output=True, text=True)
    if run.returncode:
        raise proc.Failed(run.stderr)
    found = {}
    for line in run.stdout.splitlines():
        what, operation, depth, rate, p50, p99 = line.split("\t")
        found[what, operation, int(depth)] = (float(rate), int(p50) / 1000,
                                              int(p99) / 1000)
    return found


def add_row(table, found, key):
    what, operation, depth = key
    rate, p50, p99 = found[key]
    # One at a time, times compare better than rates: a rate also has the
    # moments in which another process had the CPU.
    bare = found.get((BARE.get(what), operation, depth))
    ratio = None
    if bare:
        ratio = bare[1] / p50 if depth == 1 else rate / bare[0]
    target, is_met = "", None
    if depth == 1 and (what, operation) in MOST_US:
        most = MOST_US[what, operation]
        target, is_met = f"<= {most:g} us", p50 <= most
    elif ratio and what in LEAST_RATIO:
        target = f">= {LEAST_RATIO[what]:g}"
        is_met = ratio >= LEAST_RATIO[what]
    table.add(f"{what} {operation}, {depth} at a time", f"{p50:.2f} us",
              f"{ratio:.2f}" if ratio else "",
              f"{p99:.1f} us, {rate:,.0f}/s", target, is_met)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--strict", action="store_true")
    chosen = parser.parse_args()
    found = measure(chosen.seconds)
    table = report.Table(
        "store", "Stores, 200 bytes a value; the ratio is to the bare client",
        heads=("", "median", "ratio", "p99, rate", "target", ""))
    for key in sorted(found, key=lambda key: (key[2], key[1], key[0])):
        add_row(table, found, key)
    print(table.text())
    return 1 if chosen.strict and table.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
