"""What a request costs when the application has 10 and 1,000 literal routes.

bench/routes.c serves that many; requests are for all of its routes in turn.
Counted twice: in instructions, which repeat exactly, and in CPU time under
load, which also feels the caches that a larger table needs.
"""
from contextlib import ExitStack
from statistics import median

import callgrind
import load
from plan import ratio, spread
from report import Table
from servers import Missing, Server

SIZES = {"routes_10": 10, "routes_1000": 1000}
FEW, MANY = SIZES
TARGET = 1.3
CONNS = 64
ROUNDS = (20, 320)
WARM_UP_S = 1


def paths(name):
    """Every path of that server; the step of 7 visits them out of order."""
    count = SIZES[name]
    found = [f"/v1/things/{i:04d}/parts" for i in range(count - 1)] + ["/get"]
    return [found[i * 7 % count] for i in range(count)]


def instructions(plan):
    return {name: callgrind.per_request(name, plan.server_cpus, CONNS, ROUNDS,
                                        paths(name)) for name in SIZES}


def turn(server, name, seconds):
    """Microseconds of server CPU per request."""
    before = server.process.cpu_ns()
    done = load.keepalive(server.port, seconds, CONNS, paths(name))
    return (server.process.cpu_ns() - before) / done.requests / 1000


def cpu_times(plan):
    costs = {name: [] for name in SIZES}
    with ExitStack() as stack:
        running = {name: stack.enter_context(Server(name,
                                                    plan.server_cpus[:1]))
                   for name in SIZES}
        for name, server in running.items():
            turn(server, name, WARM_UP_S)
        for _ in range(plan.rounds):
            for name, server in running.items():
                costs[name].append(turn(server, name, plan.seconds))
    return costs


def add_rows(table, unit, shown, found, spreads):
    for name, size in SIZES.items():
        is_last = name == MANY
        table.add(f"{size:,} routes, {unit}", shown[name],
                  f"{found:.2f}" if is_last else "1.00", spreads[name],
                  f"<= {TARGET:.2f}" if is_last else "",
                  found <= TARGET if is_last else None)


def run(plan):
    table = Table("routes", "Cost of a keep-alive request with 10 and 1,000 "
                  "literal routes")
    try:
        counts, costs = instructions(plan), cpu_times(plan)
    except Missing as why:
        table.missing(f"{SIZES[MANY]:,} routes", why, f"<= {TARGET:.2f}")
        return table
    add_rows(table, "instructions",
             {name: f"{count:,.0f}" for name, count in counts.items()},
             counts[MANY] / counts[FEW], dict.fromkeys(SIZES, ""))
    add_rows(table, "CPU",
             {name: f"{median(us):.2f} us" for name, us in costs.items()},
             ratio(costs[MANY], costs[FEW]),
             {name: spread(us) for name, us in costs.items()})
    return table
