"""Preloading: a template loads the application once, and workers are forked
from it (tests/apps/preload.c says what an application does at load)."""
import os
import pathlib
import re
import signal

import control
import harness
import procfs
import pytest
from fleet import start_fleet  # noqa: F401
from harness import wait_for

APP = harness.BUILD / "tests/apps/preload.so"
LOADED = r"^load in (\d+), template 1$"
DONE = r"reload: done: "
FAILED = r"error: reload: generation \d+ failed, \d+ goes on: .*"
IS_ASAN = "asan" in harness.BUILD.name


class Preloaded:
    """A server that preloads, in two workers; `what` it does at load."""

    def __init__(self, start_app, tmp_path, *options, workers=2, what="",
                 wait=True, **env):
        self.file = tmp_path / "next"
        self.next_load("")
        self.server = start_app(
            APP, "--preload", "-n", str(workers), "--probation", "50ms",
            *options, wait=wait,
            env={"PRELOAD": what, "PRELOAD_FILE": str(self.file),
                 **harness.crash_env(), **env})
        self.done = 0
        if wait:
            self.workers = self.server.wait_ready(workers)

    def next_load(self, what):
        new = self.file.with_suffix(".new")
        new.write_text(what)
        os.replace(new, self.file)

    def loads(self):
        """The pids of the processes that have loaded, so far."""
        return [int(pid) for pid in
                re.findall(LOADED, self.server.stdout, re.M)]

    def template(self):
        return wait_for(self.server.templates, "a template")[0]

    def wait_template(self, other_than):
        """Waits for another one; returns its pid."""
        return wait_for(lambda: [pid for pid in self.server.templates()
                                 if pid != other_than], "a template")[0]

    def reload(self):
        self.done += 1
        self.server.send_signal(signal.SIGHUP)
        self.server.wait_output(DONE, self.done)

    def answers(self, target="/"):
        """{pid: words} of every worker: the first that it answered."""
        found = {}

        def all_have_answered():
            pid, *words = self.server.request("GET", target).text.split()
            found.setdefault(int(pid), words)
            return set(found) >= set(self.server.workers())
        wait_for(all_have_answered, "every worker to answer")
        return found


@pytest.fixture
def preload(start_app, tmp_path):
    def start(*options, **kwargs):
        return Preloaded(start_app, tmp_path, *options, **kwargs)
    return start


# What it is.

def test_the_application_is_loaded_once_for_all_workers(preload):
    one = preload(workers=3)
    assert len(one.answers()) == 3
    assert one.loads() == [one.template()]
    assert {text[0] for text in one.answers().values()} == {
        str(one.template())}


def test_workers_are_the_primarys_own_children(preload):
    one = preload()
    for pid in [*one.workers, one.template()]:
        assert int(procfs.stat(pid)[1]) == one.server.pid
    assert procfs.zombies(one.server.pid) == []


def test_without_the_option_each_worker_loads_for_itself(start_app):
    server = start_app(APP, "-n", "2")
    workers = server.wait_workers(2)
    found = server.wait_output(r"^load in (\d+), template 0$", 2)
    assert {int(match[1]) for match in found} == set(workers)
    assert server.templates() == []


@pytest.mark.parametrize("value", ["1", "strict"])
def test_the_environment_asks_for_it_as_well(start_app, value):
    server = start_app(APP, "-n", "1", env={"YOKE_PRELOAD": value})
    server.wait_output(LOADED)
    assert len(server.templates()) == 1


def test_a_wrong_value_of_the_variable_is_told():
    done = harness.command("run", APP, env={"YOKE_PRELOAD": "twice"})
    assert done.returncode == 2
    assert "YOKE_PRELOAD: 'twice' is not '0', '1' or 'strict'" in done.stderr


def test_a_program_of_ones_own_is_preloaded(start):
    server = start([harness.EXAMPLES / "hello"], env={"YOKE_PRELOAD": "1",
                                                       "YOKE_WORKERS": "2"})
    server.wait_output("Starting up")
    assert server.request("GET", "/get").text == "something"


def share_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])


@pytest.mark.skipif(IS_ASAN, reason="memory of a sanitized program")
def test_eight_workers_share_one_table(preload):
    one = preload(workers=8, what="table")
    for _ in range(16):
        assert one.server.request("GET", "/sum").text == str(100 << 20)
    total = sum(map(share_kib, [*one.server.workers(), one.template()]))
    assert total < 1.3 * (100 << 10)


# Hooks and what is made anew.

