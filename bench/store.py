#!/usr/bin/python3
"""make bench-store: stores beside the bare client of what is behind them.

    bench/store.py                all, about three minutes
    bench/store.py --seconds 0.5  of each figure
    bench/store.py --markdown     also into docs/BENCHMARKS.md

bench/store.c does the work, in turns, in one process; redis-server, memcached
and PostgreSQL are started for it on UNIX sockets, and redis-benchmark asks the same
server. A cluster of Redis's (of one node) and Redis over TLS are asked over TCP, and
have no peer. All share one CPU. Figures of different runs are not comparable,
ratios within one run are. A missed target is reported and does not fail the run; --strict makes it
exit 1.
"""
import argparse
import csv
import io
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass

sys.dont_write_bytecode = True

import proc     # noqa: E402
import report   # noqa: E402
import servers  # noqa: E402

PROGRAM = servers.ROOT / "build" / "bench" / "store"
DOCUMENT = servers.ROOT / "docs" / "BENCHMARKS.md"
# Beside what a store is put; the first is the one that the target is about.
PEERS = {"yoke lmdb:": ("lmdb in a loop", "bare lmdb"),
         "yoke redis:": ("bare hiredis", "redis-benchmark"),
         "yoke memcached:": ("bare memcached",),
         "yoke postgresql:": ("bare libpq",),
         "yoke redis+cluster:": (),
         "yoke rediss:": ()}
LEAST_RATIO = 0.9
# At most so long, in microseconds, one call at a time.
MOST_US = {("yoke lmdb:", "get"): 3.0, ("yoke lmdb:", "session"): 20.0}
ORDER = ("get", "set", "incr", "session")


@dataclass
class Figure:
    p50: float  # Microseconds.
    p99: float
    rates: list  # A second, in each turn.


