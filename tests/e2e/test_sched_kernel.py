"""The policies by which the kernel, or the user's function, finds a worker:
kernel-rr, kernel-least, sticky, callback. What they have in common first, then
each, then what is done where the kernel does not let them."""
import collections
import os
import re
import shutil
import signal

import harness
import load
import procfs
import pytest
from harness import wait_for
from test_kills import check, die
from test_spread import spread, wait_all_serve, wait_exact, wait_spread

PROBE = harness.BUILD / "tests/apps/probe.so"
PICKY = harness.BUILD / "tests/apps/picky"
IN_KERNEL = ["kernel-rr", "kernel-least"]
# 127.0.0.0/8 is all this host's.
ADDRESSES = [f"127.0.{i // 8}.{i % 8 + 1}" for i in range(40)]
NOT_TO_BE_HAD = r"warn: the policy '(\S+)' cannot be had \((.+)\): " \
                r"connections are scheduled by '(\S+)'"


def ask_pid(client):
    client.request("GET", "/pid")
    return int(client.read().text)


def served_by(server, source):
    """The worker that serves a new connection from that address."""
    with server.connect(source=source) as client:
        return ask_pid(client)


def all_served_by(server):
    """{address: worker}"""
    return {source: served_by(server, source) for source in ADDRESSES}


def settled(server, times=2):
    """The same, when it has been the same so many times: whom the machine holds
    up for a quarter of a second is passed over."""
    found = []

    def is_steady():
        found.append(all_served_by(server))
        return len(found) >= times and all(one == found[-1]
                                           for one in found[-times:])
    wait_for(is_steady, "each address to have one worker", 40)
    return found[-1]


@pytest.fixture
def start_policy(start_app):
    """start_policy(policy, workers) starts the probe, and waits until every
    worker serves. Skips where the kernel does not allow the policy."""
    def start_one(policy, workers, **kwargs):
        server = start_app(PROBE, "-n", workers, "--sched", policy, **kwargs)
        server.wait_workers(workers)
        wait_for(lambda: len(set(all_served_by(server).values())) == workers,
                 lambda: f"{workers} to serve:\n{server.output}")
        if found := re.search(NOT_TO_BE_HAD, server.output):
            pytest.skip(found[2])
        return server
    return start_one


def stop_process(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: procfs.stat(pid)[0] == "T", "the process to stop")


# ---- What none of them may lose ----

@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_workers_die_under_load(start_policy, policy):
    server = start_policy(policy, 4)
    victims = server.wait_workers(4)
    with load.Load(server, keep_alive=4, new=4, target="/pid") as run:
        for victim in victims:
            run.wait_answered(50)
            die(server, victim, "kill")
            server.wait_output(rf"worker {victim} died")
        server.wait_workers(4, other_than=victims)
        run.wait_answered(100)
    check(run, victims)


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_nobody_notices_a_reload(start_policy, policy):
    server = start_policy(policy, 2)
    before = server.wait_workers(2)
    fds = server.fd_count()
    with load.Load(server, keep_alive=4, new=4, target="/pid") as run:
        run.wait_answered(50)
        server.send_signal(signal.SIGHUP)
        server.wait_workers(2, other_than=before)
        run.wait_answered(50)
    assert not run.failures and not run.resets and not run.hung
    assert run.refused == 0
    # The new ones have taken the old ones' sockets over.
    wait_for(lambda: server.fd_count() <= fds,
             lambda: f"{fds} descriptors, not {procfs.fds(server.pid)}")