def test_hooks_are_called_where_and_when_they_belong(preload):
    one = preload(workers=2)
    pids = set(one.answers())
    out = one.server.stdout
    befores = re.findall(r"^before (\w+) in (\d+)$", out, re.M)
    assert befores == [("second", str(one.template())),
                       ("first", str(one.template()))] * 2
    for pid in pids:
        calls = re.findall(rf"^after (\w+) in {pid}: worker \d+ of (\d+)$",
                           out, re.M)
        assert calls == [("first", str(one.template())),
                         ("second", str(one.template()))]
    ids = re.findall(r"^after first in \d+: worker (\d+)", out, re.M)
    assert sorted(ids) == ["1", "2"]


def test_without_preload_the_hook_after_the_fork_is_called_as_well(start_app):
    server = start_app(APP, "-n", "2")
    server.wait_workers(2)
    server.wait_output(r"^after second in \d+: worker \d of \d+$", 2)
    assert "before" not in server.stdout


def test_a_hook_may_refuse_to_start(preload):
    one = preload(what="after", wait=False)
    assert one.server.wait_exit() == 1
    assert "error: the hook could not do its part" in one.server.stderr


def test_random_numbers_differ_between_workers(preload):
    one = preload(workers=2, what="seed")
    first, second = one.answers("/random").values()
    for mine, others in zip(first, second):
        assert mine != others


def test_a_timer_that_was_started_at_load_runs_in_workers(preload):
    one = preload(what="timer")
    wait_for(lambda: all(int(text[1]) > 5 for text in
                         one.answers().values()), "ticks in every worker")


def test_a_worker_is_ready_when_the_load_has_said_so(preload):
    one = preload("--wait-ready", what="ready")
    assert len(one.answers()) == 2
    one.reload()


# Deaths.

def test_exit_codes_and_signals_are_told_as_ever(preload):
    one = preload(workers=1)
    with one.server.connect() as client:
        client.request("GET", "/exit")
        one.server.wait_output(
            rf"worker {one.workers[0]} died \(exit code 7\)")
    second = one.server.wait_workers(1, other_than=one.workers)[0]
    wait_for(lambda: one.server.request("GET", "/").status == 200, "an answer")
    with one.server.connect() as client:
        client.request("GET", "/crash")
        one.server.wait_output(rf"worker {second} died \(killed by SIGSEGV")
        assert client.read().status == 500
    assert f"yoke[{second}] error: worker 2 crashed" in one.server.stderr
    one.server.wait_workers(1, other_than=[second])
    assert len(one.loads()) == 1


def test_a_recycled_worker_is_forked_from_the_same_template(preload):
    one = preload("--max-requests", "5", workers=1)

    def is_replaced():
        one.server.request("GET", "/")
        return one.server.workers() and one.workers[0] not in (
            one.server.workers())
    wait_for(is_replaced, "another worker")
    assert len(one.loads()) == 1


def test_scaling_forks_from_the_same_template(preload):
    one = preload()
    one.server.send_signal(signal.SIGTTIN)
    one.server.wait_workers(3)
    one.server.send_signal(signal.SIGTTOU)
    one.server.wait_workers(2)
    assert len(one.loads()) == 1


def test_a_killed_template_is_replaced_and_its_workers_go_on(preload):
    one = preload()
    first = one.template()
    os.kill(first, signal.SIGKILL)
    one.server.wait_output(rf"warn: template {first} of generation 1 died "
                           r"\(killed by SIGKILL\)")
    second = one.wait_template(first)
    assert set(one.answers()) == set(one.workers)
    os.kill(one.workers[0], signal.SIGKILL)
    one.server.wait_workers(2, other_than=[one.workers[0]])
    wait_for(lambda: any(text[0] == str(second)
                         for text in one.answers().values()),
             "a worker of the new template")
    assert procfs.zombies(one.server.pid) == []


def test_many_kills_of_template_and_workers_leave_a_whole_fleet(preload):
    one = preload("--stop-timeout", "5s")
    fds = one.server.fd_count()
    for _ in range(10):
        for pid in [*one.server.templates(), *one.server.workers()[:1]]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_for(lambda: one.server.request("GET", "/").status == 200,
                 "an answer")
    wait_for(lambda: len(one.server.workers()) == 2 and
             len(one.server.templates()) == 1, "the whole fleet")
    wait_for(lambda: not procfs.zombies(one.server.pid), "no zombies")
    wait_for(lambda: one.server.fd_count() <= fds, "the descriptors to go")


def test_a_primary_that_is_killed_leaves_nobody(preload):
    one = preload()
    sid = one.server.pid
    os.kill(sid, signal.SIGKILL)
    one.server.process.wait()
    wait_for(lambda: not procfs.session(sid), "everybody to end")


