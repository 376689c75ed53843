#!/usr/bin/python3
"""Fails when a man page gives man something to warn about, or is missing from
docs/man/meson.build; when an option of the command, or a variable of the
environment that is read in src/, is in no man page; and when libyoke(3) does
not list a public header."""
import os
import re
import subprocess
import sys

import sources

FOLDER = sources.ROOT / "docs/man"
OPTION = re.compile(r"(?:\{|YK_OPTION_FLAG\()\s*('.'|0),\s*\"([a-z-]+)\"")
VARIABLE = re.compile(r'"(YOKE_[A-Z_]+)"|getenv\("(\w+)"|env_int\("(\w+)"')
# What one process of yoke tells another.
INTERNAL = {"YOKE_UPGRADE"}
# What other headers are made with.
INNER_HEADERS = {"here.h", "temporary.h"}


def complaints(page):
    run = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode or run.stderr:
        yield f"{page.name}:\n{run.stderr}"


def found(pattern, folder):
    """What the groups of a pattern have matched in the C files there."""
    return {word for path in sources.c_files(folder)
            for groups in pattern.findall((sources.ROOT / path).read_text())
            for word in groups if word}


def missing(pages):
    """Options and variables without an entry."""
    entries = re.findall(r"^\.(?:It |Fl |Op )+(.*)", "\n".join(pages), re.M)
    options = re.findall(r"(?:Fl|\|) (?!Fl )([\w-]+)", "\n".join(
        "Fl " + entry for entry in entries))
    variables = re.findall(r"[A-Z_]{3,}", "\n".join(
        entry for entry in entries if entry.startswith("Ev")))
    for name in sorted(found(OPTION, "src/cli") - {"0"} - set(options)):
        if name.strip("'") not in options:
            yield f"yoke.1: the option {name} is missing"
    for name in sorted(found(VARIABLE, "src") - INTERNAL - set(variables)):
        yield f"no man page has the variable {name}"


def missing_headers(page):
    """Public headers that the page's list does not have."""
    listed = set(re.findall(r"\w+\.h", " ".join(
        re.findall(r"^\.It In .*", page, re.M))))
    for path in sources.c_files("include"):
        if path.name not in listed | INNER_HEADERS:
            yield f"libyoke.3: {path.relative_to('include')} is missing"


def main():
    pages = sorted(FOLDER.glob("*.[1-8]"))
    listed = (FOLDER / "meson.build").read_text()
    bad = [line for page in pages for line in complaints(page)]
    bad += [f"{page.name}: not listed in meson.build"
            for page in pages if f"'{page.name}'" not in listed]
    bad += missing([page.read_text() for page in pages])
    bad += missing_headers((FOLDER / "libyoke.3").read_text())
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
