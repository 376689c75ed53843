#!/usr/bin/python3
"""The C files of yoke: what the checks look at, and `make format` lays out.

The folders are walked instead of asking git, so that a file is checked before
it is added, and in a tree that was unpacked from an archive.
"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("include", "src", "tests", "examples", "bench", "fuzz")


def c_files(*folders):
    """Paths of all .c and .h files below the folders, relative to ROOT."""
    return sorted(path.relative_to(ROOT)
                  for folder in folders or FOLDERS
                  for path in (ROOT / folder).rglob("*.[ch]")
                  if "node_modules" not in path.parts)


if __name__ == "__main__":
    for path in c_files(*sys.argv[1:]):
        print(ROOT / path)
