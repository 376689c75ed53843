"""yoke routes: what it lists, and what it says when it cannot."""
import json
import re

import harness

FAILED, USAGE = 1, 2
ATLAS = harness.BUILD / "tests/apps/atlas.so"


def rows(*args):
    """The lines of the table, split where columns are: at two spaces."""
    done = harness.command("routes", *args, ATLAS)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [re.split(r" {2,}", line) for line in done.stdout.splitlines()]


def test_lists_routes_in_order():
    table = rows()
    assert table[0] == ["METHOD", "PATH", "HANDLER", "PLACE"]
    assert [row[:3] for row in table[1:]] == [
        ["GET, DELETE", "/items/:id", "answer, pass, answer"],
        ["GET", "/", "answer"],
        ["GET", "/home", "answer"],
        ["GET", "/users", "answer"],
        ["GET", "/users/:id<uint>", "pass, answer"],
        ["POST", "/admin/reset", "answer"],
        ["*", "/files/*path", "answer"],
    ]
    assert all(re.search(r"atlas\.c:\d+$", row[3]) for row in table[1:])


def test_columns_are_aligned():
    lines = harness.command("routes", ATLAS).stdout.splitlines()
    for head in ("PATH", "HANDLER", "PLACE"):
        at = lines[0].index(head)
        assert all(line[at - 1] == " " and line[at] != " " for line in lines)


def test_all_lists_every_layer():
    assert [row[:2] for row in rows("--all")[1:]] == [
        ["GET, DELETE", "/items/:id"],
        ["use", "/"],
        ["GET", "/"],
        ["GET", "/home"],
        ["mount", "/users"],
        ["GET", "/users"],
        ["GET", "/users/:id<uint>"],
        ["mount", "/admin"],
        ["POST", "/admin/reset"],
        ["*", "/files/*path"],
        ["catch", "/"],
    ]
    assert rows("-a") == rows("--all")


def test_json_has_the_same():
    done = harness.command("routes", "--json", ATLAS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 7
    line = found[0].pop("line")
    file = found[0].pop("file")
    assert isinstance(line, int) and file.endswith("atlas.c")
    assert found[0] == {"kind": "route", "methods": ["GET", "DELETE"],
                        "path": "/items/:id",
                        "handlers": ["answer", "pass", "answer"]}
    every = json.loads(harness.command("routes", "--json", "-a", ATLAS).stdout)
    assert [layer["kind"] for layer in every][:2] == ["route", "use"]


def test_an_application_that_cannot_start_is_told():
    for factory, part in (
            ("make_broken", 'atlas.c:'), ("make_broken", 'write "/*path"'),
            ("make_unknown", 'there is no constraint "ulid"; there are: alnum'),
            ("make_none", "has no function 'make_none'")):
        done = harness.command("routes", "--factory", factory, ATLAS)
        assert done.returncode == FAILED and done.stdout == ""
        assert done.stderr.startswith("yoke: ") and part in done.stderr


def test_wrong_usage_is_told():
    for args, part in (([], "routes: no application was named"),
                       (["a.so", "b.so"], "'b.so' is one too many"),
                       (["--jsn", "a.so"], "did you mean --json?")):
        done = harness.command("routes", *args)
        assert done.returncode == USAGE and part in done.stderr
        assert "Try 'yoke help routes'." in done.stderr
    done = harness.command("routes", "none.so")
    assert done.returncode == FAILED and "no such file" in done.stderr


def test_help_and_man_page_name_every_option():
    done = harness.command("routes", "--help")
    assert done.returncode == 0
    assert harness.command("help", "routes").stdout == done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    page = (harness.ROOT / "docs/man/yoke.1").read_text()
    for name in re.findall(r"--([a-z-]+)", done.stdout):
        assert f"Fl Fl {name}" in page


def test_listed_paths_are_those_of_requests(start_app):
    server = start_app(ATLAS, "-n", "1")
    for path, pattern in (("/", b"/"), ("/home", b"/home"),
                          ("/users", b"/users"),
                          ("/users/7", b"/users/:id<uint>"),
                          ("/files/a/b", b"/files/*path")):
        assert server.request("GET", path).body == pattern
