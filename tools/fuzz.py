#!/usr/bin/python3
"""Fuzzes each target for some seconds: `make fuzz SECONDS=60`.

    tools/fuzz.py SECONDS [TARGET...]

The targets run side by side, one on each CPU. They start from fuzz/corpus/ and
collect what they find interesting in build-fuzz/corpus/, from where the next
run goes on. An input that makes a target fail stays in build-fuzz/crashes/.
"""
import argparse
import re
import sys

from testing import builds, procs, suites

FOLDER = builds.ROOT / "build-fuzz"
GRACE_SECONDS = 60  # for loading a corpus, and writing a report


def fuzz(name, program, seconds):
    """One target; True when it ran clean."""
    found = FOLDER / "corpus" / name
    crashes = FOLDER / "crashes"
    for folder in (found, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    command = [program, f"-max_total_time={seconds}", "-timeout=10",
               "-print_final_stats=1", f"-artifact_prefix={crashes}/{name}-",
               f"-dict={builds.ROOT}/fuzz/http.dict",
               found, builds.ROOT / "fuzz/corpus" / name]
    result = procs.run(command, seconds + GRACE_SECONDS, builds.ROOT,
                       builds.SANITIZER_ENV)
    runs = re.search(r"number_of_executed_units: (\d+)", result.output)
    print(f"{' ok ' if result.ok else 'FAIL'} {name:<24} {seconds} s,"
          f" {int(runs[1]) if runs else 0:,} runs", flush=True)
    if not result.ok:
        print(result.output, flush=True)
    return result.ok


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("seconds", type=int)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    args = parser.parse_args()

    procs.adopt_orphans()
    built = builds.build(FOLDER.name)
    if not built.ok:
        sys.exit(built.output)
    fuzzers = builds.fuzzers(FOLDER.name)
    for name in args.targets:
        if name not in fuzzers:
            parser.error(f"no target {name!r}, only: {', '.join(fuzzers)}")
    return not all(suites.in_parallel(
        lambda name: fuzz(name, fuzzers[name], args.seconds),
        args.targets or sorted(fuzzers)))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
