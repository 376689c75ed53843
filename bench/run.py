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
import importlib
import os
import sys

sys.dont_write_bytecode = True

import proc      # noqa: E402
import report    # noqa: E402
import script    # noqa: E402
import servers   # noqa: E402
from plan import Plan  # noqa: E402

SUITES = ("keepalive", "instructions", "connections", "memory", "respawn",
          "spawn",
          "routes", "middleware", "answers", "session", "broadcast")
DOCUMENT = servers.ROOT / "docs" / "BENCHMARKS.md"
MIN_ROUNDS = 5


def arguments():
    parser = script.options(__doc__)
    script.parts_option(parser, "suite", SUITES)
    parser.add_argument("--rounds", type=int, default=MIN_ROUNDS,
                        help="turns of each server (default %(default)s)")
    parser.add_argument("--seconds", type=int, default=2,
                        help="of load in a turn (default %(default)s)")
    chosen = parser.parse_args()
    script.check_known(parser, "suite", chosen.suites, SUITES)
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


def main():
    chosen = arguments()
    script.end_by_exception()
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
