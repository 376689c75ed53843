"""Messages between the primary and its workers."""
import pytest
from fleet import start_fleet  # noqa: F401, the fixture

SIZES = [0, 1, 32751, 32752, 32753, 100_000, 1 << 20, 20 << 20]


def expected_sum(data):
    total = 0
    for byte in data:
        total = (total * 33 + byte) & 0xffffffff
    return total


def sums(server, receiver):
    return server.lines(rf"^{receiver} message 1 (\d+) (\d+)$")


def test_a_worker_tells_the_primary(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    assert server.ask("send hello") == "ok"
    found = server.wait_output(r"^primary message 1 5 (\d+)$")
    assert int(found[0][1]) == expected_sum(b"hello")


def test_the_primary_tells_a_worker(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command("send 1 hello")
    found = server.wait_output(r"^worker message 1 5 (\d+)$")
    assert int(found[0][1]) == expected_sum(b"hello")


@pytest.mark.parametrize("size", SIZES)
def test_a_message_arrives_whole_both_ways(start_fleet, size):
    server = start_fleet(1, "127.0.0.1:0")
    assert server.ask(f"big {size}") == "ok"
    server.command(f"big 1 {size}")
    there = server.wait_output(rf"^worker message 1 {size} (\d+)$")
    back = server.wait_output(rf"^primary message 1 {size} (\d+)$")
    assert there[0][1] == back[0][1]


def test_messages_keep_their_order(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    for size in [3_000_000, 1, 70_000, 2, 0, 3]:
        server.command(f"big 1 {size}")
    found = server.wait_output(r"^worker message 1 (\d+) ", 6)
    assert [int(match[1]) for match in found] == [3_000_000, 1, 70_000, 2, 0, 3]


def test_a_message_that_is_too_large_is_refused(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command(f"big 1 {(64 << 20) + 1}")
    server.wait_output(r"^sent -20011$")
    server.command("send 1 x")
    server.wait_output(r"^worker message 1 1 ")


def test_connections_overtake_a_long_message(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    server.command(f"big 1 {32 << 20}")
    assert server.answerer()
    server.wait_output(rf"^worker message 1 {32 << 20} ")


def test_a_message_to_a_worker_that_died_is_no_accident(start_fleet):
    server = start_fleet(2, "127.0.0.1:0")
    server.command("kill 1 9\nbig 1 1000000\nbig 1 1000000")
    server.wait_output(r"^exit 1")
    assert server.answerer()


def test_the_last_words_of_a_worker_arrive(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with server.line() as line:
        assert line.ask("big 1000000") == "ok"
        line.send("leave")
    server.wait_output(r"^primary message 1 1000000 ")
    server.wait_output(r"^exit 1 code=0")
