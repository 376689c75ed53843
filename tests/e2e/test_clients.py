"""Real clients: curl, wrk, h2load and ab, against the real programs.

Loads are counted in requests where the client can count, and short where it
cannot; what is asserted is that all was answered, never how fast.
"""
import re

import harness
import pytest

HELLO = harness.EXAMPLES / "hello"
MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def hello():
    with harness.Server([HELLO], env={"YOKE_WORKERS": 2}) as server:
        def have_answered():
            server.request("GET", "/get")
            one, two = map(server.fd_count, server.wait_workers(2))
            return one == two
        # Each worker has: all that it opens at first, it has opened.
        harness.wait_for(have_answered, "both workers to have answered")
        server.at_rest = fd_counts(server)
        yield server


@pytest.fixture(scope="module")
def echo():
    argv = [harness.YOKE, "run", "-n", "2", harness.EXAMPLES / "echo.so"]
    with harness.Server(argv) as server:
        yield server


def client(*argv, stdin=None):
    """Runs a client program to its end; its standard output."""
    done = harness.run(argv, stdin=stdin)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


def url(server, path):
    return f"http://127.0.0.1:{server.port}{path}"


# curl.

def curl(*args, stdin=None):
    """Runs curl; what it wrote. -D - adds the head to that."""
    return client("curl", "-sS", "--max-time", "20", *args, stdin=stdin)


def curl_head(*args):
    """The status lines and fields of curl's answers, without the bodies."""
    return curl("-D", "-", "-o", "/dev/null", *args)


