"""Resident memory of a primary and of an idle worker.

Taken a second after the start, when one request has been answered. VmRSS
counts every page that is mapped in, also those of libraries that others
share; Pss shares these out. The target is for VmRSS. MB are 1,000,000 bytes.
"""
import time
from statistics import median

import proc
from report import Table
from servers import Missing, Server

NAMES = ("yoke", "nginx", "node")
SETTLE_S = 1.0
STARTS = 3
LIMITS_MB = {"primary": 3.0, "worker": 4.0}


def mb(kib):
    return kib * 1024 / 1e6


def measure(name, cpus):
    """{"primary": (rss, pss), "worker": (rss, pss)} in MB."""
    with Server(name, cpus[:1]) as server:
        time.sleep(SETTLE_S)
        pids = {"primary": server.process.pid, "worker": server.workers()[0]}
        return {role: tuple(map(mb, proc.memory_kib(pid)))
                for role, pid in pids.items()}


def add_row(table, name, role, found):
    rss = median(one[role][0] for one in found)
    pss = median(one[role][1] for one in found)
    limit = LIMITS_MB[role]
    table.add(f"{name} {role}", f"{rss:.2f} MB", f"{pss:.2f} MB",
              **({"target": f"< {limit:.0f} MB", "is_met": rss < limit}
                 if name == "yoke" else {}))


def run(plan):
    table = Table("memory", "Memory of the primary and of one idle worker",
                  heads=("", "resident", "proportional", "", "target", ""))
    for name in NAMES:
        try:
            found = [measure(name, plan.server_cpus) for _ in range(STARTS)]
        except Missing as why:
            for role, limit in LIMITS_MB.items():
                table.missing(f"{name} {role}", why, f"< {limit:.0f} MB"
                              if name == "yoke" else "")
            continue
        for role in LIMITS_MB:
            add_row(table, name, role, found)
    return table
