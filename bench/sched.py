#!/usr/bin/python3
"""make bench-sched: how connections find a worker, in yoke, Node and nginx.

    bench/sched.py                      all tables, 5 to 8 minutes
    bench/sched.py --quick              fewer turns and workers
    bench/sched.py rate tails           these tables
    bench/sched.py --only balanced,rr   of yoke's policies
    bench/sched.py --markdown           also into docs/BENCHMARKS.md

Figures of different runs are not comparable, ratios within one run are: the
contenders take turns. A missed target is reported and does not fail the run;
--strict makes it exit 1.
"""
import os
import resource
import signal
import sys
from contextlib import ExitStack
from statistics import median

sys.dont_write_bytecode = True

import load      # noqa: E402
import proc      # noqa: E402
import report    # noqa: E402
import script    # noqa: E402
import servers   # noqa: E402
from plan import ratio  # noqa: E402
from scheduling.clients import Run, spread  # noqa: E402
from scheduling.contenders import Contender, contenders, yoke_policies  # noqa: E402

DOCUMENT = servers.ROOT / "docs" / "BENCHMARKS.md"
CONNECTIONS = 1000      # of the table of evenness
CONNS = 64              # at a time, of the table of rates
# Requests per second and worker beside handlers that block for 50 ms with one
# in ten: a worker is kept for 5 ms by the average one.
TAIL_RATE = 100
BLOCKING = 0.1
KEEP_ALIVE = 32
FAULT_RATE = 700
FAULT_WORKERS = 4


class Bench:
    def __init__(self, chosen, server_cpus, load_cpus):
        self.quick = chosen.quick
        self.rounds = 2 if chosen.quick else 3   # of rates, which are short
        self.repeats = 1 if chosen.quick else 2  # of tails and faults
        self.who = contenders(chosen.policies)
        self.server_cpus, self.load_cpus = server_cpus, load_cpus
        # The tails and faults hardly load the CPUs: servers have them all.
        self.all_cpus = sorted({*server_cpus, *load_cpus})
        self.tables = {}

    def start(self, table, who, workers, cpus):
        """A contender that runs, or None with the reason in the table."""
        try:
            return Contender(who, workers, cpus)
        except (servers.Missing, proc.Failed) as why:
            first = str(why).splitlines()[0]
            table.notes.append(f"{' '.join(who)}: {first}")
            return None


# ---- New connections per second ----

def rate_turn(server, seconds, primary):
    before, before_primary = server.process.cpu_ns(), proc.cpu_ns(primary)
    done = load.connections(server.port, seconds, CONNS)
    used = server.process.cpu_ns() - before
    return (done.requests / done.seconds, used / done.requests / 1000,
            (proc.cpu_ns(primary) - before_primary) / used)


def rate(bench, workers):
    table = report.Table(
        f"rate{workers}", f"A connection per request, {workers} workers: "
        f"rate, CPU of the server for each, share of it in the primary",
        heads=("", "rate", "CPU each", "in the primary", "target", ""))
    turns = {}
    with ExitStack() as stack:
        running = [server for who in bench.who if (
            server := bench.start(table, who, workers, bench.server_cpus))]
        for server in running:
            stack.enter_context(server)
            rate_turn(server, 1, server.process.pid)
        for _ in range(bench.rounds):
            for server in running:
                turns.setdefault(server.name, []).append(
                    rate_turn(server, 1, server.process.pid))
    for name, got in turns.items():
        rates, costs, shares = zip(*got)
        table.add(name, f"{median(rates):,.0f}/s", f"{median(costs):.1f} us",
                  f"{median(shares):.0%}")
    rate_targets(table, turns, workers)
    return table


def rate_targets(table, turns, workers):
    def compare(of, against, column, least=None, most=None):
        if of not in turns or against not in turns:
            return
        found = ratio([t[column] for t in turns[of]],
                      [t[column] for t in turns[against]])
        is_met = found >= least if least else found <= most
        table.add(f"{of} : {against}, by {('rate', 'CPU')[column]}",
                  f"{found:.2f}", target=f">= {least:.2f}" if least
                  else f"<= {most:.2f}", is_met=is_met)
    if workers == 2:
        compare("yoke balanced", "node rr", 0, least=3.0)
    compare("yoke balanced", "nginx shared", 1, most=1.15)


# ---- Evenness ----

def even(bench):
    counts = (4,) if bench.quick else (2, 4, 8)
    table = report.Table(
        "even", f"{CONNECTIONS:,} keep-alive connections: fewest/most of a "
        "worker by who answered first, and (in brackets) a moment later",
        heads=("", *(f"{n} workers, {how}" for n in counts
                     for how in ("burst", "paced"))))
    table.rows = []
    for who in bench.who:
        cells = [" ".join(who)]
        for workers in counts:
            cells += even_cells(bench, table, who, workers)
        table.rows.append(Cells(cells))
    return table


def even_cells(bench, table, who, workers):
    cells = []
    for gap in (0, 0.001):
        # A server for each, so that none has learnt from the one before.
        server = bench.start(table, who, workers, bench.all_cpus)
        if not server:
            return ["-", "-"]
        with server:
            first, later = spread(server.port, CONNECTIONS, gap, workers)
        cells.append(f"{first[0]}/{first[1]} ({later[0]}/{later[1]})")
    return cells


class Cells:
    """A row of a table that has columns of its own."""

    is_met, what = None, ""

    def __init__(self, cells):
        self.list = cells

    def cells(self):
        return self.list


# ---- Tails ----

CASES = (("new", 4, 0), ("keep-alive", 4, KEEP_ALIVE), ("new", 8, 0))


