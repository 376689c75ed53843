#!/usr/bin/python3
"""Does to a cluster under load what can happen to one, and checks after each
step that it is as it was: `make chaos SECONDS=120 SEED=1`.

    chaos.py [--seconds N] [--seed N]   steps, chosen by the seed (steps.py)
    chaos.py --kills N                  so many workers killed, and no more
    chaos.py --operations N             so many reloads and scalings

The programs come from the build that $YOKE_BUILD names, build/ by default. The
same seed makes the same choices; what the processes make of them, nobody
knows. When something is wrong, it says at which step and what, and how to do
the same again.
"""
import argparse
import os
import pathlib
import random
import re
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import harness  # noqa: E402
import procfs  # noqa: E402
import run as running  # noqa: E402
import steps  # noqa: E402

WARM_OPERATIONS = 300  # Until the primary's memory is what it stays.
KILLS_AT_A_TIME = 20   # Between two looks: the primary remembers 64 deaths.


class Failed(Exception):
    """What was wrong, at which step."""


def figures(run, **more):
    """What a run has to show for itself."""
    return {"answered": run.clients.answered, "deaths": len(run.judge.told),
            "lost": run.judge.lost, "unseen": run.judge.unseen,
            "descriptors": run.server.fd_count(),
            "memory_kb": (run.memory // 1024, procfs.resident_bytes(
                run.server.pid) // 1024), **more}


def deck(rng):
    """The steps: all of them in some order, again and again. A slow one comes
    at the end of each round."""
    while True:
        yield from rng.sample(steps.QUICK, len(steps.QUICK))
        yield rng.choice(steps.SLOW)


def carry_out(run, number, step):
    try:
        step(run)
        run.check()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Failed(f"step {number}, {step.__name__}: "
                     f"{type(error).__name__}: {error}") from error


def run_steps(run, seconds, count=None):
    """As many as there is time for; at least one of each that is quick if
    `seconds` is None and no `count` is given."""
    end = None if seconds is None else time.monotonic() + seconds
    count = count or (None if end else len(steps.QUICK))
    cards = deck(run.rng)
    number = 0
    with run.load():
        run.calibrate()
        while (number < count if count else time.monotonic() < end):
            step = next(cards)
            number += 1
            run.say(f"step {number}: {step.__name__}")
            carry_out(run, number, step)
        return figures(run, steps=number)


def kill_again_and_again(run, count):
    """Workers are killed as soon as all of them serve, under load."""
    killed = 0
    with run.load(keep=6, new=4, slow=4, rude=1):
        run.calibrate()
        while killed < count:
            for _ in range(min(KILLS_AT_A_TIME, count - killed)):
                steps.kill(run, *run.pick())
                killed += 1
                run.wait_whole()
            carry_out(run, killed, lambda run: None)
            run.say(f"{killed} killed")
        return figures(run, killed=killed)


def operate(run, count):
    """Reloads and scalings by turns; the primary has to stay what it was."""
    operations = [steps.reload, steps.scale]
    warm = min(WARM_OPERATIONS, count // 2)
    with run.load(keep=3, new=2, slow=2, rude=1):
        run.calibrate()
        for number in range(1, count + 1):
            step = operations[number % 2]
            step(run)
            if number == warm or number % 50 == 0 or number == count:
                carry_out(run, number, lambda run: None)
                run.say(f"{number} operations, the primary has "
                        f"{procfs.resident_bytes(run.server.pid) // 1024} KB")
            if number == warm:
                run.memory = procfs.resident_bytes(run.server.pid)
        run.check_memory(slack=0 if warm == WARM_OPERATIONS
                         else running.MEMORY_SLACK)
        if run.judge.lost:
            raise Failed(f"{run.judge.lost} requests were lost")
        return figures(run, operations=count)


def run_with(seed, function, *args, sched=None, preload=False,
             say=lambda text: None):
    """One run, from start to stop; its figures."""
    run = running.Run(random.Random(seed), sched, preload, say)
    try:
        result = function(run, *args)
        run.close()
        return {"sched": run.sched, **result}
    except BaseException as error:
        error.add_note(f"the last it said:\n{run.server.output[-4000:]}\n"
                       f"what it is like ({run.sched}): {run.describe()}")
        run.kill()
        raise


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--steps", type=int, help="so many, however long")
    parser.add_argument("--kills", type=int)
    parser.add_argument("--operations", type=int)
    parser.add_argument("--sched", help="rr, none, balanced (the seed chooses "
                        "among these), callback, kernel-rr, kernel-least or "
                        "sticky")
    parser.add_argument("--preload", action="store_true",
                        help="workers are forked from a template")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.randrange(1 << 31)
    if args.kills:
        what, call = f"KILLS={args.kills}", (kill_again_and_again, args.kills)
    elif args.operations:
        what, call = (f"OPERATIONS={args.operations}",
                      (operate, args.operations))
    else:
        what, call = (f"SECONDS={args.seconds:g}",
                      (run_steps, args.seconds, args.steps))
    again = f"make chaos {what} SEED={seed}" + (
        f" SCHED={args.sched}" if args.sched else "") + (
        " PRELOAD=1" if args.preload else "")
    print(f"seed {seed}", flush=True)
    try:
        result = run_with(seed, *call, sched=args.sched, preload=args.preload,
                          say=lambda text: print(text, flush=True))
    except (Failed, AssertionError) as error:
        print(*getattr(error, "__notes__", []), sep="\n")
        print(f"FAILED with seed {seed}: {error}\nagain: {again}")
        return 1
    print(", ".join(f"{name} {value}" for name, value in result.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
