"""Watching a cluster: ps, top, why, and the socket behind them."""
import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import tempfile

import control
import harness
import procfs
import pytest
from harness import wait_for

CRASH = harness.BUILD / "tests/apps/crash.so"
PROBE = harness.BUILD / "tests/apps/probe.so"


@pytest.fixture
def run_dir():
    """A place of its own for the control sockets."""
    with tempfile.TemporaryDirectory() as folder:
        yield folder


@pytest.fixture
def shop(start_app, run_dir):
    """Two workers under the name "shop", both ready."""
    server = start_app(PROBE, "-n", "2", "--name", "shop",
                       env={"YOKE_RUN_DIR": run_dir})
    server.wait_ready(2)
    return server


def ask(run_dir, *args, **kwargs):
    return harness.command(*args, env={"YOKE_RUN_DIR": run_dir}, **kwargs)


def ps(run_dir, *args):
    """The clusters that `yoke ps --json` knows."""
    result = ask(run_dir, "ps", "--json", *args)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def wait_done(run_dir, count):
    """Waits until so many requests are counted: the client may have the answer
    a moment before."""
    def are_done():
        return ps(run_dir)[0]["totals"]["requests"] == {"done": count,
                                                        "open": 0}
    wait_for(are_done, f"{count} requests to be done")


# ---- ps ----

def test_ps_shows_each_worker_and_the_totals(shop, run_dir):
    for _ in range(10):
        assert shop.request("GET", "/pid").status == 200
    wait_done(run_dir, 10)
    text = ask(run_dir, "ps").stdout
    lines = text.splitlines()
    assert re.match(rf"shop: primary {shop.pid}, up \S+, 2 workers, 0 deaths$",
                    lines[0])
    assert lines[1].split()[:5] == ["SLOT", "ID", "PID", "GEN", "STATE"]
    for line, slot, pid in zip(lines[2:4], "12", sorted(shop.workers())):
        fields = line.split()
        assert fields[0] == slot and fields[4] == "ready", text
    assert {int(line.split()[2]) for line in lines[2:4]} == set(shop.workers())
    total = lines[4].split()
    assert total[0] == "total" and total[3] == "10", text


def test_ps_json_counts_what_was_served(shop, run_dir):
    for _ in range(5):
        shop.request("GET", "/pid")
    for _ in range(3):
        shop.request("GET", "/nothing")
    wait_done(run_dir, 8)
    [cluster] = ps(run_dir)
    totals = cluster["totals"]
    assert totals["requests"] == {"done": 8, "open": 0}
    assert totals["answers"] == {"1xx": 0, "2xx": 5, "3xx": 0, "4xx": 3,
                                 "5xx": 0, "none": 0}
    assert totals["connections"]["opened"] >= 8
    assert totals["bytes"]["in"] > 8 * 30 and totals["bytes"]["out"] > 8 * 60
    assert sum(n for _, n in totals["latency_buckets"]) == 8
    assert 0 < totals["latency_us"]["p50"] <= totals["latency_us"]["max"]
    for worker in cluster["workers"]:
        assert worker["memory"]["rss"] >= worker["memory"]["pss"] > 0
        assert worker["loop"]["turns"] > 0


def test_ps_shows_what_is_open_now(shop, run_dir):
    with shop.connect(room=65536) as client:
        # Open for as long as nobody reads the answer.
        client.request("GET", "/stream?n=150&size=65536")
        wait_for(lambda: ps(run_dir)[0]["totals"]["requests"]["open"] == 1,
                 "an open request")
        assert ps(run_dir)[0]["totals"]["connections"]["open"] == 1
        client.read()
        wait_for(lambda: ps(run_dir)[0]["totals"]["requests"]["open"] == 0,
                 "no open request")
    wait_for(lambda: ps(run_dir)[0]["totals"]["connections"]["open"] == 0,
             "the connection to be gone")


def test_ps_works_while_a_worker_hangs(shop, run_dir):
    with shop.connect() as client:
        client.request("GET", "/hang")
        workers = wait_for(
            lambda: [worker for worker in ps(run_dir)[0]["workers"]
                     if worker["loop"]["stalled_ms"] > 300],
            "a worker whose loop stands still")
        assert len(workers) == 1 and workers[0]["requests"]["open"] == 1
        shop.send_signal(signal.SIGKILL, workers[0]["pid"])
        shop.wait_output(r"died \(killed by SIGKILL\)")


@pytest.mark.parametrize("sched, where", [
    ("rr", {"worker": 4}), ("none", {"backlog": 4}),
    ("sticky", {"worker": 4, "backlog": 4})])