def ask_beside_a_stopped(start_policy, policy):
    """One of four workers is stopped when clients come, from all addresses."""
    server = start_policy(policy, 4)
    victim = server.wait_workers(4)[0]
    stop_process(victim)
    clients = [server.connect(source=source) for source in ADDRESSES * 2]
    for client in clients:
        client.request("GET", "/pid", close=True)
    return server, victim, clients


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_what_waits_for_a_killed_worker_is_answered(start_policy, policy):
    """Stopped, so that its queue fills; then killed, and replaced."""
    server, victim, clients = ask_beside_a_stopped(start_policy, policy)
    server.send_signal(signal.SIGKILL, victim)
    assert victim not in {int(client.read().text) for client in clients}
    server.wait_workers(4, other_than=[victim])
    for client in clients:
        client.close()


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_others_serve_what_waits_for_a_stopped_worker(start_policy, policy):
    server, victim, clients = ask_beside_a_stopped(start_policy, policy)
    assert victim not in {int(client.read().text) for client in clients}
    for client in clients:
        client.close()
    server.send_signal(signal.SIGCONT, victim)
    wait_for(lambda: victim in all_served_by(server).values(),
             "it to be back")


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_nobody_waits_for_a_worker_that_hangs(start_policy, policy):
    """Awake, in a handler that does not come back."""
    server = start_policy(policy, 2)
    with server.connect() as client:
        victim = ask_pid(client)
        client.request("GET", "/hang")
        wait_for(lambda: procfs.is_pausing(victim), "the handler to hang")
        clients = [server.connect(source=source) for source in ADDRESSES]
        for other in clients:
            other.request("GET", "/pid", close=True)
        assert victim not in {int(other.read().text) for other in clients}
        for other in clients:
            other.close()
        server.send_signal(signal.SIGKILL, victim)
    server.wait_workers(2, other_than=[victim])


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_while_there_is_no_worker_connections_wait(start_policy, policy):
    server = start_policy(policy, 2)
    victims = server.wait_workers(2)
    for victim in victims:
        stop_process(victim)
    early = [server.connect(source=source) for source in ADDRESSES]
    for client in early:
        client.request("GET", "/pid", close=True)
    for victim in victims:
        server.send_signal(signal.SIGKILL, victim)
    late = [server.connect(source=source) for source in ADDRESSES]
    for client in late:
        client.request("GET", "/pid", close=True)
    found = {int(client.read().text) for client in early + late}
    assert not found & set(victims)
    for client in early + late:
        client.close()


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_nobody_notices_that_workers_leave_one_by_one(start_policy, policy):
    server = start_policy(policy, 2)
    with load.Load(server, new=4, target="/pid") as run:
        for _ in range(3):
            before = server.wait_workers(2)
            run.wait_answered(20)
            assert server.request("GET", "/leave").status == 200
            wait_for(lambda: set(server.workers()) != set(before)
                     and len(server.workers()) == 2, "another worker")
        run.wait_answered(20)
    assert run.refused == 0
    assert not run.failures and not run.resets and not run.hung


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky", "callback"])
def test_a_stop_answers_what_has_come(start_policy, policy):
    server = start_policy(policy, 2)
    victims = server.wait_workers(2)
    for victim in victims:
        stop_process(victim)
    clients = [server.connect(source=source) for source in ADDRESSES]
    for client in clients:
        client.request("GET", "/pid", close=True)
    server.send_signal(signal.SIGTERM)
    for victim in victims:
        server.send_signal(signal.SIGCONT, victim)
    assert {int(client.read().text) for client in clients} <= set(victims)
    for client in clients:
        client.close()
    assert server.wait_exit() == 0


def begin_silently(server):
    """Connections that have sent nothing. Of those that a worker has accepted
    the primary has a copy."""
    before = set(procfs.fds(server.pid).values())
    clients = [server.connect(source=source) for source in ADDRESSES]
    # Others may go meanwhile, so it is the new ones that count.
    wait_for(lambda: len(set(procfs.fds(server.pid).values()) - before)
             >= len(clients), "the primary to keep copies")
    return clients


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky"])
def test_silent_connections_outlive_their_worker(start_policy, policy):
    server = start_policy(policy, 2)
    victims = server.wait_ready(2)
    clients = begin_silently(server)
    for victim in victims:
        server.send_signal(signal.SIGKILL, victim)
    for client in clients:
        assert ask_pid(client) not in victims
        client.close()


def test_silent_connections_stay_where_their_turn_was(start_policy):
    server = start_policy("kernel-rr", 4)
    server.wait_ready(4)

    def stay():
        clients = begin_silently(server)
        found = collections.Counter(ask_pid(client) for client in clients)
        for client in clients:
            client.close()
        return set(found.values()) == {10}
    # At the first attempt, unless the machine has held a worker up.
    wait_for(stay, "ten for each", 40)


@pytest.mark.parametrize("policy", [*IN_KERNEL, "sticky"])
def test_a_port_that_is_shared_in_the_kernel_is_still_in_use(start_policy,
                                                            policy):
    """SO_REUSEPORT lets nobody else in by mistake."""
    server = start_policy(policy, 2)
    other = harness.command("run", "-n", "1", "--sched", policy, PROBE,
                            env={"PORT": server.port})
    assert other.returncode == 1
    assert "in use" in other.stderr


# ---- kernel-rr ----

def test_kernel_round_robin_is_exact(start_policy):
    server = start_policy("kernel-rr", 4)
    wait_exact(server, 4, harness.fewer(250))


def test_kernel_round_robin_is_exact_after_deaths(start_policy):
    server = start_policy("kernel-rr", 4)
    for victim in server.wait_ready(4)[:2]:
        server.send_signal(signal.SIGKILL, victim)
        server.wait_workers(4, other_than=[victim])
        wait_all_serve(server, 4)
    wait_exact(server, 4, 50)


