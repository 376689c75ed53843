"""What Linux tells about processes in /proc: no tool's output to parse."""
import os
import pathlib
import re

LISTEN = "0A"  # The state in /proc/net/tcp.

# Numbers of system calls.
PAUSE = {"x86_64": "34", "i686": "29", "armv7l": "29", "ppc64le": "29",
         "s390x": "29"}
PPOLL = "73"  # Of aarch64, riscv64 and all others that came later.


def stat(pid):
    """The fields of /proc/PID/stat from the state on (there, field 3), or
    None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    # The name, in parentheses, may hold anything, even ") ".
    return text.rpartition(")")[2].split()


def name(pid):
    """What a process calls itself, or None when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:
        return None


def is_alive(pid):
    """True for a process that runs; a zombie does not."""
    fields = stat(pid)
    return fields is not None and fields[0] not in "ZX"


def is_pausing(pid):
    """Whether it is in pause(2). Where the kernel has no such call, as on
    aarch64, libc waits with ppoll(2) for no descriptor and without end."""
    with open(f"/proc/{pid}/syscall") as line:
        words = line.read().split()
    if (number := PAUSE.get(os.uname().machine)):
        return words[0] == number
    return words[0] == PPOLL and [int(word, 16) for word in words[1:4]] == [
        0, 0, 0]


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def listed_children(pid):
    """What the kernel lists as children of a process, dead ones among them."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as file:
            found += map(int, file.read().split())
    return found


def all_children(pid):
    """Children of a process, dead ones that it has not waited for among them,
    and perhaps others. Tests ask often, so not every process is looked at, if
    the kernel has lists. A death may spoil one: two have to be the same."""
    try:
        before = None
        while before != (found := listed_children(pid)):
            before = found
        return found
    except OSError:
        return pids()


def children(pid):
    """Living children of a process, the oldest first."""
    found = []
    for child in all_children(pid):
        fields = stat(child)
        if fields and fields[0] not in "ZX" and int(fields[1]) == pid:
            found.append((int(fields[19]), child))  # 19: when it started
    return [child for _, child in sorted(found)]


def zombies(pid):
    """Children of a process that it has not waited for."""
    return [child for child in all_children(pid) if (fields := stat(child))
            and fields[0] == "Z" and int(fields[1]) == pid]


def session(sid):
    """Living processes of a session."""
    return [pid for pid in pids() if (fields := stat(pid))
            and fields[0] not in "ZX" and int(fields[3]) == sid]


def fds(pid):
    """{descriptor: what it is} of a process, as /proc/PID/fd has it:
    a path, or "socket:[INODE]", "pipe:[INODE]", "anon_inode:[eventpoll]"."""
    found = {}
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            found[int(name)] = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            pass  # Closed while we looked.
    return found


def listeners(path):
    """(port, inode) of the listening sockets in a table. They come first; the
    connections behind them, which may be very many, are not read."""
    try:
        with open(path) as table:
            next(table)
            for line in table:
                fields = line.split()
                if fields[3] != LISTEN:
                    return
                yield int(fields[1].rpartition(":")[2], 16), fields[9]
    except OSError:
        return


def own_listeners(pid):
    """(port, inode) of the listening TCP sockets that a process holds; none of
    one that has ended."""
    try:
        open_now = fds(pid)
    except OSError:
        return
    inodes = {match[1] for what in open_now.values()
              if (match := re.fullmatch(r"socket:\[(\d+)\]", what))}
    for table in ("tcp", "tcp6"):
        for port, inode in listeners(f"/proc/{pid}/net/{table}"):
            if inode in inodes:
                yield port, inode


def listening_ports(pid):
    """TCP ports that a process holds a listening socket for, sorted."""
    return sorted({port for port, _ in own_listeners(pid)})


def listening_sockets(pid):
    """The inodes of these sockets, of which a port may have several."""
    return {inode for _, inode in own_listeners(pid)}


def resident_bytes(pid):
    """Resident memory of a process."""
    pages = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid):
    """CPU time that a process has used, in user and kernel mode."""
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def context_switches(pid):
    """How often a process has given up its CPU, by its own will or not."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines()
               if "ctxt_switches" in line)


def address_space_bytes(pid):
    """The size of a process's address space, whatever of it is resident."""
    pages = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