def test_ps_shows_who_waits_for_a_worker(start_app, run_dir, sched, where):
    server = start_app(PROBE, "-n", "1", "--name", "shop", "--sched", sched,
                       env={"YOKE_RUN_DIR": run_dir})
    [pid] = server.wait_ready(1)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: procfs.stat(pid)[0] == "T", "the worker to stop")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(4)]
        for client in clients:
            client.request("GET", "/pid")

        def seen():
            [cluster] = ps(run_dir)
            return {"worker": cluster["workers"][0]["waiting"],
                    "backlog": cluster["primary"]["backlog"]}
        wait_for(lambda: seen() == {"worker": 0, "backlog": 0, **where}, seen)
        text = ask(run_dir, "ps", "--prometheus").stdout
        assert ('yoke_backlog_connections{cluster="shop"} '
                f'{where.get("backlog", 0)}\n') in text
        os.kill(pid, signal.SIGCONT)
        assert [client.read().text for client in clients] == [str(pid)] * 4
        wait_for(lambda: seen() == {"worker": 0, "backlog": 0}, seen)


def test_ps_over_an_interval(shop, run_dir):
    for _ in range(20):
        shop.request("GET", "/pid")
    wait_done(run_dir, 20)
    text = ask(run_dir, "ps", "-i", "0.1", "shop").stdout
    # The requests were before the interval, so it has no latencies.
    assert "REQ/S" in text and "P50" not in text


def test_ps_prometheus(shop, run_dir):
    for _ in range(4):
        shop.request("GET", "/pid")
    wait_done(run_dir, 4)
    text = ask(run_dir, "ps", "--prometheus").stdout
    assert 'yoke_requests_total{cluster="shop"} 4\n' in text
    assert 'yoke_answers_total{cluster="shop",class="2xx"} 4\n' in text
    assert 'yoke_request_seconds_count{cluster="shop"} 4\n' in text
    assert 'yoke_request_seconds_bucket{cluster="shop",le="+Inf"} 4\n' in text
    assert 'yoke_worker_ends_total{cluster="shop",cause="signal"} 0\n' in text
    metric = re.compile(r'[a-z_]+\{[^}]*\} [-+.e0-9]+$')
    for line in text.splitlines():
        assert line.startswith("# ") or metric.match(line), line


def test_errors_name_what_there_is(shop, run_dir):
    for command in ("ps", "top", "why"):
        result = ask(run_dir, command, "shp")
        assert result.returncode == 1
        assert result.stderr == ("yoke: no cluster named 'shp' is running; "
                                 "there are: shop\n")


def test_nothing_runs(run_dir):
    result = ask(run_dir, "ps")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == "yoke: no cluster is running\n"
    assert ps(run_dir) == []
    assert ask(run_dir, "top").returncode == 1


@pytest.mark.parametrize("args", [("ps", "a", "b"), ("ps", "--interval", "x"),
                                  ("top", "a", "b"), ("top", "-i", "0"),
                                  ("ps", "--json", "--prometheus"),
                                  ("why", "a", "1", "2"),
                                  ("why", "--slot", "x")])
def test_wrong_usage(run_dir, args):
    assert ask(run_dir, *args).returncode == 2


def test_a_stopped_primary_is_told_apart(shop, run_dir):
    os.kill(shop.pid, signal.SIGSTOP)
    try:
        result = ask(run_dir, "ps")
    finally:
        os.kill(shop.pid, signal.SIGCONT)
    assert result.returncode == 1
    assert result.stderr == "yoke: the primary of 'shop' does not answer\n"


# ---- top ----

def test_top_prints_tables_where_there_is_no_terminal(shop, run_dir):
    result = ask(run_dir, "top", "-n", "2", "-i", "0.1")
    assert result.returncode == 0
    assert result.stdout.count("shop: primary") == 2
    assert "\033" not in result.stdout


def test_top_takes_the_screen_and_gives_it_back(shop, run_dir):
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [harness.YOKE, "top", "-i", "0.1"], stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
        env=harness.environment({"YOKE_RUN_DIR": run_dir}))
    os.close(theirs)
    seen = b""
    while seen.count(b"shop: primary") < 2:
        seen += os.read(ours, 65536)
    os.write(ours, b"q")
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:
        pass  # The terminal's other end is closed.
    os.close(ours)
    assert process.wait(harness.DEADLINE_SECONDS) == 0
    assert seen.startswith(b"\033[?1049h") and seen.endswith(b"\033[?1049l")


def lags_ms(tables, pid):
    """That worker's LAG, in each table."""
    units = {"us": 0.001, "ms": 1, "s": 1000}
    rows = [line.split() for line in tables.splitlines()]
    texts = [re.fullmatch(r"([0-9.]+)(us|ms|s)", row[10])
             for row in rows if row[2:3] == [str(pid)]]
    return [float(text[1]) * units[text[2]] for text in texts]


