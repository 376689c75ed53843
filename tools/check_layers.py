#!/usr/bin/python3
"""Fails when a file includes what its layer may not use.

The tables below are docs/ARCHITECTURE.md in executable form. A layer may
include itself, the layers MAY_USE lists for it, and the public headers that
PUBLIC lists. A public header includes only public headers and libc.
"""
import re
import sys

import sources

MAY_USE = {
    "core": [],
    "net": ["core"],
    "http": ["core", "net"],
    "store": ["core", "net"],
    "shared": ["core", "net"],
    "app": ["core", "net", "http", "store"],
    "cluster": ["core", "net"],
    "middleware": [],
    "run": ["core", "net", "http", "app", "cluster", "test"],
    "test": ["core", "net", "http", "app"],
    "cli": ["core"],
}
ALSO = {  # headers of other layers, one by one
    "middleware": ["core/banned.h", "core/base64.h", "core/sink.h",
                   "core/utf8.h", "app/hash.h", "http/chars.h"],
}
PUBLIC = {  # for the layers not named here: all of them
    "core": ["yoke/error.h", "yoke/log.h", "yoke/version.h"],
    "net": ["yoke/error.h", "yoke/listen.h", "yoke/log.h", "yoke/loop.h",
            "yoke/net.h", "yoke/udp.h"],
}
# Headers of other libraries that a public header must not bring along.
FOREIGN = re.compile(r"(uv|jansson|nghttp2|openssl|hiredis|lmdb)\b")
INCLUDE = re.compile(r'\s*#\s*include\s+["<]([^">]+)[">]')


def included(path):
    """(line number, name) of each include in a file."""
    for number, line in enumerate(
            (sources.ROOT / path).read_text().splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[1]


def may_include(layer, name):
    folder = name.split("/")[0] if "/" in name else layer
    if folder == "yoke":
        return name in PUBLIC.get(layer, [name])
    if folder not in MAY_USE:
        return True  # libc's, or another library's
    return (folder == layer or folder in MAY_USE[layer]
            or name in ALSO.get(layer, []))


def main():
    bad = []
    for path in sources.c_files("src"):
        layer = path.parts[1]
        if layer not in MAY_USE:
            bad.append(f"{path}: there is no layer {layer}/")
            continue
        bad += [f"{path}:{number}: {layer}/ may not include {name}"
                for number, name in included(path)
                if not may_include(layer, name)]
    for path in sources.c_files("include"):
        bad += [f"{path}:{number}: a public header may not include {name}"
                for number, name in included(path)
                if FOREIGN.match(name) or name.split("/")[0] in MAY_USE]
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
