#!/usr/bin/python3
"""Fails on a function over 80 lines or a file over 800."""
import json
import subprocess
import sys

import sources

MAX_FUNCTION, MAX_FILE = 80, 800
ALLOWED = {}  # "path:function": its limit, with the reason in a comment


def long_files(paths):
    for path in paths:
        with open(sources.ROOT / path, errors="replace") as file:
            lines = sum(1 for _ in file)
        if lines > MAX_FILE:
            yield f"{path}: {lines} lines, limit {MAX_FILE}"


def long_functions(paths):
    ctags = subprocess.run(
        ["ctags", "--quiet", "--options=NONE", "--languages=C", "--langmap=C:.c.h",
         "--fields=+ne", "--kinds-C=f", "--output-format=json",
         "-f", "-", "-L", "-"],
        cwd=sources.ROOT, input="\n".join(map(str, paths)),
        stdout=subprocess.PIPE, check=True, text=True)
    for tag in map(json.loads, ctags.stdout.splitlines()):
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        name = f"{tag['path']}:{tag['name']}"
        limit = ALLOWED.get(name, MAX_FUNCTION)
        if lines > limit:
            yield f"{name} (line {tag['line']}): {lines} lines, limit {limit}"


def main():
    paths = sources.c_files()
    bad = [*long_files(paths), *long_functions(paths)]
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
