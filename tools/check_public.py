#!/usr/bin/python3
"""Fails when a public call is used by no test.

A call is a function or a macro of include/yoke/. The function behind a macro
counts as used when the macro is, for `yoke_app_get` calls what users do not
write. Types and names that end in "_" are no calls. Being used is not being
tested, but what is not used is not tested either.
"""
import re
import sys

import sources

TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/', re.S)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:.*\\\n)*.*)", re.M)
DIRECTIVE = re.compile(r"^[ \t]*#(?:.*\\\n)*.*", re.M)
EXTERN_C = re.compile(r'extern "" \{')
BODY = re.compile(r"\{[^{}]*\}")
TYPEDEF = re.compile(r"\btypedef\b[^;]*;")
CALL = re.compile(r"\b(yoke_\w*[a-z0-9])\s*\(|^yoke_fn (\w+);", re.M)
WORD = re.compile(r"\w+")


def read(path):
    """A file without its comments, and with nothing in its strings."""
    return TEXT.sub('""', (sources.ROOT / path).read_text())


def words(*folders):
    return {word for path in sources.c_files(*folders)
            for word in WORD.findall(read(path))}


def public_calls():
    """name -> header of every function, and name -> words of every macro."""
    functions, macros = {}, {}
    for path in sources.c_files("include"):
        text = read(path)
        for name, rest in DEFINE.findall(text):
            macros[name] = set(WORD.findall(rest))
            if name.startswith("yoke_") and name[-1] != "_":
                functions[name] = path
        plain = EXTERN_C.sub("", DIRECTIVE.sub("", text))
        plain = TYPEDEF.sub("", BODY.sub("", plain))
        functions |= {a or b: path for a, b in CALL.findall(plain)}
    return functions, macros


def main():
    functions, macros = public_calls()
    used, new = set(), words("tests")
    while new:
        used |= new
        new = {word for name in new & macros.keys()
               for word in macros[name]} - used
    bad = [f"{path}: no test uses {name}"
           for name, path in sorted(functions.items()) if name not in used]
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
