"""Running commands so that nothing of them stays behind.

Every command gets a session of its own and a deadline. This process makes
itself the reaper of orphans, so that whatever a command starts, and forgets,
remains a descendant that `sweep` finds, wherever it hid: in another session,
behind a dead parent.
"""
import ctypes
import os
import pathlib
import signal
import subprocess
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36


class Result:
    """How a command ended: its status, and all it wrote."""

    def __init__(self, status, output):
        self.status = status
        self.output = output
        self.ok = status == 0


def adopt_orphans():
    """Makes orphaned descendants children of this process, not of init."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def parents():
    """{pid: pid of the parent} of all processes that are not zombies."""
    table = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text(errors="replace")
        except OSError:
            continue  # It ended just now.
        # The name, in parentheses, may hold anything, even ") ".
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state not in "ZX":
            table[int(entry.name)] = int(parent)
    return table


def descendants(pid):
    """Pids of the living children of `pid`, their children, and so on."""
    table = parents()
    found, queue = [], [pid]
    while queue:
        parent = queue.pop()
        children = [p for p, its_parent in table.items() if its_parent == parent]
        found += children
        queue += children
    return found


def kill_tree(pid):
    """Kills `pid` and its descendants: first the ancestors, which could
    otherwise replace a child as fast as it dies."""
    while family := [p for p in [pid] if p in parents()] + descendants(pid):
        for member in family:
            kill(member)
        time.sleep(0.01)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(command, timeout, cwd=None, env=None):
    """Runs a command without stdin to its end, or until `timeout` seconds
    have passed, when it is killed with all its descendants. Its stdout and
    stderr end up in one text, in the order written."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(
            [str(word) for word in command], cwd=cwd,
            env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=out, stderr=out, start_new_session=True)
        note = ""
        try:
            status = child.wait(timeout)
        except subprocess.TimeoutExpired:
            status = -signal.SIGKILL
            note = f"\nkilled: not done after {timeout} s\n"
        finally:
            if child.returncode is None:
                kill_tree(child.pid)
                child.wait()
        out.seek(0)
        text = out.read().decode(errors="replace") + note
    if status < 0 and not note:
        text += f"\ndied of {signal.Signals(-status).name}\n"
    return Result(status, text)


def strangers(folders):
    """(pid, path) of all processes that run a program from these folders."""
    found = []
    for pid in parents():
        try:
            path = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if any(path.startswith(f"{folder}/") for folder in folders):
            found.append((pid, path))
    return found


def sweep(folders):
    """Kills every descendant of this process, and every process that runs a
    program from `folders`. Returns a line about each."""
    left = dict(strangers(folders))
    for pid in descendants(os.getpid()):
        left.setdefault(pid, command_line(pid))
    lines = [f"{pid} {what}" for pid, what in left.items()]
    while left:
        for pid in left:
            kill_tree(pid)
        left = dict(strangers(folders))
    reap()
    return lines


def command_line(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return "?"
    return words.replace(b"\0", b" ").decode(errors="replace").strip()


def reap():
    """Collects the orphans that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