def test_a_primary_that_is_killed_during_the_load_leaves_nobody(preload):
    one = preload(what="hang", wait=False)
    one.server.wait_output(LOADED)
    os.kill(one.server.pid, signal.SIGKILL)
    one.server.process.wait()
    wait_for(lambda: not procfs.session(one.server.pid), "everybody to end")


def test_a_stop_during_the_load_stops(preload):
    one = preload(what="hang", wait=False)
    one.server.wait_output(LOADED)
    one.server.stop()


def test_a_signal_to_everybody_ends_all_of_them_without_a_word(preload):
    one = preload()
    os.killpg(one.server.pid, signal.SIGTERM)
    assert one.server.wait_exit() == 0
    assert "died" not in one.server.stderr


def test_an_interrupt_at_a_terminal_is_the_primarys_matter(preload):
    one = preload()
    first = one.template()
    for pid in [first, *one.workers]:
        os.kill(pid, signal.SIGINT)
    assert set(one.answers()) == set(one.workers)
    assert one.server.templates() == [first]


def test_a_template_that_is_stopped_while_it_is_asked_is_replaced(preload):
    one = preload("--boot-timeout", "6s")
    first = one.template()
    os.kill(first, signal.SIGSTOP)
    os.kill(one.workers[0], signal.SIGKILL)
    one.server.wait_output(rf"template {first} of generation 1 died")
    one.server.wait_workers(2, other_than=[one.workers[0]])


def test_a_hook_that_hangs_before_the_fork_is_aborted(preload):
    one = preload("--boot-timeout", "2s", what="before", wait=False)
    assert one.server.wait_exit() == 1
    assert "aborted, for it was not ready in time" in one.server.stderr


def test_who_is_not_wanted_any_more_does_not_wait_for_the_load(preload):
    one = preload(workers=3, what="hang", wait=False)
    one.server.wait_output(LOADED)
    assert harness.command("scale", "preload", "1").returncode == 0
    wait_for(lambda: len(control.report(one.server)["workers"]) == 1,
             "one worker that waits")
    assert one.server.templates() == one.loads()


def processes_limit(pid):
    """The soft limit of the processes of its user, as text."""
    text = pathlib.Path(f"/proc/{pid}/limits").read_text()
    return re.search(r"^Max processes\s+(\S+)", text, re.M)[1]


def limit_processes(pid, count):
    """Sets it. As that user, 4711: root's own way takes a privilege that it
    need not have."""
    harness.run(["setpriv", "--reuid=4711", "--regid=4711", "--clear-groups",
                 "prlimit", f"--pid={pid}", f"--nproc={count}:"])
    assert processes_limit(pid) == count


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_template_that_cannot_fork_says_so_and_is_asked_again(preload):
    one = preload("--user", "4711", "--group", "4711")
    before = processes_limit(one.template())
    limit_processes(one.template(), "1")
    os.kill(one.workers[0], signal.SIGKILL)
    one.server.wait_output(rf"warn: template {one.template()} of generation 1 "
                           r"cannot fork: ")
    limit_processes(one.template(), before)
    one.server.wait_workers(2, other_than=[one.workers[0]])
    assert len(one.loads()) == 1


def test_orphans_of_workers_are_reaped(preload):
    """They become the primary's children, for it is to get its workers."""
    one = preload()
    orphans = [int(one.server.request("GET", "/orphan").text)
               for _ in range(5)]
    wait_for(lambda: not any(procfs.stat(pid) for pid in orphans),
             "the orphans to be gone")


# A load that fails.

@pytest.mark.parametrize("what, text", [
    ("exit", r"template \d+ of generation 1 died \(exit code 3\)"),
    ("crash", r"template \d+ of generation 1 died \(killed by SIGSEGV"),
    ("null", r"make_app\(\) failed: it returned NULL"),
    ("refuse", r"error: this load is refused"),
    ("listen", r"error: the application listens while it is loaded"),
])
def test_a_first_load_that_fails_is_told_and_ends(preload, what, text):
    one = preload(what=what, wait=False)
    assert one.server.wait_exit() == 1
    assert re.search(text, one.server.stderr), one.server.stderr
    assert len(one.loads()) == 1


def test_a_load_that_never_ends_is_aborted(preload):
    one = preload("--boot-timeout", "2s", what="hang", wait=False)
    assert one.server.wait_exit() == 1
    # Where it hung.
    assert "error: the template crashed: SIGABRT" in one.server.stderr
    assert "template" in one.server.stderr and (
        "not ready in time" in one.server.stderr)


