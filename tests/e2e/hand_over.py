"""Starts a program with sockets that somebody else has opened, as a service
manager does:

    hand_over.py [--names NAME:NAME...] [N=KIND]... -- PROGRAM ARGUMENTS...

gives the program a descriptor N for each KIND: `tcp` (listening on a free port
of 127.0.0.1), `bound` (the same, but not listening), `udp`, `unix:PATH` or
`file`. With names, the environment is that of
sd_listen_fds(3). Each is opened by a process that has ended by the time the
program starts.
"""
import os
import socket
import sys


def bound(kind):
    one = socket.socket(type=kind)
    one.bind(("127.0.0.1", 0))
    return one


def open_one(kind):
    if kind == "file":
        return open("/dev/null")
    if kind == "udp":
        return bound(socket.SOCK_DGRAM)
    if kind.startswith("unix:"):
        one = socket.socket(socket.AF_UNIX)
        one.bind(kind[5:])
    else:
        one = bound(socket.SOCK_STREAM)
    if kind != "bound":
        one.listen(16)
    return one


def open_elsewhere(kind):
    """A descriptor from a process that has ended."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = os.fork()
    if child == 0:
        one = open_one(kind)
        socket.send_fds(theirs, [b"x"], [one.fileno()])
        os._exit(0)
    os.waitpid(child, 0)
    return socket.recv_fds(ours, 1, 1)[1][0]


def main(argv):
    names = None
    if argv[0] == "--names":
        names, argv = argv[1], argv[2:]
    wishes, program = argv[:argv.index("--")], argv[argv.index("--") + 1:]
    # Far up at first, so that none is where another one belongs.
    opened = []
    for wish in wishes:
        number, _, kind = wish.partition("=")
        high = 100 + int(number)
        low = open_elsewhere(kind)
        os.dup2(low, high)
        os.close(low)
        opened.append((high, int(number)))
    for high, number in opened:
        os.dup2(high, number, inheritable=True)
        os.close(high)
    if names is not None:
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=names,
                          LISTEN_FDS=str(len(wishes)))
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv[1:])