def curl_verbose(*args):
    """curl's account of what it did."""
    done = harness.run(["curl", "-sSv", "--max-time", "20", *args])
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture
def big(tmp_path):
    """A file of a mebibyte, which is the most a body may have."""
    path = tmp_path / "big"
    path.write_bytes(bytes(range(32, 127)) * (MEBIBYTE // 95 + 1))
    with open(path, "r+b") as file:
        file.truncate(MEBIBYTE)
    return path


def test_curl_speaks_http_1_1(hello):
    assert curl(url(hello, "/get")) == "something"
    head = curl_head(url(hello, "/get"))
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert "\nDate: " in head and "Connection:" not in head
    assert "Transfer-Encoding" not in head and "Server:" not in head


def test_curl_speaks_http_1_0(hello):
    assert curl("--http1.0", url(hello, "/get")) == "something"
    head = curl_head("--http1.0", url(hello, "/get"))
    assert "\nContent-Length: 9\n" in head


def test_curl_does_not_get_a_body_for_head(hello):
    head = curl("--head", url(hello, "/get"))
    assert head.startswith("HTTP/1.1 200 OK\n")
    assert "Content-Length: 9\n" in head and "something" not in head


def test_curl_sends_data(hello, echo):
    assert curl("--data", "a=1&b=2", url(hello, "/post")) == "posted"
    assert curl("--data", "a=1&b=2", url(echo, "/")) == "a=1&b=2"


def test_curl_waits_for_100_continue_with_a_large_body(echo, big):
    args = ["-H", "Expect: 100-continue", "--expect100-timeout", "20",
            "--data-binary", f"@{big}", url(echo, "/")]
    assert curl(*args) == big.read_text()
    assert curl_head(*args).startswith("HTTP/1.1 100 Continue\n\n"
                                       "HTTP/1.1 200 OK\n")


def test_curl_is_told_before_it_sends_what_is_too_large(echo, big):
    with open(big, "ab") as file:
        file.write(b"!")
    head = curl_head("-H", "Expect: 100-continue", "--expect100-timeout", "20",
                     "--data-binary", f"@{big}", url(echo, "/"))
    assert head.startswith("HTTP/1.1 413 "), head


def test_curl_uploads_in_chunks(echo, big):
    text = big.read_text()
    assert curl("-T", "-", url(echo, "/"), stdin=text) == text
    assert "> Transfer-Encoding: chunked" in curl_verbose(
        "-T", "/dev/null", "-H", "Transfer-Encoding: chunked", url(echo, "/"))


def test_curl_uploads_a_file(echo, big):
    assert curl("-T", big, f"{url(echo, '')}/", "--request-target",
                "/") == big.read_text()


def test_curl_uses_one_connection_again(hello):
    told = curl_verbose(*[url(hello, "/get")] * 5)
    assert told.count("Connected to 127.0.0.1") == 1
    assert told.count("Re-using existing connection") == 4
    assert told.count("< HTTP/1.1 200 OK") == 5


def test_curl_uses_one_connection_again_after_every_kind_of_answer(echo):
    """Bodies, none, chunks, 404, 405: each leaves the connection in step."""
    done = harness.run(
        ["curl", "-sSv", "--max-time", "20", "-o", "/dev/null", url(echo, "/"),
         "--next", "-sSv", "--head", url(echo, "/"),
         "--next", "-sSv", "-o", "/dev/null", "-d", "x", url(echo, "/"),
         "--next", "-sSv", "-o", "/dev/null", url(echo, "/none"),
         "--next", "-sSv", "-o", "/dev/null", "-T", "-", url(echo, "/"),
         "--next", "-sSv", "-o", "/dev/null", "-X", "OPTIONS", url(echo, "/"),
         "--next", "-sSv", "-o", "/dev/null", url(echo, "/echo")], stdin="in")
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^< HTTP/1.1 ([2-5]\d+)", done.stderr, re.M) == [
        "200", "200", "200", "404", "200", "200", "200"]
    assert done.stderr.count("Connected to 127.0.0.1") == 1, done.stderr


def test_curl_closes_when_it_says_so(hello):
    told = curl_verbose("-H", "Connection: close", url(hello, "/get"),
                        url(hello, "/get"))
    assert told.count("Connected to 127.0.0.1") == 2
    assert told.count("< Connection: close") == 2


def test_curl_over_a_unix_socket(start, tmp_path):
    path = tmp_path / "socket"
    server = start([harness.YOKE, "run", "-n", "2", "--unix", path,
                    harness.EXAMPLES / "hello.so"], port=None, wait=False)
    server.wait_output(r"^Listening on ")
    args = ["--unix-socket", path, "http://any/get"]
    assert curl(*args) == "something"
    assert curl_verbose(*args, args[2]).count("< HTTP/1.1 200 OK") == 2
    server.stop()


def test_curl_over_ipv6(hello):
    assert curl(f"http://[::1]:{hello.port}/get") == "something"


def test_curl_sends_requests_at_once(hello):
    urls = [url(hello, "/get")] * 50
    assert curl("--parallel", "--parallel-max", "10", *urls) == "something" * 50


# Load.

def number(pattern, text):
    match = re.search(pattern, text)
    assert match, f"no {pattern!r} in:\n{text}"
    return int(match[1])


def check_wrk(text):
    assert number(r"(\d+) requests in", text) > 0
    assert "Socket errors" not in text, text
    assert "Non-2xx" not in text, text


def test_wrk_sees_no_error(hello):
    check_wrk(client("wrk", "-t1", "-c32", "-d1s", "--timeout", "20s", url(hello, "/get")))


def test_wrk_with_pipelined_requests_sees_no_error(hello, tmp_path):
    script = tmp_path / "pipeline.lua"
    script.write_text(
        "init = function()\n"
        "  sixteen = string.rep(wrk.format(), 16)\n"
        "end\n"
        "request = function() return sixteen end\n")
    check_wrk(client("wrk", "-t1", "-c8", "-d1s", "--timeout", "20s", "-s", script,
                     url(hello, "/get")))


def test_wrk_with_bodies_sees_no_error(echo, tmp_path):
    script = tmp_path / "post.lua"
    script.write_text('wrk.method = "POST"\n'
                      'wrk.body = string.rep("yoke", 5000)\n')
    check_wrk(client("wrk", "-t1", "-c16", "-d1s", "--timeout", "20s", "-s", script,
                     url(echo, "/")))


def test_h2load_sees_no_error(hello):
    text = client("h2load", "--h1", "-n5000", "-c25", url(hello, "/get"))
    assert ("requests: 5000 total, 5000 started, 5000 done, 5000 succeeded, "
            "0 failed, 0 errored, 0 timeout") in text
    assert "status codes: 5000 2xx, 0 3xx, 0 4xx, 0 5xx" in text


def check_ab(text, count):
    assert number(r"Complete requests: +(\d+)", text) == count
    assert number(r"Failed requests: +(\d+)", text) == 0
    assert "Non-2xx" not in text and "Write errors" not in text


def test_ab_without_keep_alive(hello):
    """HTTP/1.0, a connection for each request."""
    check_ab(client("ab", "-q", "-n1000", "-c10", url(hello, "/get")), 1000)


def test_ab_with_keep_alive_of_http_1_0(hello):
    text = client("ab", "-q", "-k", "-n5000", "-c10", url(hello, "/get"))
    check_ab(text, 5000)
    assert number(r"Keep-Alive requests: +(\d+)", text) == 5000


def test_ab_posts_with_keep_alive(echo, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(b"x" * 3000)
    text = client("ab", "-q", "-k", "-n2000", "-c10", "-p", body, "-T",
                  "text/plain", url(echo, "/"))
    check_ab(text, 2000)
    assert number(r"Document Length: +(\d+)", text) == 3000


# What is left.

def fd_counts(server):
    """How many descriptors the primary and each worker have open."""
    return {pid: server.fd_count(pid)
            for pid in [server.pid, *server.wait_workers(2)]}


def test_load_leaves_no_descriptor_and_no_dead_worker(hello):
    client("ab", "-q", "-n500", "-c50", url(hello, "/get"))
    harness.wait_for(
        # One more: a loop opens its reserve with its first connection.
        lambda: all(count <= hello.at_rest[pid] + 1
                    for pid, count in fd_counts(hello).items()),
        lambda: f"{hello.at_rest}, not {fd_counts(hello)}")
    assert "died" not in hello.output
