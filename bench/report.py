"""Tables: one Row per thing measured, printed as text or as markdown."""
import os
import pathlib
import platform
import re
from dataclasses import dataclass, field


@dataclass
class Row:
    what: str
    value: str            # the figure in its own unit, e.g. "5.31 us"
    ratio: str = ""       # the same relative to the row named in the title
    spread: str = ""      # lowest and highest of the rounds
    target: str = ""      # e.g. "<= 1.10 x floor"; empty: only a reference
    is_met: bool = None   # None when there is no target, or no figure for it

    def verdict(self):
        if not self.target:
            return ""
        return {True: "ok", False: "MISSED", None: "not measured"}[self.is_met]

    def cells(self):
        return [self.what, self.value, self.ratio, self.spread, self.target,
                self.verdict()]


@dataclass
class Table:
    name: str
    title: str
    heads: tuple = ("", "median", "ratio", "min - max", "target", "")
    rows: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def add(self, *args, **kwargs):
        self.rows.append(Row(*args, **kwargs))

    def missing(self, what, why, target=""):
        """A row without a figure; the reason is noted when it is new."""
        self.rows.append(Row(what, "-", target=target))
        note = f"{what}: {why}" if why else None
        if note and note not in self.notes:
            self.notes.append(note)

    def columns(self):
        """The rows' cells without the columns that are empty throughout."""
        lines = [list(self.heads)] + [row.cells() for row in self.rows]
        used = [i for i in range(len(self.heads))
                if any(line[i] for line in lines[1:])]
        return [[line[i] for i in used] for line in lines]

    def text(self):
        lines = self.columns()
        widths = [max(map(len, column)) for column in zip(*lines)]
        out = [self.title]
        for line in lines:
            cells = [c.ljust(w) if i == 0 else c.rjust(w)
                     for i, (c, w) in enumerate(zip(line, widths))]
            out.append("  " + "  ".join(cells).rstrip())
        return "\n".join(out + [f"  ({note})" for note in self.notes]) + "\n"

    def markdown(self):
        head, *body = self.columns()
        out = [f"{self.title}.", ""]
        out.append("| " + " | ".join(head) + " |")
        out.append("|---|" + "---:|" * (len(head) - 1))
        out += ["| " + " | ".join(line) + " |" for line in body]
        if self.notes:
            out += ["", *(f"- {note}" for note in self.notes)]
        return "\n".join(out)

    def missed(self):
        return [row.what for row in self.rows if row.is_met is False]


def cpu_model():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    hit = re.search(r"model name\s*:\s*(.*)", text)
    return hit.group(1) if hit else platform.machine()


def facts(cpus, versions):
    """What a reader needs to judge the figures, one line each."""
    kernel = re.match(r"[\d.]+", platform.release()).group(0)
    return [f"Machine: {len(set(cpus))} CPUs, {cpu_model()}, "
            f"Linux {kernel}",
            "Versions: " + ", ".join(f"{n} {v}" for n, v in versions),
            f"Load average before the run: {os.getloadavg()[0]:.1f}"]


def fill(path, sections):
    """Puts each section's text between its markers in a document:
    <!-- bench:NAME --> ... <!-- /bench:NAME -->"""
    text = path.read_text()
    for name, body in sections.items():
        begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not found or not closed:
            raise ValueError(f"{path.name} has no place for {name}")
        text = f"{before}{begin}\n{body}\n{end}{after}"
    path.write_text(text)