def tails(bench):
    seconds = 2
    table = report.Table(
        "tails", "Quick requests beside others that block their worker for "
        "50 ms (one in ten): p50 / p99 in ms",
        heads=("", *(f"{n} workers, {how}" for how, n, _ in CASES)))
    found = {}
    for who in bench.who:
        if who[0] == "nginx":
            continue  # It has no handlers that block.
        cells = [" ".join(who)]
        for how, workers, keep_alive in CASES:
            runs = []
            for _ in range(bench.repeats):
                server = bench.start(table, who, workers, bench.all_cpus)
                if not server:
                    break
                with server:
                    runs.append(Run(server.port, TAIL_RATE * workers, seconds,
                                    BLOCKING, keep_alive).go())
            if not runs:
                cells.append("-")
                continue
            p99 = median(run.quantile(.99) for run in runs)
            found[" ".join(who), how, workers] = p99
            p50 = median(run.quantile(.5) for run in runs)
            lost = sum(run.lost for run in runs)
            cells.append(f"{p50:.1f} / {p99:.0f}" +
                         (f", {lost} lost" if lost else ""))
        table.rows.append(Cells(cells))
    tail_targets(table, found)
    return table


def tail_targets(table, found):
    for how, workers, most in (("new", 8, .5), ("keep-alive", 4, .75)):
        ours = found.get(("yoke balanced", how, workers))
        theirs = found.get(("node rr", how, workers))
        if not ours or not theirs:
            continue
        is_met = ours <= most * theirs
        text = (f"yoke balanced : node rr, p99, {how}, {workers} workers: "
                f"{ours / theirs:.2f}, target <= {most:.2f}: "
                f"{'ok' if is_met else 'MISSED'}")
        table.notes.append(text)
        row = Cells([])
        row.is_met, row.what = is_met, text
        table.targets = getattr(table, "targets", []) + [row]


# ---- Faults ----

def send(signum, pid):
    def fn():
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            pass
    return fn


def faults_of(victim):
    kill, stop = send(signal.SIGKILL, victim), send(signal.SIGSTOP, victim)
    return {"killed": [(.5, kill)],
            "stopped, then killed": [(.4, stop), (1.0, kill)],
            "stopped for good": [(.5, stop)]}


def faults(bench):
    seconds = 1.6
    names = list(faults_of(0))
    table = report.Table(
        "faults", f"One of {FAULT_WORKERS} workers goes: requests lost of "
        f"about {int(FAULT_RATE * seconds):,} in each run, each on a "
        "connection of its own; those that waited for over 200 ms",
        heads=("", *names))
    targets = []
    for who in bench.who:
        cells = [" ".join(who)]
        for name in names:
            lost, late = [], []
            for _ in range(bench.repeats):
                server = bench.start(table, who, FAULT_WORKERS, bench.all_cpus)
                if not server:
                    break
                with server:
                    acts = faults_of(server.workers()[1])[name]
                    run = Run(server.port, FAULT_RATE, seconds).go(*acts)
                    for pid in server.workers():
                        send(signal.SIGCONT, pid)()
                lost.append(run.lost)
                late.append(sum(t > 200 for t in run.times))
            cells.append(" ".join(map(str, lost)) + (
                f", {median(late):.0f} late" if any(late) else ""))
            if lost and who in (("yoke", "balanced"), ("yoke", "rr")):
                row = Cells([])
                row.what = f"faults: {' '.join(who)}, {name}: no loss"
                row.is_met = not any(lost)
                targets.append(row)
        table.rows.append(Cells(cells))
    table.targets = targets
    return table


# ---- All ----

TABLES = {"rate": lambda b: [rate(b, 2)] + ([] if b.quick else [rate(b, 4)]),
          "even": lambda b: [even(b)], "tails": lambda b: [tails(b)],
          "faults": lambda b: [faults(b)]}


def arguments():
    parser = script.options(__doc__)
    script.parts_option(parser, "table", TABLES)
    parser.add_argument("--quick", action="store_true",
                        help="fewer turns and workers: 2 to 3 minutes")
    parser.add_argument("--only", metavar="POLICY,...",
                        help="of yoke's policies, these")
    parser.add_argument("--build", default="build",
                        help="folder of the build (default %(default)s)")
    chosen = parser.parse_args()
    script.check_known(parser, "table", chosen.tables, TABLES)
    servers.BUILD = servers.ROOT / chosen.build
    known = yoke_policies()
    chosen.policies = chosen.only.split(",") if chosen.only else known
    script.check_known(parser, "policy of yoke's", chosen.policies, known)
    return chosen


def main():
    chosen = arguments()
    script.end_by_exception()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server_cpus, load_cpus = proc.cpus_split()
    bench = Bench(chosen, server_cpus, load_cpus)
    facts = report.facts(server_cpus + load_cpus, servers.versions())
    print("\n".join(facts), "", sep="\n", flush=True)
    found, missed = [], []
    for name in [t for t in TABLES if t in chosen.tables] or TABLES:
        # wrk runs on the CPUs of this script.
        os.sched_setaffinity(0, load_cpus if name == "rate"
                             else bench.all_cpus)
        for table in TABLES[name](bench):
            print(table.text(), flush=True)
            found.append(table.markdown())
            missed += [row.what for row in
                       [*table.rows, *getattr(table, "targets", [])]
                       if row.is_met is False]
    if missed:
        print("missed: " + "; ".join(missed))
    if chosen.markdown:
        head = "\n".join(f"- {fact}" for fact in facts)
        report.fill(DOCUMENT, {"sched": "\n\n".join([head, *found])})
    return 1 if chosen.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