@contextmanager
def server(path, *command):
    """A server on a UNIX socket, whose path it yields; "-" without one."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    except FileNotFoundError:
        yield "-"
        return
    try:
        while not path.exists() and process.poll() is None:
            time.sleep(0.05)
        yield path
    finally:
        process.kill()
        process.wait()


def redis(folder):
    path = folder / "redis"
    return server(path, "redis-server", "--port", "0", "--unixsocket", path,
                  "--save", "", "--dir", folder, "--loglevel", "warning",
                  "--logfile", "/dev/null")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def redis_cluster(folder):
    """Yields its URL, or None without a server. One node that has all slots."""
    port = free_port()
    place = folder / "cluster"
    place.mkdir()
    with server(place / "socket", "redis-server", "--port", str(port), "--bind",
                "127.0.0.1", "--unixsocket", place / "socket", "--dir", place,
                "--cluster-enabled", "yes", "--cluster-port", str(free_port()),
                "--save", "", "--loglevel", "warning", "--logfile",
                "/dev/null") as path:
        if path == "-":
            yield None
            return
        subprocess.run(["redis-cli", "-s", path, "cluster", "addslotsrange",
                        "0", "16383"], stdout=subprocess.DEVNULL, check=True)
        while "cluster_state:ok" not in subprocess.run(
                ["redis-cli", "-s", path, "cluster", "info"], check=True,
                capture_output=True, text=True).stdout:
            time.sleep(0.05)
        yield f"redis+cluster://127.0.0.1:{port}"


@contextmanager
def redis_tls(folder):
    """The same over TLS, with a certificate that it is given here."""
    port = free_port()
    place = folder / "tls"
    place.mkdir()
    key, cert = place / "key.pem", place / "cert.pem"
    try:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
                        "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
                        cert], stderr=subprocess.DEVNULL, check=True)
    except FileNotFoundError:
        yield None
        return
    with server(place / "socket", "redis-server", "--port", "0", "--tls-port",
                str(port), "--bind", "127.0.0.1", "--tls-cert-file", cert,
                "--tls-key-file", key, "--tls-auth-clients", "no",
                "--unixsocket", place / "socket", "--dir", place, "--save", "",
                "--loglevel", "warning", "--logfile", "/dev/null") as path:
        yield None if path == "-" else f"rediss://127.0.0.1:{port}?ca={cert}"


def memcached(folder):
    path = folder / "memcached"
    return server(path, "memcached", "-s", path, "-t", "1", "-u", "root")


@contextmanager
def postgres(folder):
    """A cluster of its own, as an ordinary user; yields its socket's folder."""
    try:
        found = subprocess.run(["pg_config", "--bindir"], capture_output=True,
                               text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        yield "-"
        return
    programs = pathlib.Path(found.stdout.strip())
    if not (programs / "initdb").exists():
        yield "-"
        return
    own = {"user": "nobody", "group": "nogroup", "extra_groups": []} \
        if os.geteuid() == 0 else {}
    place = folder / "postgres"
    place.mkdir()
    if own:
        folder.chmod(0o711)
        shutil.chown(place, "nobody")
    subprocess.run([programs / "initdb", "-D", place / "data", "-N", "-A",
                    "trust", "-U", "yoke", "--locale=C", "-E", "UTF8"],
                   stdout=subprocess.DEVNULL, check=True, cwd=place, **own)
    process = subprocess.Popen(
        [programs / "postgres", "-D", place / "data", "-k", place, "-h", ""],
        stderr=subprocess.DEVNULL, cwd=place, **own)
    try:
        ready = place / "data" / "postmaster.pid"
        while process.poll() is None and not (
                ready.exists() and "ready" in ready.read_text()):
            time.sleep(0.05)
        yield place
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def run_tool(path, seconds):
    """redis-benchmark, without pipelining: as many connections as calls."""
    found = {}
    for depth, rate in ((1, 30000), (32, 100000)):
        run = subprocess.run(
            ["redis-benchmark", "-s", path, "-c", str(depth), "-P", "1",
             "-d", "200", "-r", "1000", "-n", str(int(rate * seconds)),
             "-t", "get,set,incr", "--csv"], capture_output=True, text=True)
        for row in csv.DictReader(io.StringIO(run.stdout)):
            found["redis-benchmark", row["test"].lower(), depth] = Figure(
                float(row["p50_latency_ms"]) * 1000,
                float(row["p99_latency_ms"]) * 1000, [float(row["rps"])])
    return found


def measure(seconds):
    """{(what, operation, depth): Figure}"""
    with tempfile.TemporaryDirectory(prefix="yoke-bench-") as name:
        folder = pathlib.Path(name)
        with redis(folder) as first, memcached(folder) as second, \
                postgres(folder) as third, redis_cluster(folder) as fourth, \
                redis_tls(folder) as fifth:
            further = [f"yoke {url.split('//')[0]}={url}"
                       for url in (fourth, fifth) if url]
            run = subprocess.run([PROGRAM, folder, first, second, third,
                                  str(seconds), "", *further],
                                 capture_output=True, text=True)
            if run.returncode:
                raise proc.Failed(run.stderr)
            found = run_tool(first, seconds) if first != "-" else {}
    for line in run.stdout.splitlines():
        what, operation, depth, p50, p99, *rates = line.split("\t")
        found[what, operation, int(depth)] = Figure(
            int(p50) / 1000, int(p99) / 1000, [float(rate) for rate in rates])
    return found


def ratio(own, peer):
    """How much of the peer's speed it has, by times: a rate also has the
    moments in which another process had the CPU."""
    return peer.p50 / own.p50


def add_row(table, found, key):
    what, operation, depth = key
    own = found[key]
    ratios = [(peer, ratio(own, found[peer, operation, depth]))
              for peer in PEERS.get(what, ())
              if (peer, operation, depth) in found]
    target, is_met = "", None
    if depth == 1 and (what, operation) in MOST_US:
        most = MOST_US[what, operation]
        target, is_met = f"<= {most:g} us", own.p50 <= most
    elif ratios:
        target = f">= {LEAST_RATIO:g} x {ratios[0][0]}"
        is_met = ratios[0][1] >= LEAST_RATIO
    table.add(f"{what} {operation}, {depth} at a time",
              f"{own.p50:.2f} us",
              ", ".join(f"{value:.2f} x {peer}" for peer, value in ratios),
              f"{own.p99:.1f} us, {statistics.median(own.rates):,.0f}/s",
              target, is_met)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--strict", action="store_true")
    chosen = parser.parse_args()
    # Client and servers share a CPU: on two, most of a single call is the way
    # between them, and that differs by ten times with where the kernel puts
    # them.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    found = measure(chosen.seconds)
    table = report.Table(
        "store", "Stores, values of 200 bytes; the ratio is that of speeds",
        heads=("", "median", "ratio", "p99, rate", "target", ""))
    rows = ["yoke memory:"]
    for store, peers in PEERS.items():
        rows += [store, *peers]
    for key in sorted(found, key=lambda key: (
            key[2], ORDER.index(key[1]), rows.index(key[0]))):
        add_row(table, found, key)
    print(table.text())
    if chosen.markdown:
        report.fill(DOCUMENT, {"store": table.markdown()})
    return 1 if chosen.strict and table.missed() else 0


if __name__ == "__main__":
    sys.exit(main())
