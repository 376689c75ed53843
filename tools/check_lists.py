#!/usr/bin/python3
"""Fails when a file is missing from its folder's meson.build, or listed there
but gone: a test that is not built is a test that never fails.

    tools/check_lists.py [--write]     with --write, mends the lists instead

A list is the part of a meson.build between a line that ends in "(" or "[" and
the line that closes it, one name in quotes on each line.
"""
import re
import sys

import sources

LIST = re.compile(r"(?<==) (files\(|\[)\n(.*?)^[)\]]$", re.M | re.S)


def lists():
    """(folder, names that its meson.build should have) of every list."""
    for layer in sorted((sources.ROOT / "src").iterdir()):
        if layer.is_dir():
            yield layer, [path.name for path in layer.glob("*.c")]
    for folder, pattern in (("include", "yoke/**/*.h"), ("docs/man", "*.[1-8]")):
        folder = sources.ROOT / folder
        yield folder, [str(path.relative_to(folder))
                       for path in folder.glob(pattern)]
    for folder, pattern in (("tests/unit", "*/test_*.c"),
                            ("tests/express", "test_*.c"), ("fuzz", "*.c")):
        folder = sources.ROOT / folder
        yield folder, [str(path.relative_to(folder).with_suffix(""))
                       for path in folder.glob(pattern)]


def main():
    bad = False
    for folder, names in lists():
        build_file = folder / "meson.build"
        text = build_file.read_text() if build_file.exists() else ""
        block = LIST.search(text)
        if not block:
            print(f"{build_file.relative_to(sources.ROOT)}: no list")
            bad = True
            continue
        wanted = "".join(f"  '{name}',\n" for name in sorted(names))
        if set(block[2].split()) == set(wanted.split()):
            continue
        if "--write" in sys.argv:
            build_file.write_text(
                text[:block.start(2)] + wanted + text[block.end(2):])
            continue
        bad = True
        differing = set(block[2].split()) ^ set(wanted.split())
        print(f"{build_file.relative_to(sources.ROOT)}: differs from the"
              f" folder in {' '.join(sorted(differing))}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
