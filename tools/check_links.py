#!/usr/bin/python3
"""Fails when a link in a document leads to a file or a heading that is not
there; when no way of links leads from README.md to a page of docs/; and when a
document, a header or a man page names a page of docs/ that does not exist.
Links to other places are not followed."""
import re
import sys

import sources

FENCED = re.compile(r"^ *```.*?^ *```", re.M | re.S)
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*?) *$", re.M)
PAGE = re.compile(r"\bdocs/[\w/.-]*\.md\b")


def documents():
    yield from sorted(sources.ROOT.glob("*.md"))
    for folder in ("docs", "examples", "include", "tests", "bench", "fuzz"):
        yield from sorted(path for path in (sources.ROOT / folder).rglob("*.md")
                          if "node_modules" not in path.parts)


def prose(path):
    """A document without its programs, but with as many lines."""
    return FENCED.sub(lambda block: "\n" * block[0].count("\n"),
                      path.read_text())


def anchors(path):
    """What a link may have behind its "#", as GitHub makes it of headings."""
    found = set()
    for heading in HEADING.findall(prose(path)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = sum(re.fullmatch(re.escape(anchor) + r"(-\d+)?", other)
                     is not None for other in found)
        found.add(f"{anchor}-{number}" if number else anchor)
    return found


def broken(path, target):
    """What is wrong with a link of a document, or None."""
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    goal = (path.parent / name).resolve() if name else path
    if not goal.exists():
        return f"there is no {name}"
    if anchor and (goal.suffix != ".md" or anchor not in anchors(goal)):
        return f"{name or path.name} has no heading #{anchor}"
    return None


def reachable():
    """The documents that a way of links leads to, from README.md."""
    found, new = set(), [sources.ROOT / "README.md"]
    while new:
        path = new.pop()
        if path in found or path.suffix != ".md" or not path.exists():
            continue
        found.add(path)
        new += [(path.parent / target.partition("#")[0]).resolve()
                for target in LINK.findall(prose(path))]
    return found


def complaints():
    for path in set((sources.ROOT / "docs").rglob("*.md")) - reachable():
        yield f"{path.relative_to(sources.ROOT)}: nothing leads here"
    for path in documents():
        text = prose(path)
        for link in LINK.finditer(text):
            wrong = broken(path, link[1])
            if wrong:
                line = text.count("\n", 0, link.start()) + 1
                yield f"{path.relative_to(sources.ROOT)}:{line}: {wrong}"
    pages = [sources.ROOT / header for header in sources.c_files("include")]
    pages += (sources.ROOT / "docs/man").glob("*.[1-8]")
    for path in [*documents(), *pages]:
        for page in sorted(set(PAGE.findall(path.read_text()))):
            if not (sources.ROOT / page).exists():
                yield f"{path.relative_to(sources.ROOT)}: there is no {page}"


def main():
    bad = list(complaints())
    print("\n".join(bad))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
