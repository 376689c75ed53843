#!/usr/bin/python3
"""Compiles the programs in the documents and in the public headers' comments.

A program is a block that is fenced as ```c and includes a header of yoke. A
block of a document without an include is what stands in a function; one of a
header is for reading only. The compiler checks the syntax and the types;
nothing is linked. Each public header must compile alone, too.
"""
import re
import subprocess
import sys

import sources

FENCE = re.compile(r"^[ *]*```c\n(.*?)^[ *]*```", re.M | re.S)
COMMENT_EDGE = re.compile(r"^ \*( |$)", re.M)
FUNCTION = """#include <yoke/yoke.h>
static void fragment(void) __attribute__((unused));
static void fragment(void)
{{
#line {line}
{code}}}
"""
COMPILER = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
            "-fsyntax-only", "-Iinclude", "-x", "c", "-"]


def documents():
    yield from sorted(sources.ROOT.glob("*.md"))
    yield from sorted((sources.ROOT / "docs").rglob("*.md"))
    yield from sorted((sources.ROOT / "include").rglob("*.h"))


def programs(document):
    """(line number, text) of each program in a document."""
    text = document.read_text()
    for block in FENCE.finditer(text):
        code = block[1]
        if document.suffix == ".h":
            code = COMMENT_EDGE.sub("", code)
        line = text.count("\n", 0, block.start(1)) + 1
        if "#include <yoke/" in code:
            yield line, code
        elif document.suffix == ".md":
            yield line, FUNCTION.format(line=line, code=code)


def compiles(name, line, code):
    """True when the compiler has nothing to say. The line directive makes it
    speak of the document."""
    source = f'#line {line} "{name}"\n{code}'
    return subprocess.run(COMPILER, input=source, text=True,
                          cwd=sources.ROOT).returncode == 0


def main():
    good = True
    for document in documents():
        name = document.relative_to(sources.ROOT)
        for line, code in programs(document):
            good &= compiles(name, line, code)
    for header in sources.c_files("include"):
        include = f"#include <{header.relative_to('include')}>\n"
        good &= compiles(f"{header}, alone", 1, include)
    return not good


if __name__ == "__main__":
    sys.exit(main())
