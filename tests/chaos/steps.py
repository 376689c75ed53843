"""What a chaos run does to a cluster. Each step is a function of the run
(run.py), and chooses by its random numbers alone, so that the same seed makes
the same choices; after it everything has to be as it was before."""
import contextlib
import os
import re
import resource
import signal
import time

import harness
import procfs
from harness import wait_for

import run as running

KILLED = re.compile("killed by SIGKILL")
DEATHS = {signal.SIGKILL: KILLED,
          signal.SIGSEGV: re.compile("killed by SIGSEGV(, core dumped)?"),
          signal.SIGABRT: re.compile("killed by SIGABRT(, core dumped)?")}
HUNG = re.compile(".*its loop hung.*")
EXITED = re.compile("exit code 3")
GONE = re.compile("it is not known how: its parent was gone")


def pause(run):
    """Some time for others to run into what a step has prepared."""
    time.sleep(run.rng.uniform(0.02, 0.3))


def kill(run, pid, number=signal.SIGKILL):
    run.expect_death(pid, DEATHS[number])
    os.kill(pid, number)


# Deaths.

def kill_one(run):
    kill(run, *run.pick(), run.rng.choice(sorted(DEATHS)))


def kill_some(run):
    for pid in run.pick(run.rng.randint(2, run.size)):
        kill(run, pid)


def kill_one_again_and_again(run):
    """The replacement as soon as it is there, perhaps before it serves."""
    before = run.server.workers()
    for _ in range(run.rng.randint(2, 4)):
        pid = run.rng.choice(before)
        kill(run, pid)
        before = run.server.wait_workers(run.size, other_than=[pid])


def stop_and_kill(run):
    """What comes to it meanwhile, others answer."""
    [pid] = run.pick()
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: procfs.stat(pid)[0] == "T", "the worker to stop")
    run.judge.stopped = time.time()
    pause(run)
    kill(run, pid)


def kill_template(run):
    """It is replaced; its workers go on."""
    for pid in run.server.templates():
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: run.server.templates() not in ([], [pid]),
                 "another template")


def lose_primary(run):
    """Its workers serve without one, until another goes on with them. Nobody
    tells the death of one that dies meanwhile."""
    run.judge.read_deaths()
    run.judge.read_why()
    run.control.close()
    run.judge.orphaned = time.time()
    workers = run.server.workers()
    run.server.kill_primary()
    run.server.wait_output("the primary has gone: serving alone", len(workers))
    if run.rng.random() < 0.3:
        pid = run.rng.choice(workers)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not procfs.is_alive(pid), "it to die")
        run.judge.heard_of_death(pid)
    pause(run)
    run.start_another()
    run.wait_whole()
    if run.rng.random() < 0.5:
        [pid] = run.pick()
        is_child = pid in run.server.workers()
        run.expect_death(pid, KILLED if is_child else GONE)
        os.kill(pid, signal.SIGKILL)
        run.wait_whole()
    # From now on all workers are its own again, and dealt to as they were.
    reload(run)
    wait_for(lambda: not procfs.session(run.past[-1].pid),
             "the end of what the old primary had started")
    run.calibrate()


# Workers and primaries that stand still.

def stop_shortly(run):
    [pid] = run.pick()
    os.kill(pid, signal.SIGSTOP)
    pause(run)
    os.kill(pid, signal.SIGCONT)


def stop_primary_shortly(run):
    """Meanwhile nobody notices a death."""
    run.server.send_signal(signal.SIGSTOP)
    if run.rng.random() < 0.5:
        kill(run, run.rng.choice(run.server.workers()))
    pause(run)
    run.server.send_signal(signal.SIGCONT)


def stop_for_good(run):
    [pid] = run.pick()
    run.expect_death(pid, HUNG)
    os.kill(pid, signal.SIGSTOP)


def hang(run):
    """Its client hears of the crash, or nothing."""
    with run.server.connect() as client:
        client.request("GET", "/do/hang")
        run.expect_death(None, HUNG)
        with contextlib.suppress(AssertionError, ConnectionResetError):
            status = client.read().status
            if status != 500:
                raise running.Wrong(f"a request that hangs was answered {status}")


# Shortage.

@contextlib.contextmanager
def limited(run, pid, what, value):
    """Workers that are forked by a primary that is short of something are so,
    too: all get back what they had."""
    before = run.limit(pid, what, value)
    try:
        yield
    finally:
        for one in [pid, *procfs.children(pid)]:
            with contextlib.suppress(ProcessLookupError):
                run.limit(one, what, before)


def next_fd(pid):
    """The lowest that is free."""
    used = procfs.fds(pid)
    return next(fd for fd in range(len(used) + 1) if fd not in used)


def starve_worker_of_descriptors(run):
    [pid] = run.pick()
    room = run.rng.randint(0, 2)
    with limited(run, pid, resource.RLIMIT_NOFILE, next_fd(pid) + room):
        run.clients.wait_answered(3)


