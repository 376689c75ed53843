"""Datagrams: sockets that workers share, or have for themselves.

"Node:" names the scenario of Node's own tests (without test-) that a test comes
from."""
import os
import signal
import socket

import fleet
import harness
import pytest
from fleet import start_fleet  # noqa: F401, the fixture
from harness import wait_for

SCHEDS = pytest.mark.parametrize("sched", ["rr", "none"])


class Sender:
    """A socket that sends commands, a datagram each, and waits for answers."""

    def __init__(self, host="127.0.0.1"):
        self.socket = socket.socket(
            socket.AF_INET6 if ":" in host else socket.AF_INET,
            socket.SOCK_DGRAM)
        self.socket.settimeout(harness.DEADLINE_SECONDS)
        self.socket.bind((host, 0))
        self.host = host

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, port, text):
        self.socket.sendto(text.encode(), (self.host, port))

    def receive(self):
        """The next answer, and the port that it comes from."""
        data, sender = self.socket.recvfrom(1024)
        return data.decode(), sender[1]

    def ask(self, port, text):
        self.send(port, text)
        return self.receive()[0]

    def pid(self, port):
        return int(self.ask(port, "id").split()[0])


def wait_bound(server, count):
    """Waits until so many handles are bound; their ports, sorted."""
    found = server.wait_output(fleet.BINDS, count)
    return sorted({int(match[4]) for match in found})


def only(worker, others):
    """Leaves one worker running."""
    for other in others:
        if other != worker:
            fleet.stop_process(other)


def go_on(workers):
    for worker in workers:
        os.kill(worker, signal.SIGCONT)


def sockets(pid):
    return {what for what in harness.procfs.fds(pid).values()
            if what.startswith("socket:")}


@SCHEDS
def test_all_workers_read_from_one_socket(start_fleet, sched):
    """Node: cluster-dgram-1, dgram-bind-shared-ports."""
    server = start_fleet(4, "-s", sched, "udp/127.0.0.1:0", listeners=0)
    (port,) = wait_bound(server, 4)
    workers = server.workers()
    with Sender() as sender:
        for _ in range(40):
            sender.send(port, "id")
        answers = [sender.receive() for _ in range(40)]
        # One answer to each, and from the port that was asked.
        assert {int(text.split()[0]) for text, _ in answers} <= set(workers)
        assert {source for _, source in answers} == {port}
        for worker in workers:
            only(worker, workers)
            assert sender.pid(port) == worker
            go_on(workers)


def test_the_sockets_are_closed_when_all_have_disconnected(start_fleet):
    """Node: cluster-dgram-2."""
    server = start_fleet(4, "udp/127.0.0.1:0", listeners=0)
    (port,) = wait_bound(server, 4)
    with Sender() as sender:
        assert sender.pid(port)
    server.command("disconnect")
    server.wait_output("^all gone$")
    assert len(server.lines("closed a handle")) == 4
    assert len(server.lines("^exit .* code=0 .*after=1")) == 4
    wait_for(lambda: can_bind(port), "the primary to let go of it")


def test_the_event_names_the_type(start_fleet):
    server = start_fleet(1, "udp/127.0.0.1:0", "udp/6:0", listeners=0)
    wait_bound(server, 2)
    server.wait_output(r"^listening 1 udp4 127.0.0.1 \d+$")
    server.wait_output(r"^listening 1 udp6 :: \d+$")


@SCHEDS
def test_the_nth_bound_to_port_0_is_one_port_for_all(start_fleet, sched):
    server = start_fleet(3, "-s", sched, "udp/127.0.0.1:0", "udp/127.0.0.1:0",
                         listeners=0)
    assert len(wait_bound(server, 6)) == 2


def test_binding_port_0_and_closing_again_and_again_never_collides(
        start_fleet):
    """Node: cluster-child-index-dgram."""
    server = start_fleet(1, "udp/127.0.0.1:0", listeners=0)
    (port,) = wait_bound(server, 1)
    with Sender() as sender:
        for n in range(1, 11):
            assert sender.ask(port, "open udp/127.0.0.1:0") == "ok"
            assert len(wait_bound(server, n + 1)) >= 2
            assert sender.ask(port, f"shut {n}") == "ok"
            server.wait_output("closed a handle", n)
    assert "cannot" not in server.stdout


def test_a_bound_port_outlives_its_worker(start_fleet):
    server = start_fleet(1, "-r", "udp/127.0.0.1:0", listeners=0)
    (port,) = wait_bound(server, 1)
    (first,) = server.workers()
    fleet.stop_process(first)
    with Sender() as sender:
        sender.send(port, "id")  # Waits in the socket.
        os.kill(first, signal.SIGKILL)
        assert wait_bound(server, 2) == [port]
        text, _ = sender.receive()
        assert int(text.split()[0]) == server.workers()[0] != first


# Exclusive ones.


def test_an_exclusive_port_is_the_first_workers_alone(start_fleet):
    """Node: dgram-bind-shared-ports, its exclusive half."""
    port = harness.free_port()
    server = start_fleet(2, f"udp/127.0.0.1:{port},exclusive", listeners=0)
    wait_bound(server, 1)
    (match,) = server.wait_output(
        rf"EADDRINUSE: UDP 127.0.0.1:{port} is in use by fleet \(pid (\d+)\)$")
    with Sender() as sender:
        assert sender.pid(port) == int(match[1])


def test_exclusive_ports_0_are_distinct(start_fleet):
    server = start_fleet(3, "udp/127.0.0.1:0,exclusive", listeners=0)
    assert len(wait_bound(server, 3)) == 3


