"""What a request costs when the application has 10 and 1,000 routes.

bench/routes.c serves that many, of text alone or of all kinds; requests are for
all of its routes in turn. Counted twice: in instructions, which repeat exactly,
and in CPU time under load, which also feels the caches that a larger table
needs.
"""
from contextlib import ExitStack
from statistics import median

import callgrind
import load
from plan import ratio, spread
from report import Table
from servers import Missing, Server

# What is asked of the forms of bench/routes.c, in their order.
TEXT = "/v1/things/{:04d}/parts"
MIXED = (TEXT, "/v1/users/{:04d}/1234567", TEXT, "/v1/trips/{:04d}/ams-ber",
         TEXT, "/v1/orders/{:04d}/123456", TEXT, "/v1/files/{:04d}/a/b/c.d",
         TEXT, "/v1/users/{:04d}/7/posts")
FORMS = {"literal": (TEXT,), "mixed": MIXED}
KINDS = {"literal": (("routes_10", 10), ("routes_1000", 1000), 1.3),
         "mixed": (("mixed_10", 10), ("mixed_1000", 1000), 1.5)}
CONNS = 64
ROUNDS = (20, 320)
WARM_UP_S = 1


def paths(kind, count):
    """Every path of that server; the step of 7 visits them out of order."""
    forms = FORMS[kind]
    found = [forms[i % len(forms)].format(i) for i in range(count - 1)]
    found.append("/get")
    return [found[i * 7 % count] for i in range(count)]


def cpu_times(plan, requests):
    """Microseconds of server CPU per request, by server; `requests` are the
    paths that each is asked for. The servers take turns."""
    costs = {name: [] for name in requests}
    with ExitStack() as stack:
        running = {name: stack.enter_context(Server(name,
                                                    plan.server_cpus[:1]))
                   for name in requests}
        for turn in range(plan.rounds + 1):
            for name, server in running.items():
                before = server.process.cpu_ns()
                done = load.keepalive(server.port,
                                      plan.seconds if turn else WARM_UP_S,
                                      CONNS, requests[name])
                spent = server.process.cpu_ns() - before
                if turn:
                    costs[name].append(spent / done.requests / 1000)
    return costs


def compare(table, plan, requests, labels, target):
    """Rows for two servers: instructions and CPU time of the second must be
    at most `target` times those of the first."""
    first, second = requests
    counts = {name: callgrind.per_request(name, plan.server_cpus, CONNS, ROUNDS,
                                          requests[name]) for name in requests}
    costs = cpu_times(plan, requests)
    found = {"instructions": counts[second] / counts[first],
             "CPU": ratio(costs[second], costs[first])}
    for unit, value in found.items():
        for name in requests:
            shown = (f"{counts[name]:,.0f}" if unit == "instructions"
                     else f"{median(costs[name]):.2f} us")
            is_last = name == second
            table.add(f"{labels[name]}, {unit}", shown,
                      f"{value:.2f}" if is_last else "1.00",
                      spread(costs[name]) if unit == "CPU" else "",
                      f"<= {target:.2f}" if is_last else "",
                      value <= target if is_last else None)


def run(plan):
    table = Table("routes", "Cost of a keep-alive request with 10 and 1,000 "
                  "routes, of text alone and of all kinds")
    for kind, (few, many, target) in KINDS.items():
        requests = {name: paths(kind, count) for name, count in (few, many)}
        labels = {name: f"{count:,} {kind} routes"
                  for name, count in (few, many)}
        try:
            compare(table, plan, requests, labels, target)
        except Missing as why:
            table.missing(labels[many[0]], why, f"<= {target:.2f}")
    return table
