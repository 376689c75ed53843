#!/usr/bin/python3
"""Every check and every test of yoke, in one run: `make test`.

    tools/test.py [STEP...]

Runs the steps named, or all; prints a line for each, and in full what a failed
one wrote. A step that fails does not stop the others, unless they need it. The
last line counts: `N passed, N failed`. A check or a build counts as one test.
Builds are made while tests run, so the times do not add up to the whole.
"""
import argparse
import fcntl
import os
import signal
import sys
import tempfile
import time

from testing import ahead, builds, procs, suites


class Tally:
    """Runs the parts of the steps, counts what passed and failed, and tells."""

    def __init__(self, ahead):
        self.passed = self.failed = 0
        self.ahead = ahead
        self.built = {}

    def count(self, name, seconds, passed, failed, output):
        self.passed += passed
        self.failed += failed
        verdict = "FAIL" if failed else " ok "
        total = passed + failed
        numbers = f"{passed} of {total}" if total > 1 else ""
        print(f"{verdict} {name:<40} {numbers:>12} {seconds:6.1f} s", flush=True)
        if failed:
            print(output.strip(), "\n", flush=True)

    def count_one(self, name, seconds, result):
        """One that is good or bad, as a Result says; True when it is good."""
        self.count(name, seconds, int(result.ok), int(not result.ok),
                   result.output)
        return result.ok

    def check(self, name, function, *args):
        """Runs a function that returns a Result; True when that is good."""
        started = time.monotonic()
        result = function(*args)
        return self.count_one(name, time.monotonic() - started, result)

    def tool(self, name, script, *args):
        """Runs a script from this folder, as a check."""
        path = builds.ROOT / "tools" / script
        self.check(name, procs.run, [sys.executable, path, *args], 120)

    def build(self, name):
        """Waits for a build, and counts it once; True when it is good."""
        if name not in self.built:
            result, seconds = self.ahead.wait(name)
            self.built[name] = self.count_one(f"{name} builds", seconds, result)
        return self.built[name]

    def suite(self, name, *args):
        """Runs a suite of tests. None at all is a failure, too."""
        started = time.monotonic()
        passed, failed, output = suites.run(*args)
        if passed + failed == 0:
            failed, output = 1, "there are no such tests"
        self.count(name, time.monotonic() - started, passed, failed, output)


def step_format(tally):
    tally.tool("format", "check_format.py")


def step_layers(tally):
    tally.tool("layers", "check_layers.py")


def step_lists(tally):
    tally.tool("lists of files", "check_lists.py")
    tally.tool("tests of public calls", "check_public.py")
    tally.tool("comments of public calls", "check_manual.py")


def step_size(tally):
    tally.tool("sizes of functions and files", "check_size.py")


def step_docs(tally):
    tally.tool("programs in the documents", "check_docs.py")
    tally.tool("links in the documents", "check_links.py")
    tally.tool("man pages", "check_man.py")


def step_gcc(tally):
    tally.build("build-gcc")


def step_unit(tally):
    if tally.build("build-gcc"):
        tally.suite("unit tests", suites.unit, "build-gcc")


def step_e2e(tally):
    if tally.build("build-gcc"):
        tally.suite("end-to-end tests", suites.end_to_end, "build-gcc")


def step_asan(tally):
    if tally.build("build-asan"):
        env = builds.SANITIZER_ENV
        tally.suite("unit tests, sanitized", suites.unit, "build-asan", env)
        tally.suite("end-to-end tests, sanitized", suites.end_to_end,
                    "build-asan", env)


def step_clang(tally):
    tally.build("build-clang")


def step_fuzz(tally):
    if tally.build("build-clang"):
        tally.suite("fuzz corpora", suites.corpora, "build-clang",
                    builds.SANITIZER_ENV)


STEPS = {name.removeprefix("step_"): function
         for name, function in list(globals().items())
         if name.startswith("step_")}

# What is built for a step, if anything is.
NEEDS = {"gcc": "build-gcc", "unit": "build-gcc", "e2e": "build-gcc",
         "asan": "build-asan", "clang": "build-clang", "fuzz": "build-clang"}


def nothing_left_behind():
    """The last test: no process outlived those before."""
    left = procs.sweep(builds.folders())
    return procs.Result(len(left), "\n".join(["left behind:", *left]))


def claim_folder():
    """Makes this the only run in this folder, until it ends: two would build
    into the same builds, and each would take the other's processes for its
    own, and end them."""
    folder = os.open(builds.ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"another run of the tests is under way in {builds.ROOT}: "
                 "wait for its end, or end it first")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("steps", nargs="*", metavar="STEP",
                        help=", ".join(STEPS))
    names = parser.parse_args().steps or list(STEPS)
    for name in names:
        if name not in STEPS:
            parser.error(f"there is no step {name!r}, only: {', '.join(STEPS)}")

    claim_folder()
    # Being told to end must go through the same cleaning up as Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    procs.adopt_orphans()
    needed = list(dict.fromkeys(NEEDS[name] for name in names if name in NEEDS))
    started = time.monotonic()
    # Whatever the tests put into files, goes when they are done.
    with tempfile.TemporaryDirectory(prefix="yoke-") as scratch:
        os.environ["TMPDIR"] = tempfile.tempdir = scratch
        try:
            with ahead.Ahead(needed) as builder:
                tally = Tally(builder)
                for name in names:
                    STEPS[name](tally)
            tally.check("no process left behind", nothing_left_behind)
        finally:
            procs.sweep(builds.folders())
            tempfile.tempdir = None
    print(f"{time.monotonic() - started:.0f} s in all")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return tally.failed != 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
