"""New connections per second: one request on each, two workers.

The scheduler is what is measured: round-robin, in which every connection
goes through the primary, beside a shared listener, for yoke and for Node.

Opening connections costs the client more than it costs a fast server, so the
load may be the limit (the busy column tells), and rates then look alike. The
ratios are therefore given twice, of the rates and of the server's CPU time
per connection, and must be met by both.
"""
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import load
from plan import ratio, spread
from report import Table
from servers import Missing, Server

CASES = (("yoke", "rr"), ("yoke", "none"), ("node", "rr"), ("node", "none"))
WORKERS = 2
CONNS = 64
WARM_UP_S = 1
# (of, against, lowest ratio)
TARGETS = (("yoke rr", "node rr", 4.0), ("yoke rr", "yoke none", 0.85))


@dataclass
class Turn:
    rate: float      # connections per second
    cpu_us: float    # of all the server's processes, per connection
    busy: float      # share of the server's CPUs that it used


def turn(server, seconds, cpus):
    before = server.process.cpu_ns()
    done = load.connections(server.port, seconds, CONNS)
    used_us = (server.process.cpu_ns() - before) / 1000
    return Turn(done.requests / done.seconds, used_us / done.requests,
                used_us / (done.seconds * 1e6 * len(cpus)))


def measure(plan, table):
    turns = {}
    with ExitStack() as stack:
        running = []
        for name, sched in CASES:
            try:
                server = stack.enter_context(
                    Server(name, plan.server_cpus, WORKERS, sched))
            except Missing as why:
                table.missing(f"{name} {sched}", why)
                continue
            turn(server, WARM_UP_S, plan.server_cpus)
            running.append(server)
        for _ in range(plan.rounds):
            for server in running:
                turns.setdefault(server.name, []).append(
                    turn(server, plan.seconds, plan.server_cpus))
    return turns


def add_server(table, name, turns):
    rates = [t.rate for t in turns]
    table.add(name, f"{median(rates):,.0f}/s",
              f"{median(t.cpu_us for t in turns):.1f} us, "
              f"{median(t.busy for t in turns):.0%} busy",
              spread(rates, "{:,.0f}"))


def add_target(table, of, against, least):
    """`of` and `against` are (name, turns)."""
    by = {"rate": ([t.rate for t in turns] for _, turns in (of, against)),
          # The other way round: less time is a higher ratio.
          "CPU": ([t.cpu_us for t in turns] for _, turns in (against, of))}
    for unit, pair in by.items():
        found = ratio(*pair)
        table.add(f"{of[0]} : {against[0]}, by {unit}", f"{found:.2f}",
                  target=f">= {least:.2f}", is_met=found >= least)


def run(plan):
    table = Table("connections",
                  f"New connections per second, {WORKERS} workers",
                  heads=("", "median", "CPU each", "min - max", "target", ""))
    turns = measure(plan, table)
    for name, got in turns.items():
        add_server(table, name, got)
    for of, against, least in TARGETS:
        if of in turns and against in turns:
            add_target(table, (of, turns[of]), (against, turns[against]),
                       least)
        else:
            table.missing(f"{of} : {against}", None, f">= {least:.2f}")
    return table