def test_a_handle_that_is_bound_by_sending_is_its_workers_own(start_fleet):
    """Node: dgram-exclusive-implicit-bind: two workers share a port, two have
    one each."""
    server = start_fleet(4, "own:0", "udp/127.0.0.1:0")
    (port,) = wait_bound(server, 4)
    sources = {port}
    with Sender() as sender:
        receiver = sender.socket.getsockname()[1]
        for pid, control in list(server.controls().items())[:2]:
            assert server.ask(f"implicit {receiver}", port=control) == "ok"
            text, source = sender.receive()
            assert text == str(pid)
            sources.add(source)
    assert len(sources) == 3


# Options.


@SCHEDS
def test_both_families_may_have_the_same_port(start_fleet, sched):
    """Node: cluster-dgram-ipv6only."""
    server = start_fleet(2, "-s", sched, f"udp/6:{harness.free_port()}",
                         listeners=0)
    (port,) = wait_bound(server, 2)
    with Sender("::1") as sender, Sender() as other:
        assert sender.ask(port, f"open udp/0.0.0.0:{port}") == "ok"
        server.wait_output(rf"binds udp4 0.0.0.0 {port}$")
        assert other.pid(port) in server.workers()
        assert sender.pid(port) in server.workers()


def test_an_address_may_be_had_twice_by_those_who_agree(start_fleet):
    """Node: cluster-dgram-reuse."""
    server = start_fleet(1, "udp/127.0.0.1:0,reuseaddr", listeners=0)
    (port,) = wait_bound(server, 1)
    with Sender() as sender:
        assert sender.ask(port, f"open udp/127.0.0.1:{port},reuseaddr") == "ok"
        assert wait_bound(server, 2) == [port]
        assert sender.ask(port, f"open udp/127.0.0.1:{port}") == "ok"
    server.wait_output("cannot bind: EADDRINUSE")


def test_reuse_port_is_no_affair_of_the_primarys(start_fleet):
    """Node: cluster-dgram-reuseport."""
    port = harness.free_port()
    server = start_fleet(2, f"udp/127.0.0.1:{port},reuseport", listeners=0)
    assert wait_bound(server, 2) == [port]
    assert "listening" not in server.stdout
    first, second = map(sockets, server.workers())
    assert first != second
    with Sender() as sender:
        assert sender.pid(port) in server.workers()


def test_a_descriptor_of_the_primarys_is_shared(start_fleet):
    """Node: cluster-dgram-bind-fd."""
    server = start_fleet(2, "udp/fd:7", listeners=0,
                         wrap=fleet.handed("7=udp"))
    (port,) = wait_bound(server, 2)
    with Sender() as sender:
        assert sender.pid(port) in server.workers()


# Who asks for a port by the number that another one got.


def test_a_number_that_came_of_port_0_can_be_asked_for(start_fleet):
    """Node fails its own known_issues/dgram-bind-shared-ports-after-port-0."""
    server = start_fleet(2, "own:0", "udp/127.0.0.1:0")
    (port,) = wait_bound(server, 2)
    (first, _), (second, control) = server.controls().items()
    assert server.ask("shut 1", port=control) == "ok"
    server.wait_output(rf"^{second} closed a handle$")
    assert server.ask(f"open udp/127.0.0.1:{port}", port=control) == "ok"
    assert wait_bound(server, 3) == [port]
    with Sender() as sender:
        for one, other in ((first, second), (second, first)):
            fleet.stop_process(other)
            assert sender.pid(port) == one
            os.kill(other, signal.SIGCONT)


# Races.


def test_one_that_is_closed_before_the_reply_is_given_up(start_fleet):
    """Node: dgram-bind-socket-close-before-cluster-reply,
    dgram-close-during-bind."""
    port = harness.free_port()
    server = start_fleet(1, "127.0.0.1:0", f"udp/127.0.0.1:{port},closes=now")
    server.wait_output("closed a handle")
    assert not server.lines(fleet.BINDS)
    wait_for(lambda: can_bind(port), "the primary to let go of it")


def can_bind(port):
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        try:
            one.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def test_it_may_be_closed_in_the_callback_that_it_listens(start_fleet):
    """Node: dgram-close-in-listening."""
    server = start_fleet(2, "127.0.0.1:0",
                         "udp/127.0.0.1:0,closes=listening")
    ports = wait_bound(server, 2)
    server.wait_output("closed a handle", 2)
    wait_for(lambda: all(map(can_bind, ports)), "the primary to let go of it")
    assert server.answerer()


def test_an_error_of_the_primarys_reaches_the_worker_which_tries_again(
        start_fleet):
    """Node: dgram-cluster-bind-error."""
    port = harness.free_port()
    with socket.socket(type=socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", port))
        server = start_fleet(1, "127.0.0.1:0", f"udp/127.0.0.1:{port}")
        server.wait_output(
            rf"cannot bind: EADDRINUSE: UDP 127.0.0.1:{port} is in use by \S+ "
            rf"\(pid {os.getpid()}\)$")
        server.wait_output("closed a handle")
    assert server.ask(f"open udp/127.0.0.1:{port}") == "ok"
    assert wait_bound(server, 1) == [port]


def test_a_stop_closes_what_is_bound(start_fleet):
    server = start_fleet(2, "udp/127.0.0.1:0", listeners=0)
    wait_bound(server, 2)
    server.stop()
    assert len(server.lines("closed a handle")) == 2


def test_a_privileged_port_is_refused_with_the_reason(start_fleet):
    """Node: cluster-shared-handle-bind-privileged-port."""
    fleet.skip_unless_privileged(80)
    server = start_fleet(1, "udp/127.0.0.1:80", listeners=0,
                         wrap=fleet.AS_NOBODY)
    server.wait_output("EACCES: UDP 127.0.0.1:80 may only be listened on by "
                       "root or with CAP_NET_BIND_SERVICE$")
    server.wait_output("closed a handle$")
