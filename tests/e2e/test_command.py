"""The command `yoke`: what it does, and what it says when it cannot.

Every mistake must end it with the status for its kind, say once what is wrong
and what to do, and leave nothing running.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import harness
import pytest

FAILED, USAGE = 1, 2

APP = "#include <yoke/yoke.h>\nyoke_app_factory make_app;\n"


@pytest.fixture
def build_app(tmp_path):
    """build_app(text) compiles an app.so from C, and returns its path."""
    def build(text, name="app.so"):
        source, target = tmp_path / "app.c", tmp_path / name
        source.write_text(text)
        subprocess.run(["cc", "-shared", "-fPIC", "-I", harness.ROOT / "include",
                        "-o", target, source], check=True, stdin=subprocess.DEVNULL)
        return target
    return build


def fail(*args, status=FAILED, **kwargs):
    """Runs the command, which must fail; what it said."""
    done = harness.command(*args, **kwargs)
    assert done.returncode == status, done.stderr
    assert done.stdout.count("something") == 0
    return done.stderr


def said_once(text, part):
    assert text.count(part) == 1, text
    return True


# Help and version.

def test_help_lists_the_commands():
    done = harness.command("--help")
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("Usage: yoke COMMAND")
    assert re.search(r"^  run +\w", done.stdout, re.M)
    for args in (["-h"], ["help"]):
        assert harness.command(*args).stdout == done.stdout


def test_help_of_a_command_explains_its_options():
    done = harness.command("run", "--help")
    assert done.returncode == 0 and done.stderr == ""
    for option in ("-n, --workers", "-p, --port", "-H, --host", "--unix",
                   "--sched", "--factory", "--stop-timeout", "-q, --quiet"):
        assert option in done.stdout
    assert harness.command("help", "run").stdout == done.stdout
    # Before anything else is looked at.
    assert harness.command("run", "--help", "no.so").stdout == done.stdout


def test_help_fits_a_terminal():
    for args in (["help"], ["help", "run"], ["help", "help"]):
        assert not [line for line in harness.command(*args).stdout.splitlines()
                    if len(line) > 80]


def test_man_page_names_every_option():
    page = (harness.ROOT / "docs/man/yoke.1").read_text()
    for name in re.findall(r"--([a-z-]+)",
                           harness.command("help", "run").stdout):
        assert f"Fl Fl {name}" in page


def test_version():
    done = harness.command("--version")
    header = (harness.ROOT / "include/yoke/version.h").read_text()
    version = re.search(r'YOKE_VERSION "(.*)"', header)[1]
    assert done.stdout == f"yoke {version}\n" and done.returncode == 0
    assert harness.command("-V").stdout == done.stdout


def test_output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "w") as full:
        done = subprocess.run([harness.YOKE, "--help"], stdout=full,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == FAILED
    assert "yoke: cannot write to standard output" in done.stderr


# Wrong usage.

HELLO = harness.EXAMPLES / "hello.so"

MISUSE = [
    ([], "Usage: yoke COMMAND"),
    (["rnu"], "unknown command 'rnu'; did you mean 'yoke run'?"),
    (["app.so"], "unknown command 'app.so'; did you mean 'yoke run app.so'?"),
    (["frobnicate"], "unknown command 'frobnicate'\n"),
    (["--hlep"], "unknown option --hlep; did you mean --help?"),
    (["help", "rnu"], "did you mean 'yoke run'?"),
    (["run"], "run: no application was named"),
    (["run", HELLO, "b.so"], "'b.so' is one too many"),
    (["run", "--prot", "1", HELLO], "unknown option --prot; did you mean --port?"),
    (["run", "--woker=1", HELLO], "did you mean --workers?"),
    (["run", "-x", HELLO], "unknown option -x"),
    (["run", HELLO, "-p"], "-p needs a value: -p PORT"),
    (["run", "-n", "0", HELLO], "-n: '0' is not 'max' or a count of workers: "
                                "a number from 1 to 1024"),
    (["run", "-n", "x", HELLO], "-n: 'x' is not"),
    (["run", "-n", "-1", HELLO], "-n: '-1' is not"),
    (["run", "-n", "1025", HELLO], "-n: '1025' is not"),
    (["run", "--workers=", HELLO], "--workers: '' is not"),
    (["run", "-p", "70000", HELLO], "-p: '70000' is not a port: a number from "
                                    "0 to 65535"),
    (["run", "-p", "http", HELLO], "-p: 'http' is not a port"),
    (["run", "--sched", "fair", HELLO], "'fair' is not a way to schedule: auto, "
                                        "balanced, "),
    (["run", "--stop-timeout", "0", HELLO], "--stop-timeout: '0' is not"),
    (["run", "--unix", "", HELLO], "--unix: an empty path"),
    (["run", "--unix", "s", "-p", "1", HELLO], "--unix stands instead of"),
    (["run", "--quiet=1", HELLO], "--quiet takes no value"),
    (["run", "--check", "health", HELLO], "'health' is not a path: it begins"),
    (["run", "--umask", "999", HELLO], "--umask: '999' is not a mode: octal"),
    (["run", "--name", "a/b", HELLO], "--name: 'a/b' is not a name: letters"),
    (["run", "--max-surge=0", "--max-unavailable=0", HELLO],
     "no worker could ever be replaced"),
]


@pytest.mark.parametrize(
    "args, text", MISUSE, ids=lambda value: " ".join(map(str, value))[:40]
    .replace(str(harness.EXAMPLES), "") if isinstance(value, list) else "")
def test_wrong_usage_is_told(args, text):
    err = fail(*args, status=USAGE)
    assert text in err
    assert "Try 'yoke" in err


@pytest.mark.parametrize("env, text", [
    ({"PORT": "70000"}, "PORT: '70000' is not a port"),
    ({"PORT": "80a"}, "PORT: '80a' is not a port"),
    ({"YOKE_WORKERS": "0"}, "YOKE_WORKERS: '0' is not"),
    ({"YOKE_WORKERS": "many"}, "YOKE_WORKERS: 'many' is not"),
    ({"YOKE_SCHED_POLICY": "fair"}, "YOKE_SCHED_POLICY: 'fair' is not"),
    ({"YOKE_NAME": "4711"}, "YOKE_NAME: '4711' is not a name"),
    ({"YOKE_PRELOAD": "yes"}, "YOKE_PRELOAD: 'yes' is not '0', '1' or"),
])
def test_wrong_environment_is_told(env, text):
    assert text in fail("run", HELLO, env=env, status=USAGE)


# Files that are no application.

def test_missing_file(tmp_path):
    err = fail("run", tmp_path / "none.so")
    assert said_once(err, f"yoke: {tmp_path}/none.so: no such file\n")


def test_missing_file_suggests_the_one_with_the_suffix():
    err = fail("run", harness.EXAMPLES / "echo")
    assert "no such file; did you mean" in err and "echo.so?" in err


def test_directory(tmp_path):
    assert "a directory; name the shared object" in fail("run", tmp_path)


def test_not_a_shared_object(tmp_path):
    source = tmp_path / "app.c"
    source.write_text("int main;")
    for path in (source, "/dev/null"):
        assert "not a shared object; build one with" in fail("run", path)


def test_object_file(tmp_path):
    source = tmp_path / "app.c"
    source.write_text("int x;\n")
    subprocess.run(["cc", "-c", "-o", tmp_path / "app.o", source], check=True)
    err = fail("run", tmp_path / "app.o")
    assert "an object file, not a shared object; link it with -shared" in err


def test_program_instead_of_a_shared_object():
    err = fail("run", "-p", "0", harness.EXAMPLES / "hello")
    assert "it is a program: link it with -shared" in err


def test_cut_off_shared_object(tmp_path):
    path = tmp_path / "cut.so"
    path.write_bytes(HELLO.read_bytes()[:1000])
    assert "cut.so: cut off: its end is missing" in fail("run", path)


def as_nobody(command):
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            *command]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another")
def test_unreadable_file():
    # Not in tmp_path, which only root may enter; only root may read it.
    with tempfile.NamedTemporaryFile(dir="/var/tmp", suffix=".so") as file:
        shutil.copy(HELLO, file.name)
        os.chmod(file.name, 0o600)
        done = harness.run(as_nobody([harness.YOKE, "run", file.name]))
    assert done.returncode == FAILED
    assert "no permission to read it" in done.stderr


# Applications that cannot start.

def test_undefined_symbol(build_app):
    path = build_app(APP + "void nowhere(void);\n"
                     "yoke_app *make_app(void) { nowhere(); return 0; }\n")
    err = fail("run", "-p", "0", path)
    assert said_once(err, "undefined symbol: nowhere; link the library")


def test_no_factory(build_app):
    path = build_app("int nothing;\n")
    err = fail("run", "-p", "0", path)
    assert said_once(err, "has no function 'make_app'; define")
    err = fail("run", "-p", "0", "--factory", "other", path)
    assert said_once(err, "has no function 'other'; define")


def test_factory_fails(build_app):
    path = build_app(APP + "yoke_app *make_app(void) { return 0; }\n")
    err = fail("run", "-p", "0", "-n", "2", path)
    assert said_once(err, "make_app() failed: it returned NULL")


def test_factory_that_crashes_ends_the_start(start, build_app):
    path = build_app("#include <signal.h>\n" + APP +
                     "yoke_app *make_app(void)\n"
                     "{ signal(SIGSEGV, SIG_DFL); raise(SIGSEGV); return 0; }\n")
    server = start([harness.YOKE, "run", "-n", "1", path], wait=False,
                   env=harness.crash_env())
    assert server.wait_exit() == 1
    assert re.search(r"worker \d+ died \(killed by SIGSEGV", server.output)
    assert server.output.count("no worker could start") == 1


def test_routes_tells_where_a_factory_crashes(build_app):
    path = build_app("#include <signal.h>\n" + APP +
                     "yoke_app *make_app(void) { raise(SIGSEGV); return 0; }\n")
    err = fail("routes", path, status=-signal.SIGSEGV, env=harness.crash_env())
    assert said_once(err, "the process crashed: SIGSEGV")
    assert f"at {path}+0x" in err


def test_registration_error_is_told_with_its_place(build_app):
    path = build_app(APP + "static void h(yoke_req *q, yoke_res *s)\n"
                     "{ (void)q; (void)s; }\n"
                     "yoke_app *make_app(void)\n{\n"
                     "    yoke_app *app = yoke_app_new();\n"
                     '    yoke_app_get(app, "users", h);\n'
                     "    return app;\n}\n")
    err = fail("run", "-p", "0", "-n", "2", path)
    assert said_once(err, "app.c:8: ")


# Addresses that cannot be had.

def test_port_in_use_is_told_with_its_owner():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        err = fail("run", "-n", "2", "-p", port, HELLO)
    # This process: root can see whose it is, and so can its owner.
    assert said_once(err, f"port {port} is in use by ")
    assert f"(pid {os.getpid()})" in err


def test_unix_socket_in_use(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as taken:
        taken.bind(str(path))
        taken.listen()
        err = fail("run", "-n", "1", "--unix", path, HELLO)
    assert said_once(err, f"{path} is in use by ")


def test_unknown_host():
    err = fail("run", "-n", "1", "-p", "0", "-H", "no.such.host.invalid", HELLO)
    assert said_once(err, "no.such.host.invalid")


def can_unshare_network():
    done = subprocess.run(["unshare", "--net", "true"],
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return done.returncode == 0


FIRST_FREE = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


@pytest.mark.skipif(os.geteuid() != 0 or not can_unshare_network(),
                    reason="needs root and a network namespace of its own")
def test_privileged_port():
    # In a namespace of its own: this host may have given all ports free.
    script = f'echo 1024 >{FIRST_FREE} && exec "$@"'
    done = harness.run(["unshare", "--net", "sh", "-c", script, "sh",
                        *as_nobody([harness.YOKE, "run", "-n", "2", "-p", "80",
                                    HELLO])])
    assert done.returncode == FAILED, done.stderr
    assert said_once(done.stderr, "port 80 may only be listened on by root")


# Running.

def test_runs_an_application(start_app):
    server = start_app("hello", "-n", "2")
    server.wait_workers(2)
    assert server.request("GET", "/get").text == "something"
    assert server.request("POST", "/post").status == 201
    server.stop()


def test_says_where_it_listens(start_app, start, tmp_path):
    server = start_app("hello", "-n", "3")
    server.wait_workers(3)
    server.wait_output(rf"^Listening on \S*:{server.port}$")
    server.stop()
    assert said_once(server.stdout, "Listening on ")
    path = tmp_path / "socket"
    server = start([harness.YOKE, "run", "-n", "1", "--unix", path, HELLO],
                   wait=False)
    server.wait_output(rf"^Listening on {path}$")


def test_port_option_wins_over_the_environment(start_app):
    port = harness.free_port()
    server = start_app("hello", "-n", "1", "-p", str(port),
                       port="not a port")
    assert server.port == port


def test_port_comes_from_the_environment(start_app):
    port = harness.free_port()
    assert start_app("hello", "-n", "1", port=port).port == port


def test_workers_option_wins_over_the_environment(start_app):
    server = start_app("hello", "-n", "1", env={"YOKE_WORKERS": "3"})
    server.wait_workers(1)


def test_workers_come_from_the_environment(start_app):
    server = start_app("hello", env={"YOKE_WORKERS": "3"})
    server.wait_workers(3)


def test_max_is_one_worker_for_each_cpu(start):
    cpu = min(os.sched_getaffinity(0))
    server = start(["taskset", "-c", str(cpu), harness.YOKE, "run", "-n", "max",
                    HELLO], env={"YOKE_WORKERS": 3})
    server.request("GET", "/get")
    server.wait_workers(1)


def test_host_option(start_app):
    server = start_app("hello", "-n", "1", "-H", "127.0.0.1")
    with pytest.raises(ConnectionRefusedError):
        server.connect(host="127.0.0.2")


@pytest.mark.parametrize("sched", ["rr", "none"])
def test_sched_option(start_app, sched):
    server = start_app("hello", "-n", "2", "--sched", sched)
    assert server.request("GET", "/get").text == "something"


def test_unix_option(start, tmp_path):
    path = tmp_path / "socket"
    server = start([harness.YOKE, "run", "-n", "1", "--unix", path, HELLO],
                   port="not a port", wait=False)
    server.wait_output(r"^Listening on ")
    with server.connect(path=path) as client:
        client.request("GET", "/get", close=True)
        assert client.read().text == "something"
    server.stop()
    assert not path.exists()


def test_factory_option(start_app, build_app):
    path = build_app("#include <yoke/yoke.h>\nyoke_app_factory another;\n"
                     "yoke_app *another(void) { return yoke_app_new(); }\n")
    server = start_app(path, "-n", "1", "--factory", "another")
    assert server.request("GET", "/").status == 404


def test_path_without_a_slash_is_in_the_current_directory(start):
    server = start([harness.YOKE, "run", "-n", "1", "hello.so"],
                   cwd=harness.EXAMPLES)
    assert server.request("GET", "/get").text == "something"


def test_quiet_option(start_app):
    loud = start_app("hello", "-n", "1")
    loud.request("GET", "/get")
    quiet = start_app("hello", "-n", "1", "-q")
    quiet.request("GET", "/get")
    assert loud.output != "" and quiet.output == ""


def test_primary_does_not_load_the_application(start_app):
    server = start_app("hello", "-n", "1")
    (worker,) = server.wait_workers(1)

    def has_loaded(pid):
        with open(f"/proc/{pid}/maps") as maps:
            return "hello.so" in maps.read()
    harness.wait_for(lambda: has_loaded(worker), "the worker to load hello.so")
    assert not has_loaded(server.pid)


# Examples.

def test_hello_passes_its_own_tests():
    done = harness.run([harness.EXAMPLES / "test_hello"])
    assert done.returncode == 0, done.stderr


def test_hello_without_its_port_ends_with_the_reason():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        done = harness.run([harness.EXAMPLES / "hello"],
                           env={"PORT": port, "YOKE_WORKERS": 2})
    assert done.returncode == 1
    assert said_once(done.stdout + done.stderr, f"port {port} is in use by ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_hello_stops_without_replacing_its_workers(hello, number):
    hello.wait_output("Starting up worker process")
    # All have been forked by then, but not all have said so.
    count = len(hello.workers())
    hello.wait_output("Starting up worker process", count)
    os.killpg(hello.pid, number)  # All of it, as Ctrl-C does.
    assert hello.wait_exit() == 0
    assert hello.stdout.count("Starting up worker process") == count
    assert "died" not in hello.output