def starve_worker_of_memory(run):
    """It may say so, or die of it."""
    if run.is_sanitized():
        return
    [pid] = run.pick()
    run.tolerated = True
    run.unwell = (pid, None)  # None: whoever had not been answered yet.
    with limited(run, pid, resource.RLIMIT_AS,
                 procfs.address_space_bytes(pid) + run.rng.randint(0, 1 << 18)):
        run.clients.wait_answered(3)


def starve_primary_of_descriptors(run):
    """Connections wait, and so does what it would fork."""
    primary = run.server.pid
    room = run.rng.randint(0, 4)
    run.tolerated = True
    with limited(run, primary, resource.RLIMIT_NOFILE,
                 next_fd(primary) + room):
        kill(run, run.rng.choice(run.server.workers()))
        pause(run)


def starve_primary_of_memory(run):
    if run.is_sanitized():
        return
    primary = run.server.pid
    run.tolerated = True
    run.unwell = (None, *run.server.workers())
    with limited(run, primary, resource.RLIMIT_AS,
                 procfs.address_space_bytes(primary) + run.rng.randint(0, 1 << 18)):
        kill(run, run.rng.choice(run.server.workers()))
        pause(run)


# Orders.

def check_version(run):
    version = run.version_of_an_answer()
    if version != f"v{run.version}":
        raise running.Wrong(f"{version} answers after the reload to "
                            f"v{run.version}")


def reload(run):
    run.deploy_next()
    run.ask("reload")
    check_version(run)


def reload_a_bad_one(run):
    run.deploy("bad")
    run.expect_death(None, EXITED)
    text = run.ask_badly("reload")
    run.deploy(f"v{run.version}")
    if "this version is bad" not in text:
        raise running.Wrong(f"a bad version failed with {text!r}")
    check_version(run)


def disturb_reload(run, disturb):
    """One in which something happens, so that it may fail."""
    before = run.version
    run.deploy_next()
    run.tolerated = True
    with run.new_control() as other:
        other.send('{"command": "reload"}')
        pause(run)
        disturb()
        answer = wait_for(other.read, "an answer to the reload")
    # Busy: what was to disturb it came first, and has done the same.
    if not answer["ok"] and answer["error"]["code"] != "busy":
        run.version = before
        run.deploy(f"v{run.version}")
    run.wait_whole()
    check_version(run)


def kill_in_reload(run):
    def disturb():
        with contextlib.suppress(ProcessLookupError):
            os.kill(run.rng.choice(run.server.workers()), signal.SIGKILL)
    disturb_reload(run, disturb)


def scale_in_reload(run):
    disturb_reload(run, lambda: scale(run))


def reload_in_reload(run):
    def disturb():
        answer = run.control.ask("reload")
        # It is refused, or the first one was over.
        if not answer["ok"] and answer["error"]["code"] != "busy":
            raise running.Wrong(f"a second reload was answered {answer}")
    disturb_reload(run, disturb)


def upgrade(run):
    """The primary is another program then, with other memory; a reload follows
    by itself."""
    run.deploy_next()
    run.ask("upgrade")
    wait_for(lambda: run.version_of_an_answer() == f"v{run.version}",
             "the workers to be reloaded")
    run.wait_whole()
    run.memory = procfs.resident_bytes(run.server.pid)


def scale(run):
    sizes = [size for size in range(2, running.SIZE + 3) if size != run.size]
    run.scale(run.rng.choice(sizes))


def scale_up_and_down(run):
    for _ in range(run.rng.randint(2, 5)):
        run.order_size(run.rng.randint(1, running.SIZE + 2))
    run.scale(running.SIZE)


# Hostility.

def send_rubbish(run):
    """A worker whose memory is broken, say. It is good for nothing then."""
    with run.server.connect() as client:
        client.request("GET", f"/do/rubbish?seed={run.rng.getrandbits(32)}")
        pid, sent = map(int, client.read().text.split())
    if not sent:
        raise running.Wrong("no rubbish could be sent")
    pause(run)
    # It may have left already, or have been taken for one that leaves.
    run.tolerated = True
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not procfs.is_alive(pid), "the hostile worker to die")


def storm(run):
    """Many connections at once, some of which go away half way."""
    opened = [run.server.connect() for _ in range(run.rng.randint(40, 80))]
    for client in opened:
        client.send(b"GET /storm HTTP/1.1\r\n")
    for client in opened[::2]:
        client.reset()
    for client in opened[1::2]:
        client.send(b"Host: a\r\n\r\n")
    for client in opened[1::2]:
        if client.read().text.split()[0] != "storm":
            raise running.Wrong("an answer is somebody else's")
        client.close()


SLOW = [stop_for_good, hang]
QUICK = [kill_one, kill_some, kill_one_again_and_again, stop_and_kill,
         kill_template, lose_primary, stop_shortly, stop_primary_shortly,
         starve_worker_of_descriptors, starve_worker_of_memory,
         starve_primary_of_descriptors, starve_primary_of_memory, reload,
         reload_a_bad_one, kill_in_reload, scale_in_reload, reload_in_reload,
         upgrade, scale, scale_up_and_down, send_rubbish, storm]