@pytest.mark.parametrize("what, reason", [
    ("exit", r"exit code 3; it said: the last words of the load"),
    ("crash", r"killed by SIGSEGV"),
    ("null", r"it returned NULL"),
    ("refuse", r"this load is refused"),
    ("after", r"the hook could not do its part"),
])
def test_a_reload_that_cannot_load_changes_nothing(preload, what, reason):
    one = preload()
    first = one.template()
    one.next_load(what)
    one.server.send_signal(signal.SIGHUP)
    line = one.server.wait_output(FAILED)[0].group()
    assert re.search(reason, line)
    wait_for(lambda: one.server.templates() == [first], "the old template")
    assert set(one.answers()) == set(one.workers)
    one.next_load("")
    one.reload()


# Reload.

def test_a_reload_brings_a_new_template(preload):
    one = preload()
    first = one.template()
    one.reload()
    second = one.wait_template(first)
    wait_for(lambda: one.server.templates() == [second],
             "the old template to end")
    one.server.wait_workers(2, other_than=one.workers)
    assert {text[0] for text in one.answers().values()} == {str(second)}
    assert one.loads() == [first, second]


def test_an_upgrade_ends_the_template_and_makes_another(preload):
    one = preload()
    first = one.template()
    done = harness.command("upgrade", "preload")
    assert done.returncode == 0, done.stderr
    second = one.wait_template(first)
    one.server.wait_workers(2, other_than=one.workers)
    assert one.server.templates() == [second]
    assert procfs.zombies(one.server.pid) == []
    assert {text[0] for text in one.answers().values()} == {str(second)}


# The audit.

@pytest.mark.parametrize("what, text", [
    ("socket", r"preload: descriptor \d+ is a socket \(.*\), which all workers"),
    ("pipe", r"preload: descriptor \d+ is a pipe"),
    ("epoll", r"preload: descriptor \d+ is an event loop \(epoll\)"),
    ("thread", r"preload: 1 thread \(helper\) runs beside the main one"),
])
def test_what_cannot_be_shared_is_warned_of(preload, what, text):
    env = harness.no_leak_check() if what == "thread" else {}
    one = preload(what=what, **env)
    assert re.search("warn: " + text, one.server.stderr)
    assert one.answers()


def test_an_application_without_such_is_not_warned_of(preload):
    one = preload()
    assert "preload:" not in one.server.stderr


def test_the_strict_form_refuses_it(preload):
    one = preload("--preload-strict", what="socket", wait=False)
    assert one.server.wait_exit() == 1
    assert re.search(r"error: the application cannot be preloaded: descriptor "
                     r"\d+ is a socket", one.server.stderr)


# What workers' processes are bound to.

def test_each_worker_has_a_cpu_of_its_own(preload):
    one = preload("--pin-cpus")
    cpus = [os.sched_getaffinity(pid) for pid in one.workers]
    assert all(len(one) == 1 for one in cpus)
    if len(os.sched_getaffinity(0)) > 1:
        assert cpus[0] != cpus[1]
        assert len(os.sched_getaffinity(one.template())) > 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_template_and_workers_run_as_the_user(preload):
    one = preload("--user", "nobody", "--nice", "3", "--umask", "027")
    for pid in [one.template(), *one.workers]:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        assert re.search(r"^Uid:\s65534\s65534\s65534", status, re.M)
        assert re.search(r"^Umask:\s0027", status, re.M)
        assert int(procfs.stat(pid)[16]) == min(
            19, 3 + int(procfs.stat(one.server.pid)[16]))


# Seeing it.

def test_the_control_socket_shows_the_template(preload):
    one = preload()
    template = control.report(one.server)["template"]
    assert template["pid"] == one.template()
    assert (template["state"], template["generation"]) == ("ready", 1)
    assert template["forked"] == 2
    shown = harness.command("ps", "preload")
    assert f", template {one.template()}" in shown.stdout


def test_a_worker_that_waits_for_the_load_is_shown_without_a_process(preload):
    one = preload(what="hang", wait=False)
    one.server.wait_output(LOADED)
    found = control.report(one.server)
    assert found["template"]["state"] == "loading"
    assert [(row["pid"], row["state"]) for row in found["workers"]] == [
        (None, "starting")] * 2


# Without the application: all of the cluster's ways to listen.

def test_the_events_of_a_worker_come_in_order(start_fleet):  # noqa: F811
    fleet = start_fleet(2, "-S", "127.0.0.1:0", env={"YOKE_PRELOAD": "1"})
    lines = fleet.lines(r"^(fork|online|listening) (\d+)")
    for worker in ("1", "2"):
        assert [event for event, who in lines if who == worker] == [
            "fork", "online", "listening"]