def test_top_goes_on_while_a_worker_hangs_and_shows_it(start_app, run_dir):
    server = start_app(PROBE, "-n", "2", "--name", "shop", "--hang-timeout",
                       "0", env={"YOKE_RUN_DIR": run_dir})

    def hanging():
        return [worker["pid"] for worker in ps(run_dir)[0]["workers"]
                if worker["loop"]["stalled_ms"] >= 200]
    with server.connect() as client:
        client.request("GET", "/hang")
        [victim] = wait_for(hanging, "a worker that hangs")
        result = ask(run_dir, "top", "-n", "3", "-i", "0.1")
        assert result.returncode == 0
        lags = lags_ms(result.stdout, victim)
        assert len(lags) == 3 and 200 <= lags[0] <= lags[1] <= lags[2]
    os.kill(victim, signal.SIGKILL)
    server.wait_output(r"died \(killed by SIGKILL\)")
    server.wait_workers(2, other_than=[victim])


# ---- why ----

def test_why_explains_a_crash(start_app, run_dir):
    server = start_app(CRASH, "-n", "1", "--name", "bad",
                       env={**harness.crash_env(), "YOKE_RUN_DIR": run_dir})
    [pid] = server.workers()
    with server.connect() as client:
        client.request("GET", "/die?how=abort")
        client.read_rest()
    server.wait_output(r"died \(killed by SIGABRT")
    text = wait_for(lambda: "crashed:" in (out := ask(run_dir, "why").stdout)
                    and out, "the last lines of the worker")
    assert re.search(rf"slot 1, worker 1 \(pid {pid}, generation 1\) after \S+:"
                     r" killed by SIGABRT", text)
    assert re.search(r"in flight: GET /die\?how=abort, for \S+, its handler was"
                     r" running$", text, re.M)
    for args in (("bad", "1"), ("1",), (str(pid),), ("--slot", "1")):
        assert "SIGABRT" in ask(run_dir, "why", *args).stdout
    assert ask(run_dir, "why", "77").stdout == (
        "bad: no such death is remembered\n")


def test_why_knows_the_requests_of_a_killed_worker(shop, run_dir):
    with shop.connect() as one, shop.connect() as two:
        for client in (one, two):
            client.request("GET", "/slow?ms=60000&who=" + "x" * 200)
        wait_for(lambda: ps(run_dir)[0]["totals"]["requests"]["open"] == 2,
                 "two open requests")
        for pid in shop.workers():
            shop.send_signal(signal.SIGKILL, pid)
        shop.wait_output(r"died \(killed by SIGKILL\)", 2)
    deaths = json.loads(ask(run_dir, "why", "--json").stdout)["deaths"]
    lines = [request["line"] for death in deaths
             for request in death["requests"]]
    assert len(lines) == 2
    for line in lines:
        assert line.startswith("GET /slow?ms=60000&who=xxx")
        assert line.endswith("...") and len(line) < 100


# ---- Totals ----

def totals_of(one):
    """What only grows."""
    totals = one.ask("ps", histogram=True)["result"]["totals"]
    return {"done": totals["requests"]["done"],
            "2xx": totals["answers"]["2xx"], **totals["bytes"],
            "opened": totals["connections"]["opened"],
            "deaths": totals["deaths"], **totals["ends"],
            "counted": sum(n for _, n in totals["latency_buckets"])}


