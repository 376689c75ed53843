#!/usr/bin/python3
"""Compiles the programs in the documents and in the public headers' comments.

A program is a block that is fenced as ```c and includes a header of yoke. A
block of a document without an include is what stands in a function; one of a
header is for reading only. The compiler checks the syntax and the types;
nothing is linked. Each public header must compile alone, too, and all of them
together in C++; a block that is fenced as ```cpp is C++.
"""
import re
import subprocess
import sys

import sources

FENCE = re.compile(r"^[ *]*```(c|cpp)\n(.*?)^[ *]*```", re.M | re.S)
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
CPP_COMPILER = ["clang++", "-std=c++20", *COMPILER[2:-2], "c++", "-"]
GPP_COMPILER = ["g++", *CPP_COMPILER[1:]]


def documents():
    yield from sorted(sources.ROOT.glob("*.md"))
    yield from sorted((sources.ROOT / "docs").rglob("*.md"))
    yield from sorted((sources.ROOT / "include").rglob("*.h"))


def programs(document):
    """(line number, text, compilers) of each program in a document."""
    text = document.read_text()
    for block in FENCE.finditer(text):
        compilers = [COMPILER]
        if block[1] == "cpp":
            compilers = [CPP_COMPILER, GPP_COMPILER]
        code = block[2]
        if document.suffix == ".h":
            code = COMMENT_EDGE.sub("", code)
        line = text.count("\n", 0, block.start(2)) + 1
        if "#include <yoke/" in code:
            yield line, code, compilers
        elif document.suffix == ".md":
            yield line, FUNCTION.format(line=line, code=code), compilers


def compiles(name, line, code, compiler=COMPILER):
    """True when the compiler has nothing to say. The line directive makes it
    speak of the document."""
    source = f'#line {line} "{name}"\n{code}'
    return subprocess.run(compiler, input=source, text=True,
                          cwd=sources.ROOT).returncode == 0


def main():
    good = True
    for document in documents():
        name = document.relative_to(sources.ROOT)
        for line, code, compilers in programs(document):
            for compiler in compilers:
                good &= compiles(name, line, code, compiler)
    includes = [f"#include <{header.relative_to('include')}>\n"
                for header in sources.c_files("include")]
    for include in includes:
        good &= compiles(f"{include.strip()}, alone", 1, include)
    good &= compiles("all headers, in C++", 1, "".join(includes), CPP_COMPILER)
    return not good


if __name__ == "__main__":
    sys.exit(main())
