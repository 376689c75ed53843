"""Instructions of answers that are not the usual one.

bench/answers.c serves; each kind of request is sent by itself, on as many
connections as in the suite `instructions`, and told apart by what it costs. A
request that ends its connection is sent on a new one: what that costs by itself
says the line before it.
"""
import re
import socket

import callgrind
import load
from report import Table
from servers import Missing

CONNS = 64
ROUNDS = (5, 45)  # Of the two runs.

BROWSER = ("Host: 127.0.0.1:8080",
           "Connection: keep-alive",
           "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
           "Gecko/20100101 Firefox/128.0",
           "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,"
           "image/avif,image/webp,*/*;q=0.8",
           "Accept-Language: en-US,en;q=0.5",
           "Accept-Encoding: gzip, deflate, br",
           "Cookie: theme=dark; lang=en",
           "Upgrade-Insecure-Requests: 1",
           "Sec-Fetch-Dest: document",
           "Sec-Fetch-Mode: navigate",
           "Sec-Fetch-Site: none",
           "Priority: u=0, i")
PLAIN = ("Host: 127.0.0.1:8080",)
PROXY = PLAIN + ("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https",
                 "X-Forwarded-Host: example.org")
CLOSE = PLAIN + ("Connection: close",)

# (what, status, request line, fields, whether it ends the connection)
KINDS = (
    ("200, text", 200, "GET /get", PLAIN, False),
    ("404", 404, "GET /out", PLAIN, False),
    ("405", 405, "PUT /get", PLAIN, False),
    ("OPTIONS", 200, "OPTIONS /get", PLAIN, False),
    ("302", 302, "GET /old", PLAIN, False),
    ("304", 304, "GET /tag", PLAIN + ('If-None-Match: "1"',), False),
    ("422 by yoke_next_err", 422, "GET /bad", PLAIN, False),
    ("200 for a browser", 200, "GET /get", BROWSER, False),
    ("404 for a browser", 404, "GET /out", BROWSER, False),
    ("405 for a browser", 405, "PUT /get", BROWSER, False),
    ("302 for a browser", 302, "GET /old", BROWSER, False),
    ("404 in JSON", 404, "GET /out", PLAIN + ("Accept: application/json",),
     False),
    ("ten fields of a browser's", 200, "GET /see", BROWSER, False),
    ("three forwarded fields", 200, "GET /get", PROXY, False),
    ("the client behind a proxy", 200, "GET /who", PROXY, False),
    ("200 and a close", 200, "GET /get", CLOSE, True),
    ("400: two lengths", 400, "GET /get",
     PLAIN + ("Content-Length: 1", "Content-Length: 2"), True),
)


def read(sock, status):
    """Reads one answer, whole."""
    got = b""
    while b"\r\n\r\n" not in got:
        data = sock.recv(4096)
        if not data:
            raise ConnectionResetError(f"closed after {got!r}")
        got += data
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(f"HTTP/1.1 {status} ".encode()):
        raise load.Failed(f"unexpected answer: {head[:80]!r}")
    length = re.search(rb"Content-Length: (\d+)", head)
    want = int(length[1]) if length and status != 304 else 0
    while len(body) < want:
        body += sock.recv(4096)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), load.ANSWER_S)


def send(port, rounds, ask, status, ends):
    """`rounds` of them on each connection, all at a time."""
    socks = [] if ends else [connect(port) for _ in range(CONNS)]
    for _ in range(rounds):
        if ends:
            socks = [connect(port) for _ in range(CONNS)]
        for sock in socks:
            sock.sendall(ask)
        for sock in socks:
            read(sock, status)
            if ends:
                sock.close()
    for sock in socks:
        sock.close()


def measure(plan, kind):
    what, status, line, fields, ends = kind
    ask = "\r\n".join([line + " HTTP/1.1", *fields, "", ""]).encode()
    few, many = (callgrind.run("answers", plan.server_cpus, lambda port, n=n:
                               send(port, n, ask, status, ends))
                 for n in ROUNDS)
    return (many - few) / (CONNS * (ROUNDS[1] - ROUNDS[0]))


def run(plan):
    table = Table("answers", "User-space instructions of other answers",
                  heads=("", "instructions", "ratio to a 200", "", "", ""))
    base = None
    for kind in KINDS:
        try:
            found = measure(plan, kind)
        except Missing as why:
            table.missing(kind[0], why)
            continue
        base = base or found
        table.add(kind[0], f"{found:,.0f}", f"{found / base:.2f}")
    return table
