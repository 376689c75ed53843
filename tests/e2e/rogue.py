#!/usr/bin/python3
"""A worker that speaks the channel's packets (src/cluster/message.h) by itself,
and does not keep to what a worker does. $ROGUE says how."""
import errno
import os
import signal
import socket
import struct
import sys

HELLO, LISTEN, CLOSE, LISTEN_REPLY, FAIL, EXEC_FAIL = 32, 33, 34, 2, 39, 41
USER = 64
RECORD = 32768
HEAD = struct.Struct("=BBHI")
LISTEN_BODY = struct.Struct("=IIiiii8B")
REPLY_BEGIN = struct.Struct("=Ii")
PIECE = struct.Struct("=IIIHH")

channel = socket.socket(fileno=int(os.environ["YOKE_WORKER"].split(":")[2]))
channel.setblocking(True)


def send(kind, body=b""):
    channel.sendall(HEAD.pack(1, kind, 0, len(body)) + body)


def listen(token, index):
    """Wants to listen on a free port of 127.0.0.1."""
    send(LISTEN, LISTEN_BODY.pack(token, index, 0, 16, 0, 0,
                                  1, 0, 0, 0, 0, 0, 0, 0)
         + b"127.0.0.1\0\0\0")


def reply():
    """What it is answered: 0, or a negative error."""
    while True:
        packet, ancillary, _, _ = channel.recvmsg(
            RECORD, socket.CMSG_SPACE(64 * 4))
        for _, _, data in ancillary:
            for (fd,) in struct.iter_unpack("i", data):
                os.close(fd)
        if packet[1] == LISTEN_REPLY:
            return REPLY_BEGIN.unpack_from(packet, HEAD.size)[1]


def say(*words):
    print("rogue", *words, flush=True)


def fails_to_run_when_it_runs():
    send(HELLO, struct.pack("=i", os.getpid()))
    send(EXEC_FAIL, struct.pack("=ii", errno.ENOENT, 0))


def fails_for_no_reason_that_there_is():
    for err in (-2**31, -1, 0, 2**31 - 1):
        send(EXEC_FAIL, struct.pack("=ii", err, 99))


def fails_colourfully():
    send(FAIL, b"\x1b[31mred\r\nand two lines\x7f")


def never_reads():
    send(HELLO, struct.pack("=i", os.getpid()))
    for token in range(1, 100000):
        listen(token, token)


def closes_and_never_reads():
    send(HELLO, struct.pack("=i", os.getpid()))
    for token in range(1, 100000):
        send(CLOSE, struct.pack("=I", token))


def wants_many():
    for token in range(1, 67):
        listen(token, token)
        if (err := reply()):
            say("refused", token, errno.errorcode.get(-err, err))
            break


def wants_the_same_twice():
    for token, index in ((1, 0), (2, 0), (1, 1), (3, 1)):
        listen(token, index)
        say(token, index, errno.errorcode.get(-reply(), "OK"))


def sends_rubbish():
    """Packets without a head, of a type that there is not, and messages whose
    descriptors are missing."""
    send(HELLO, struct.pack("=i", os.getpid()))
    for _ in range(1000):
        channel.sendall(b"rubbish!")
        send(200)
        send(USER, PIECE.pack(0, 0, 0, 0, 1))


signal.signal(signal.SIGPIPE, signal.SIG_DFL)
globals()[os.environ["ROGUE"]]()
sys.exit(3)
