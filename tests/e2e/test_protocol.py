"""HTTP/1.1 on a live port: every rule of HTTP.md that can be seen from outside.

The table in protocol_cases.py goes over the wire whole, in halves at several
places, and byte by byte: the answer must not depend on that.
"""
import harness
import pytest
from protocol_cases import CASES, FOLLOWING, FOLLOWING_STATUS

BYTEWISE_MAX = 400    # Longer ones only go in halves.
PAUSE_SECONDS = 0.002

APPS = {"echo": harness.EXAMPLES / "echo.so",
        "mirror": harness.BUILD / "tests/apps/mirror.so"}


@pytest.fixture(scope="module")
def servers():
    """{name: a server of that app}; the table must not cost a worker."""
    started = {}
    try:
        for name, path in APPS.items():
            started[name] = harness.Server(
                [harness.YOKE, "run", "-q", "-n", "2", path])
        pids = {name: server.wait_workers(2)
                for name, server in started.items()}
        yield started
        for name, server in started.items():
            assert server.workers() == pids[name], server.output
            server.stop()
    finally:
        for server in started.values():
            server.kill()


@pytest.fixture
def echo(servers):
    return servers["echo"]


@pytest.fixture
def mirror(servers):
    return servers["mirror"]


def ways_to_send(data):
    """The data in pieces: in one, in two, and each byte by itself."""
    yield [data]
    for at in sorted({1, len(data) // 3, len(data) // 2, len(data) - 1}):
        if 0 < at < len(data):
            yield [data[:at], data[at:]]
    if len(data) <= BYTEWISE_MAX:
        yield [data[at:at + 1] for at in range(len(data))]


def send(client, case, pieces):
    """Sends the case; when it closes, with another request right behind it."""
    if case.closes and not case.ends:
        pieces = [*pieces[:-1], pieces[-1] + FOLLOWING]
    client.send(*pieces,
                pause_seconds=PAUSE_SECONDS if len(pieces) <= 2 else 0)
    if case.ends:
        client.end()


def check_answers(client, case):
    """Reads the case's answers, which have to be what it says."""
    for expected in case.statuses:
        allowed = expected if isinstance(expected, set) else {expected}
        response = client.read()
        assert response.status in allowed, response
    assert case.has in response.body, response.body
    assert response.closes == (case.closes and case.is_told), response


def check_end(client, case):
    """What follows is answered, or nothing is."""
    if case.closes:
        client.expect_eof()
        return
    client.send(FOLLOWING)
    assert client.read().status == FOLLOWING_STATUS
    client.end()
    client.expect_eof()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(servers, case):
    server = servers[case.app]
    for pieces in ways_to_send(case.data):
        with server.connect() as client:
            send(client, case, pieces)
            check_answers(client, case)
            check_end(client, case)
    assert server.request("GET", "/following").status == FOLLOWING_STATUS


def test_the_table_is_what_it_claims_to_be():
    bad = [case for case in CASES if case.closes]
    assert len(bad) >= 100
    names = [str(case) for case in CASES]
    assert not {name for name in names if names.count(name) > 1}
