"""How workers are made, from Node's tests: settings, arguments, environment,
descriptors, user."""
import os
import pwd
import re
import shutil

import harness
import pytest
from node import NODE, Lines, play


def test_arguments_and_silence_reach_the_workers():
    # setup-primary
    lines = play("setup")
    said = lines.of("P")
    settings = "exec=- args= setup custom argument cwd=- silent=1"
    assert said[0] == f"now {settings}"
    assert f"setup {settings}" in said
    # It wrote to a pipe, not to our standard output.
    assert "output 1 of 1: W1 arguments custom argument " in said
    assert "output 1 of 1: " in said  # Its end.
    assert lines.of("W1") == []
    assert "exit" in lines.events(1)


def test_the_default_arguments_are_those_of_the_primary():
    # setup-primary-argv
    lines = play("defaults", "one", "two")
    said = "exec=- args= defaults one two cwd=- silent=0"
    assert lines.of("P") == [f"before {said}", f"after {said}"]
    assert lines.of("W1") == ["arguments one two "]


def test_settings_add_up_and_each_call_is_told_later():
    # setup-primary-cumulative, setup-primary-emit
    said = play("cumulative").of("P")
    assert said[:3] == ["refused: Invalid argument"] * 2 + ["none told yet"]
    assert [line.split(" cwd")[0] for line in said[3:]] == [
        "setup exec=/bin/one args= cumulative", "setup exec=/bin/one args= 1",
        "setup exec=/bin/one args= 2 3", "setup exec=/bin/one args= 2 3",
        "setup exec=/bin/one args= 2 3"]
    assert [line.split("cwd=")[1] for line in said[3:]] == [
        "- silent=0", "- silent=0", "/ silent=0", "/ silent=1", "/ silent=-1"]


def test_only_later_forks_see_new_settings():
    # setup-primary-multiple, cwd
    lines = play("later", "first")
    assert lines.of("W1") == [f"argument first cwd {os.getcwd()}"]
    assert lines.of("W2") == ["argument second cwd /"]


def test_a_worker_may_be_a_script():
    # None: Node's execArgv; here an interpreter, with an option of its own.
    lines = play("script")
    assert re.search(r"^P output 1 of 1: hi \w*f\w*$", lines.text, re.M)
    assert lines.events(1) == ["fork", "disconnect", "exit"]
    assert lines.has(r"^P exit 1 .* code=5 signal=0$")


def test_the_environment_of_a_fork_adds_replaces_and_removes():
    # fork-env
    assert play("env").of("W1") == [
        "added new replaced new removed none kept old worker none"]


def test_an_extra_pipe_carries_both_ways():
    # fork-stdio
    lines = play("pipe")
    assert lines.of("W1") == ["read question"]
    assert "output 4 of 1: answer" in lines.of("P")
    assert lines.has(r"^P exit 1 .* code=0 signal=0$")


def test_standard_input_is_written_and_ended_and_output_may_be_ignored():
    lines = play("input")
    assert "taken -1" in lines.of("P")
    assert lines.of("W1") == ["input words and its end"]
    assert lines.has(r"^P exit 1 .* code=0 signal=0$")


def test_what_a_worker_has_written_is_told_before_its_exit():
    lines = play("words")
    said = lines.of("P")
    assert said[-1] == "written 300000"
    assert said[-2].endswith("code=3 signal=0")


def test_descriptors_can_be_given_and_withheld():
    lines = play("places")
    assert lines.of("W1") == ["standard input ends: 0"]
    assert lines.of("P") == ["read beside", "fork 9"]  # EBADF


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_worker_can_be_another_user(tmp_path):
    user = pwd.getpwnam("daemon")
    lines = play("user", user.pw_uid, 0)
    groups = len(os.getgrouplist("daemon", user.pw_gid))
    assert lines.of("W1") == [
        f"user {user.pw_uid} {user.pw_uid} group {user.pw_gid} {user.pw_gid}"
        f" groups {groups}"]
    lines = play("user", 54321, 12345)
    assert lines.of("W1") == ["user 54321 54321 group 12345 12345 groups 1"]


def test_a_user_that_nobody_knows_needs_a_group():
    if os.geteuid() != 0:
        pytest.skip("the worker would have to be that user")
    lines = play("user", 54321, 0)
    assert lines.of("P")[0] == "refused: No such file or directory"


def test_who_may_not_be_another_user_is_told_so():
    command = [NODE, "user", "1", "1"]
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if not setpriv:
            pytest.skip("nobody to be instead of root")
        command = [setpriv, "--reuid=54321", "--regid=54321", "--clear-groups",
                   *command]
    done = harness.run(command, cwd="/")
    lines = Lines(done.stdout)
    assert "error 1 cannot become user 1, group 1: Operation not permitted" \
        in lines.of("P"), done
    assert lines.has(r"^P exit 1 dead after=0 .* code=127 signal=0$")


@pytest.mark.parametrize("what, said", [
    ("cwd", "cannot change to the folder /no/such/folder"),
    ("exec", "cannot run /no/such/program")])
def test_what_cannot_be_done_is_told_in_words(what, said):
    lines = play("wrong", what)
    reason = f"{said}: No such file or directory"
    assert f"error 1 {reason}" in lines.of("P")
    assert f"because could not start: {reason}" in lines.of("P")


def test_a_worker_forks_and_sets_up_nothing():
    wrong_role = "this process has the wrong role for that call"
    assert play("role").of("W1") == [f"refused: {wrong_role}",
                                     f"fork 1, disconnect {wrong_role}"]
