"""User-space instructions per request, counted by valgrind's callgrind.

Two runs of a fresh server that differ only in the number of requests: what
the start, the connections and the end cost is in both and cancels.
"""
import pathlib
import re
import tempfile

import load
from proc import Failed
from servers import Server, tool


def total(directory, pid):
    """Instructions of one process from its start to its end."""
    text = (directory / f"callgrind.{pid}").read_text(errors="replace")
    totals = re.findall(r"^(?:totals|summary): (\d+)", text, re.M)
    if not totals:
        raise Failed(f"callgrind left no total for process {pid}")
    return int(totals[-1])


def run(name, cpus, send):
    """Instructions of the process of that server that answers what `send`, which
    is told the port, sends."""
    with tempfile.TemporaryDirectory(prefix="yoke-bench-") as directory:
        directory = pathlib.Path(directory)
        # The server may have given up root before it writes its count.
        directory.chmod(0o777)
        wrapper = [tool("valgrind"), "--tool=callgrind", "-q",
                   f"--callgrind-out-file={directory}/callgrind.%p"]
        with Server(name, cpus[:1], wrapper=wrapper) as server:
            send(server.port)
            answering = (server.workers() or [server.process.pid])[0]
        return total(directory, answering)


def per_request(name, cpus, conns, rounds, paths=load.GET):
    """`rounds` are those of the short and of the long run; the requests of a
    round go to all connections, each for the next of `paths`."""
    few, many = (run(name, cpus, lambda port, n=n:
                     load.send_counted(port, conns, n, paths))
                 for n in rounds)
    return (many - few) / (conns * (rounds[1] - rounds[0]))
