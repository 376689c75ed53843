"""Processes: starting them on given CPUs, what they used, ending them.

A program that is measured runs in a session of its own and with the signals
and CPUs it is given here. Whatever happens to the measurement, stop() leaves
nothing of it behind: it asks the process to end, and after a grace period
kills its group and every descendant seen at that moment. Processes are named
by pid and start time together, so a reused pid is never hit.
"""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import time

STOP_GRACE_S = 5.0
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Failed(Exception):
    """A measurement that could not be made, with the reason as its text."""


def cpus_split():
    """The CPUs for servers and for load: halves of those we may run on."""
    cpus = sorted(os.sched_getaffinity(0))
    half = len(cpus) // 2
    return (cpus[:half], cpus[half:]) if half else (cpus, cpus)


def port_free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def proc_stat(pid):
    """The fields of /proc/PID/stat after the name, or None if it is gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def ident(pid):
    """(pid, start time), or None for a process that is gone or a zombie."""
    fields = proc_stat(pid)
    return (pid, fields[19]) if fields and fields[0] not in "ZX" else None


def descendants(pid):
    """The pids below `pid`, nearest first; zombies are left out."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        fields = proc_stat(entry.name) if entry.name.isdigit() else None
        if fields and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for parent in found:
        found.extend(sorted(children.get(parent, [])))
    return found[1:]


def cpu_ns(pid):
    """Time on a CPU of all threads of one process, in nanoseconds."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total


def memory_kib(pid):
    """(resident, proportional) KiB of one process: VmRSS and Pss."""
    def field(name, key):
        text = pathlib.Path(f"/proc/{pid}/{name}").read_text()
        for line in text.split("\n"):
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise Failed(f"/proc/{pid}/{name} has no {key}")
    return field("status", "VmRSS"), field("smaps_rollup", "Pss")


class Process:
    """One started program and all that it forks. Use it in a `with`."""

    def __init__(self, name, argv, cpus, env=None, cwd=None, log=None):
        def child():
            os.sched_setaffinity(0, cpus)
            # Should this script be killed outright, so are its programs.
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        self.name = name
        self.log = log
        with open(log, "wb") if log else open(os.devnull, "wb") as out:
            self.popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                env={**os.environ, **(env or {})}, cwd=cwd,
                start_new_session=True, preexec_fn=child)
        self.pid = self.popen.pid

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def has_ended(self):
        """Looks without reaping: until stop() the pid stays ours."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT |
                         os.WNOHANG) is not None

    def pids(self):
        return [self.pid, *descendants(self.pid)]

    def cpu_ns(self):
        return sum(cpu_ns(pid) for pid in self.pids())

    def require_running(self):
        if self.has_ended():
            raise Failed(f"{self.name} ended by itself: {self.log_tail()}")

    def log_tail(self):
        if not self.log:
            return "no output kept"
        text = pathlib.Path(self.log).read_text(errors="replace").strip()
        return text[-500:] or "no output"

    def stop(self):
        if self.popen.returncode is not None:
            return
        tree = [i for i in map(ident, self.pids()) if i]
        deadline = time.monotonic() + STOP_GRACE_S
        # Not Popen.send_signal(), which reaps.
        os.kill(self.pid, signal.SIGTERM)
        while time.monotonic() < deadline and (
                not self.has_ended() or any(ident(p) == (p, t)
                                            for p, t in tree)):
            time.sleep(0.01)
        # The unreaped leader still holds the group's number.
        os.killpg(self.pid, signal.SIGKILL)
        for pid, started in tree:
            if pid != self.pid and ident(pid) == (pid, started):
                os.kill(pid, signal.SIGKILL)
        self.popen.wait()
