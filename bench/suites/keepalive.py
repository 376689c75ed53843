"""CPU time per keep-alive GET /get, one worker, 64 connections.

Server and load have a CPU each. What counts is the time that the server's
threads were on their CPU, divided by the answers that wrk counted. wrk needs
about as much as the floor for a request, so a server as cheap as that is not
quite kept busy and wakes up more often for fewer requests at a time, which
costs it a little: the share of its CPU that each server used is shown.
"""
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import load
from plan import ratio, spread
from proc import Failed
from report import Table
from servers import Missing, Server

NAMES = ("floor", "yoke", "nginx", "h2o", "node", "express")
CONNS = 64
WARM_UP_S = 1
FLOOR_TARGET = 1.10


@dataclass
class Turn:
    cost_us: float  # of server CPU per request
    busy: float     # share of its CPU that the server used


def turn(server, seconds):
    before = server.process.cpu_ns()
    done = load.keepalive(server.port, seconds, CONNS)
    used_us = (server.process.cpu_ns() - before) / 1000
    return Turn(used_us / done.requests, used_us / (done.seconds * 1e6))


def note_sizes(table, running):
    """The floor is only one while its answer is as long as yoke's."""
    sizes = {name: len(server.answer) for name, server in running.items()}
    if "yoke" in sizes and sizes["yoke"] != sizes["floor"]:
        table.notes.append(f"answers differ: {sizes['yoke']} bytes from yoke, "
                           f"{sizes['floor']} from the floor")


def measure(plan, table):
    turns = {}
    with ExitStack() as stack:
        running = {}
        for name in NAMES:
            try:
                running[name] = stack.enter_context(
                    Server(name, plan.server_cpus[:1]))
                load.keepalive(running[name].port, WARM_UP_S, CONNS)
            except Missing as why:
                if name == "floor":
                    raise Failed(str(why)) from why
                table.notes.append(f"{name}: {why}")
        note_sizes(table, running)
        for _ in range(plan.rounds):
            for name, server in running.items():
                turns.setdefault(name, []).append(turn(server, plan.seconds))
    return turns


def add_row(table, name, turns, costs):
    busy = median(t.busy for t in turns)
    against_floor = ratio(costs[name], costs["floor"])
    limit = {"target": f"<= {FLOOR_TARGET:.2f}",
             "is_met": against_floor <= FLOOR_TARGET}
    table.add(name, f"{median(costs[name]):.2f} us, {busy:.0%} busy",
              f"{against_floor:.2f}", spread(costs[name]),
              **(limit if name == "yoke" else {}))


def add_peer(table, peer, costs):
    what, target = f"yoke : {peer}", "< 1.00"
    if "yoke" not in costs or peer not in costs:
        table.missing(what, None, target)
        return
    found = ratio(costs["yoke"], costs[peer])
    table.add(what, "", f"{found:.2f}", target=target, is_met=found < 1)


def run(plan):
    table = Table("keepalive", "CPU per keep-alive GET /get, one worker, "
                  f"{CONNS} connections; ratio to the floor")
    turns = measure(plan, table)
    costs = {name: [t.cost_us for t in got] for name, got in turns.items()}
    for name in NAMES:
        if name in costs:
            add_row(table, name, turns[name], costs)
        else:
            table.missing(name, None, f"<= {FLOOR_TARGET:.2f}"
                          if name == "yoke" else "")
    for peer in ("nginx", "h2o"):
        add_peer(table, peer, costs)
    return table
