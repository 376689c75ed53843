#!/usr/bin/python3
"""make bench: yoke beside a bare epoll loop, nginx, h2o, Node and Express.

    bench/run.py                         every suite
    bench/run.py keepalive memory        these
    bench/run.py --markdown [SUITE ...]  also into docs/BENCHMARKS.md

Servers run on one half of the CPUs and load on the other, only over
loopback, and all of them end with this script. Figures of different runs are
not comparable, ratios within one run are. A missed target is reported and
does not fail the run; --strict makes it exit 1.
"""
import argparse
import importlib
import os
import signal
import sys

sys.dont_write_bytecode = True

import proc      # noqa: E402
import report    # noqa: E402
import servers   # noqa: E402
from plan import Plan  # noqa: E402

SUITES = ("keepalive", "instructions", "connections", "memory", "respawn",
          "spawn",
          "routes", "middleware", "answers", "session", "broadcast")
DOCUMENT = servers.ROOT / "docs" / "BENCHMARKS.md"
MIN_ROUNDS = 5


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE",
                        help="of " + ", ".join(SUITES))
    parser.add_argument("--rounds", type=int, default=MIN_ROUNDS,
                        help="turns of each server (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=2,
                        help="of load in a turn (default %(default)s)")
    parser.add_argument("--markdown", action="store_true",
                        help="put the tables into docs/BENCHMARKS.md too")
    parser.add_argument("--strict", action="store_true",
                        help="exit 1 when a target is missed")
    chosen = parser.parse_args()
    wrong = set(chosen.suites) - set(SUITES)
    if wrong:
        parser.error(f"no such suite: {', '.join(sorted(wrong))} "
                     f"(there are: {', '.join(SUITES)})")
    if chosen.rounds < 1 or chosen.seconds < 1:
        parser.error("--rounds and --seconds must be at least 1")
    return chosen


def run_suite(name, plan):
    """The suite's table; a failure becomes a table that says so."""
    module = importlib.import_module(f"suites.{name}")
    try:
        return module.run(plan), True
    except proc.Failed as why:
        table = report.Table(name, f"{name}: could not be measured")
        table.notes.append(str(why))
        return table, False


SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def on_signal(number, frame):
    # Once: a second one must not interrupt the stopping of the servers.
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main():
    chosen = arguments()
    # Ending by exception runs every `with`, which stops what was started.
    for number in SIGNALS:
        signal.signal(number, on_signal)
    server_cpus, load_cpus = proc.cpus_split()
    os.sched_setaffinity(0, load_cpus)
    plan = Plan(chosen.rounds, chosen.seconds, server_cpus, load_cpus)
    facts = report.facts(server_cpus + load_cpus, servers.versions())
    print("\n".join(facts), "", sep="\n", flush=True)
    sections, missed, all_ran = {}, [], True
    for name in [s for s in SUITES if s in chosen.suites] or SUITES:
        table, ran = run_suite(name, plan)
        print(table.text(), flush=True)
        sections[name] = table.markdown()
        missed += [f"{name}: {what}" for what in table.missed()]
        all_ran = all_ran and ran
    if missed:
        print("missed: " + ", ".join(missed))
    if chosen.markdown:
        report.fill(DOCUMENT, {"facts": "\n".join(f"- {f}" for f in facts),
                               **sections})
    return 1 if not all_ran or (chosen.strict and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
