"""User-space instructions per keep-alive request, one worker.

With 64 connections the server finds many of them ready in a turn of its
loop, as under load; with one it pays for a whole turn on every request.
"""
import callgrind
from report import Table
from servers import Missing

NAMES = ("floor", "yoke", "nginx_single")
SHOWN = {"nginx_single": "nginx"}
TARGET = 3000
AIMED = ("yoke", 64)
# (connections, rounds of the short and of the long run)
LOADS = ((64, (20, 320)), (1, (500, 5500)))


def run(plan):
    table = Table("instructions", "User-space instructions per keep-alive "
                  "request",
                  heads=("", "instructions", "ratio to floor", "", "target",
                         ""))
    for conns, rounds in LOADS:
        base = None
        for name in NAMES:
            what = f"{SHOWN.get(name, name)}, {conns} connection" + "s" * (
                conns > 1)
            aim = {"target": f"<= {TARGET:,}"} if (name, conns) == AIMED else {}
            try:
                found = callgrind.per_request(name, plan.server_cpus, conns,
                                              rounds)
            except Missing as why:
                table.missing(what, why, **aim)
                continue
            base = base or found
            if aim:
                aim["is_met"] = found <= TARGET
            table.add(what, f"{found:,.0f}", f"{found / base:.1f}", **aim)
    return table