@pytest.mark.seconds(120)
def test_totals_never_go_back_over_twenty_kills_and_reloads(start_app, run_dir):
    server = start_app(PROBE, "-n", "4", "--name", "shop", "--check", "",
                       "--probation", "10ms", env={"YOKE_RUN_DIR": run_dir})
    served = 0
    before = {}
    with control.Control("shop", run_dir=run_dir) as one:
        for kill in range(20):
            for _ in range(5):
                assert server.request("GET", "/pid").status == 200
                served += 1
            # None that has been told to end: its death would be no accident.
            victims = server.wait_ready(4)
            server.send_signal(signal.SIGKILL, victims[0])
            server.wait_output(r"died \(killed by SIGKILL\)", kill + 1)
            if kill % 4 == 0:
                server.send_signal(signal.SIGHUP)
                server.wait_output(r"reload: done: ", kill // 4 + 1)
            now = totals_of(one)
            for name, value in now.items():
                assert value >= before.get(name, 0), (name, before, now)
            before = now
    assert before["2xx"] == before["counted"] == served
    assert before["deaths"] == before["signal"] == 20
    assert before["reload"] > 0


# ---- The socket ----

def test_the_socket_is_the_users_own_and_goes_with_the_primary(shop, run_dir):
    folder = os.path.join(run_dir, "shop")
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    mode = os.stat(os.path.join(folder, "control")).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    shop.stop()
    assert os.listdir(run_dir) == []


def test_what_a_killed_primary_has_left_is_removed(start_app, run_dir):
    server = start_app(PROBE, "-n", "1", "--name", "shop",
                       env={"YOKE_RUN_DIR": run_dir})
    server.kill()
    assert os.listdir(run_dir) == ["shop"]
    assert ps(run_dir) == []
    assert os.listdir(run_dir) == []


def test_a_name_that_is_taken_is_refused(shop, run_dir):
    result = harness.run([harness.YOKE, "run", "--name", "shop", PROBE],
                         env={"YOKE_RUN_DIR": run_dir, "PORT": "0"})
    assert result.returncode == 1
    assert (f"error: no control socket: a cluster named 'shop' is running "
            f"already (pid {shop.pid})"
            in result.stderr)


def test_without_a_name_the_number_makes_it_another(start_app, run_dir):
    env = {"YOKE_RUN_DIR": run_dir}
    first = start_app(PROBE, "-n", "1", env=env)
    second = start_app(PROBE, "-n", "1", env=env)
    assert [cluster["name"] for cluster in ps(run_dir)] == [
        "probe", f"probe-{second.pid}"]
    assert first.pid != second.pid
    assert "several clusters are running" in ask(run_dir, "top").stderr


def test_others_folders_are_refused(start_app, run_dir):
    os.chmod(run_dir, 0o777)
    server = start_app(PROBE, "-n", "1", env={"YOKE_RUN_DIR": run_dir})
    server.wait_output(r"warn: no control socket: others may write to")
    assert server.request("GET", "/pid").status == 200
    result = ask(run_dir, "ps")
    assert result.returncode == 1 and "others may write to" in result.stderr


def test_it_can_be_turned_off(start_app, run_dir):
    start_app(PROBE, "-n", "1",
              env={"YOKE_RUN_DIR": run_dir, "YOKE_CONTROL": "off"})
    assert os.listdir(run_dir) == []


@pytest.mark.parametrize("line, code", [
    ("nonsense", "bad-request"), ("[]", "bad-request"), ("{}", "bad-request"),
    ('{"command": 1}', "bad-request"),
    ('{"command": "ps", "version": 99}', "unknown-version"),
    ('{"command": "ps"' + " " * 70000 + "}", "bad-request")])
def test_bad_requests_are_told_and_end_the_connection(shop, run_dir, line,
                                                      code):
    with control.Control("shop", run_dir=run_dir) as one:
        one.send(line)
        answer = one.read()
        assert answer["ok"] is False and answer["error"]["code"] == code
        assert one.read() is None


def test_requests_are_answered_in_order(shop, run_dir):
    with control.Control("shop", run_dir=run_dir) as one:
        one.send('{"command": "ps"}\n{"command": "none"}\n{"command": "ping"}')
        assert "workers" in one.read()["result"]
        assert one.read()["error"]["code"] == "unknown-command"
        assert one.read()["result"] == {"name": "shop", "pid": shop.pid}


def test_more_than_sixteen_clients_are_turned_away(shop, run_dir):
    clients = [control.Control("shop", run_dir=run_dir) for _ in range(16)]
    for client in clients:
        assert client.ask("ping")["ok"]
    with control.Control("shop", run_dir=run_dir) as late:
        assert late.read()["error"]["code"] == "busy"
        assert late.read() is None
    for client in clients:
        client.close()
    wait_for(lambda: can_ping(run_dir), "room for a client")
    wait_for(lambda: len([what for what in procfs.fds(shop.pid).values()
                          if "socket" in what]) < 16, "closed descriptors")


def can_ping(run_dir):
    try:
        with control.Control("shop", run_dir=run_dir) as one:
            return one.ask("ping")["ok"]
    except (BrokenPipeError, ConnectionResetError):
        return False


def test_a_client_that_goes_in_the_middle_harms_nobody(shop, run_dir):
    for _ in range(12):  # Fewer than are turned away.
        with control.Control("shop", run_dir=run_dir) as one:
            one.send('{"command": "ps", "histogram": true}')
    # Each is noticed to be gone when its answer is ready.
    wait_for(lambda: can_ping(run_dir), "room for a client")
    assert ps(run_dir)[0]["name"] == "shop"


# ---- Probes ----

def test_the_library_has_its_probes():
    notes = subprocess.run(
        ["readelf", "-n", harness.BUILD / "libyoke.so"], check=True,
        stdout=subprocess.PIPE, text=True).stdout
    if "stapsdt" not in notes:
        pytest.skip("built without <sys/sdt.h>")
    for name in ("request__begin", "request__end", "conn__accept",
                 "conn__close", "handoff__deal", "handoff__take",
                 "handoff__return", "worker__fork", "worker__exit"):
        assert f"Name: {name}\n" in notes, name