def test_kernel_round_robin_is_exact_among_those_who_are_left(start_policy):
    server = start_policy("kernel-rr", 4)
    victim = server.wait_workers(4)[0]
    stop_process(victim)
    wait_for(lambda: victim not in spread(server, 40), "it to be left out")
    assert victim not in wait_exact(server, 3, 100)
    server.send_signal(signal.SIGCONT, victim)
    wait_exact(server, 4, 10)


def test_more_workers_than_the_first_program_is_for(start_policy):
    server = start_policy("kernel-rr", 18)
    wait_exact(server, 18, 10)


def test_a_worker_has_a_socket_of_its_own(start_policy):
    server = start_policy("kernel-rr", 2)
    for pid in server.wait_workers(2):
        assert procfs.listening_ports(pid) == [server.port]
    assert set(procfs.listening_ports(server.pid)) == {server.port}


# ---- kernel-least ----

def test_kernel_least_is_even(start_policy):
    server = start_policy("kernel-least", 4)
    # On a busy machine a worker may be late now and then.
    wait_spread(server, 400, lambda found:
                len(found) == 4 and max(found.values()) <= 150)


def test_kernel_least_fills_up_whoever_has_few(start_policy):
    """One worker keeps its connections, the others lose theirs."""
    server = start_policy("kernel-least", 2)
    clients = [server.connect() for _ in range(40)]
    pids = [ask_pid(client) for client in clients]
    full = pids[0]
    kept = [client for client, pid in zip(clients, pids) if pid == full]
    for client, pid in zip(clients, pids):
        if pid != full:
            client.close()

    def others_get_all():
        more = [server.connect() for _ in range(len(kept) // 2)]
        found = {ask_pid(client) for client in more}
        for client in more:
            client.close()
        return full not in found
    wait_for(others_get_all, "the other worker to get all")
    for client in kept:
        client.close()


# ---- sticky ----

def test_an_address_has_one_worker(start_policy):
    server = start_policy("sticky", 4)
    found = settled(server, 5)
    assert set(found.values()) == set(server.wait_workers(4))


def test_an_address_keeps_its_worker_while_others_die(start_policy):
    server = start_policy("sticky", 4)
    before = settled(server)
    victim = server.wait_ready(4)[0]
    server.send_signal(signal.SIGKILL, victim)
    during = settled(server)
    server.wait_workers(4, other_than=[victim])
    wait_for(lambda: len(set(all_served_by(server).values())) == 4,
             "the replacement to serve")
    after = settled(server)
    for source, pid in before.items():
        if pid != victim:
            assert during[source] == after[source] == pid
    # Who was with the victim is with its replacement, and nobody else is.
    heirs = {after[source] for source, pid in before.items() if pid == victim}
    assert len(heirs) == 1 and not heirs & set(before.values())


def test_an_address_keeps_its_worker_while_another_hangs(start_policy):
    server = start_policy("sticky", 4)
    before = settled(server)
    victim = server.wait_workers(4)[0]
    stop_process(victim)
    during = settled(server)
    server.send_signal(signal.SIGCONT, victim)
    for source, pid in before.items():
        assert during[source] == pid or pid == victim
    wait_for(lambda: all_served_by(server) == before, "all as it was")


def groups(found):
    """The sets of addresses that have one worker."""
    return {frozenset(source for source in found if found[source] == pid)
            for pid in found.values()}


def test_who_was_together_is_together_after_a_reload(start_policy):
    server = start_policy("sticky", 3)
    before = settled(server)
    server.send_signal(signal.SIGHUP)
    server.wait_workers(3, other_than=set(before.values()))
    after = settled(server)
    assert groups(before) == groups(after)
    assert not set(before.values()) & set(after.values())


def test_scaling_moves_no_more_clients_than_it_has_to(start_policy):
    server = start_policy("sticky", 3)
    before = settled(server)
    server.send_signal(signal.SIGTTIN)
    workers = server.wait_workers(4)
    wait_for(lambda: len(set(all_served_by(server).values())) == 4,
             "the new one to serve")
    after = settled(server)
    (new,) = set(workers) - set(before.values())
    for source in ADDRESSES:
        assert after[source] in {before[source], new}
    server.send_signal(signal.SIGTTOU)
    left = server.wait_workers(3)
    wait_for(lambda: set(all_served_by(server).values()) <= set(left),
             "the others to serve")
    finally_ = settled(server)
    for source in ADDRESSES:
        assert finally_[source] == after[source] or after[source] not in left


def test_clients_by_ip6_are_sticky_too(start_policy):
    server = start_policy("sticky", 4)
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 here")

    def workers_of_20():
        found = set()
        for _ in range(20):
            with server.connect(host="::1") as client:
                found.add(ask_pid(client))
        return found
    wait_for(lambda: len(workers_of_20()) == 1, "one worker for all")


def test_sticky_on_a_unix_socket_is_balanced(start, tmp_path):
    path = tmp_path / "socket"
    server = start([harness.YOKE, "run", "-n", "2", "--sched", "sticky",
                    "--unix", path, PROBE], port=None, wait=False)
    server.wait_ready(2)
    with server.connect(path=path) as client:
        assert ask_pid(client)
    found = server.wait_output(NOT_TO_BE_HAD, 1)
    assert [match.groups() for match in found] == [
        ("sticky", "the clients of a UNIX socket have no address",
         "balanced")]


# ---- callback ----

def picked_by(server, source="127.0.0.1"):
    with server.connect(source=source) as client:
        return ask_pid(client)


@pytest.fixture
def start_picky(start):
    """start_picky(how) starts the program whose function chooses like that."""
    def start_one(how, workers=4):
        server = start([PICKY, how], env={"YOKE_WORKERS": workers})
        server.wait_workers(workers)
        # "listening" comes from the primary: then it may choose the worker.
        server.wait_output(r"^slot \d+ listens$", workers)
        return server
    return start_one


def slots(server):
    """{pid: slot}"""
    return {int(match[2]): int(match[1]) for match in server.wait_output(
        r"^slot (\d+) is (\d+)$", 4)}


def test_the_function_chooses_by_slot(start_picky):
    server = start_picky("third")
    wait_for(lambda: {slots(server)[picked_by(server)] for _ in range(20)}
             == {3}, "the third to be chosen")


def test_the_function_chooses_by_address(start_picky):
    server = start_picky("address")
    for source in ADDRESSES[:8]:
        slot = int(source.rpartition(".")[2]) % 4 + 1
        wait_for(lambda: slots(server)[picked_by(server, source)] == slot,
                 f"slot {slot} to be chosen for {source}")


def test_the_function_chooses_by_connections(start_picky):
    server = start_picky("least")
    # A connection that is being taken may be seen on neither side.
    wait_spread(server, 100, lambda found: len(found) == 4 and
                max(found.values()) - min(found.values()) <= 6)


@pytest.mark.parametrize("how", ["turn", "nonsense"])
def test_when_the_function_does_not_choose_it_goes_by_turn(start_picky, how):
    server = start_picky(how)
    wait_for(lambda: set(collections.Counter(
        picked_by(server) for _ in range(40)).values()) == {10}, "turns")
    told = server.output.count("yoke_cluster_set_pick chose 4 of 4")
    assert told == (1 if how == "nonsense" else 0)


def test_without_a_function_it_goes_by_turn(start_app):
    server = start_app(PROBE, "-n", "4", "--sched", "callback")
    wait_all_serve(server, 4)
    wait_exact(server, 4, 10)
    assert server.output.count("has no function") == 1


# ---- Where the kernel does not let them ----

def as_nobody(*argv, caps=()):
    """The command line for running it as an ordinary user, with the
    capabilities."""
    if os.geteuid() != 0:
        return argv
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv(1), and this is root")
    given = ["--inh-caps", ",".join(f"+{cap}" for cap in caps),
             "--ambient-caps", ",".join(f"+{cap}" for cap in caps)]
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            *(given if caps else ()), *argv)


@pytest.mark.parametrize("policy", IN_KERNEL)
def test_an_ordinary_user_gets_balanced_and_is_told_why(start, policy):
    server = start(as_nobody(harness.YOKE, "run", "-n", "2", "--sched", policy,
                             PROBE))
    wait_for(lambda: len(set(all_served_by(server).values())) == 2,
             "both to serve")
    found = server.wait_output(NOT_TO_BE_HAD, 1)
    assert [match.groups() for match in found] == [
        (policy, "it needs CAP_BPF", "balanced")]


@pytest.mark.parametrize("policy", IN_KERNEL)
def test_one_capability_is_enough(start, start_policy, policy):
    if os.geteuid() != 0:
        pytest.skip("only root can give a capability away")
    start_policy(policy, 1).stop()
    server = start(as_nobody(harness.YOKE, "run", "-n", "4", "--sched", policy,
                             PROBE, caps=["bpf"]))
    wait_all_serve(server, 4)
    assert not re.search(NOT_TO_BE_HAD, server.output)
    if policy == "kernel-rr":
        wait_exact(server, 4, 10)
    else:
        spread(server, 40)


def test_an_ordinary_user_has_sticky_clients(start):
    server = start(as_nobody(harness.YOKE, "run", "-n", "4", "--sched",
                             "sticky", PROBE))
    wait_for(lambda: len(set(all_served_by(server).values())) == 4,
             "four to serve")
    settled(server)
    assert not re.search(NOT_TO_BE_HAD, server.output)
