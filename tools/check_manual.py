#!/usr/bin/python3
"""Fails when a public header is no manual: when no comment is about a function
or a macro with arguments, or the comment says nothing of what it returns, or,
of a function that returns an int, nothing of how it may end; or when an error
is named that does not exist.

A comment is about every declaration that follows without an empty line between.
One that opens a section ("---- Name ----"), if it says more than a name, or,
above the first section, the header, is about the declarations that have none;
and either may say what all of them return.
"""
import errno
import re
import sys

import sources

COMMENT = re.compile(r"/\*(.*?)\*/", re.S)
BODY = re.compile(r"\{[^{}]*\}")
SECTION = re.compile(r"-{4}")
WORDS_OF_A_NAME = 5
MACRO = re.compile(r"^ *# *define (yoke_\w*[a-z0-9])\((?:.*\\\n)*.*", re.M)
OTHER_DIRECTIVE = re.compile(r"^ *#(?:.*\\\n)*.*", re.M)
FUNCTION = re.compile(r"^((?!typedef\b|extern\b)\w[\w *]*?[ *\n])\*?(yoke_\w+)\(",
                      re.M)
# Words that tell what comes back; so does a sentence without a verb, which
# names it: "The value of a cookie."
RESULT = re.compile(r"\breturn|\bgives?\b|\bNULL\b|\btrue\b|\bfalse\b|-YOKE_E"
                    r"|-E[A-Z]", re.I)
NAMED = re.compile(r"(?:^|[.;:,] (?:and |in a \w+: )?)(The|An?|Its?|That|All|"
                   r"One|Whether|How|Where|What|Which|Bytes|Connections|Jobs|"
                   r"Milliseconds|Room|Everything|Text|Names|Another)\b")
OUTCOME = re.compile(r"-YOKE_E|-E[A-Z]|negative|[Rr]eturns? |-1\b|\d when|"
                     r"the same|as (a )?setter|[Aa]s `?yoke_", re.I)
ALL_ALIKE = re.compile(r"(return|give|Return|setters?)\w*\b[^.]*\b0\b|the setters")
ERROR = re.compile(r"-(YOKE_E[A-Z]+|E[A-Z]{3,}[0-9]?)\b")


class Header:
    """A public header, taken apart."""

    def __init__(self, path):
        self.path = path
        self.text = (sources.ROOT / path).read_text()
        self.comments = []
        self.code = COMMENT.sub(self.keep, self.text)

    def keep(self, found):
        """Puts a comment aside, and a mark in its place."""
        words = re.sub(r"\n \*?", "\n", found[1]).split()
        self.comments.append(" ".join(words))
        return f"@{len(self.comments) - 1}@"

    def declarations(self):
        """(name, what it returns, the comment about it, what section and header
        say) of every function and macro."""
        code = self.code.replace('extern "C" {', "")
        while BODY.search(code):
            code = BODY.sub("", code)
        top = section = self.comments[0]
        for paragraph in re.split(r"\n\n+", code):
            own = []
            for mark in re.findall(r"@(\d+)@", paragraph):
                comment = self.comments[int(mark)]
                if SECTION.search(comment):
                    section = SECTION.sub("", comment)
                elif mark != "0":
                    own.append(comment)
            said = " ".join(own)
            if not said and len(section.split()) > WORDS_OF_A_NAME:
                said = section
            yield from ((name, kind, said, f"{section} {top}")
                        for name, kind in declared(paragraph))


def declared(paragraph):
    """(name, what it returns) of what a paragraph declares; a macro: None."""
    code = re.sub(r"@\d+@", "", paragraph)
    yield from ((name, None) for name in MACRO.findall(code))
    for kind, name in FUNCTION.findall(OTHER_DIRECTIVE.sub("", code)):
        if name[-1] != "_":
            yield name, kind.removeprefix("static inline").strip()


def wrong(kind, comment, alike):
    """What is wrong with the comment of a declaration, or None."""
    if not comment:
        return "no comment is about it"
    if kind in (None, "void"):
        return None
    if kind != "int":
        told = RESULT.search(comment) or NAMED.search(comment)
        return None if told else "nothing says what it returns"
    if OUTCOME.search(comment) or NAMED.match(comment) or \
            ALL_ALIKE.search(alike):
        return None
    return "nothing says how it may end: 0, or which error"


def complaints(header, errors):
    for name, *about in header.declarations():
        bad = wrong(*about)
        if bad:
            yield f"{header.path}: {name}: {bad}"
    for comment in header.comments:
        for name in ERROR.findall(comment):
            if name not in errors:
                yield f"{header.path}: there is no error {name}"


def main():
    listed = (sources.ROOT / "include/yoke/error.h").read_text()
    errors = {f"YOKE_{name}" for name in re.findall(r"XX\((\w+), \d", listed)}
    errors.update(errno.errorcode.values(), ["ENOTSUP"])
    bad = [line for path in sources.c_files("include")
           for line in complaints(Header(path), errors)]
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
