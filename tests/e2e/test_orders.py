"""What an operator has a running cluster do: reload, scale, stop."""
import os
import shutil

import harness
import load
import pytest

APP = harness.BUILD / "tests/apps/deploy.so"


@pytest.fixture
def run_dir(tmp_path):
    path = tmp_path / "run"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def deploy(tmp_path):
    """What the next worker that starts will be."""
    def write(version):
        new = tmp_path / "version.new"
        new.write_text(version)
        os.replace(new, tmp_path / "version")
    write("v1")
    return write


@pytest.fixture
def shop(start_app, tmp_path, run_dir, deploy):
    app = tmp_path / "shop.so"
    shutil.copy(APP, app)
    server = start_app(app, "-n", "2", "--name", "shop", "--probation", "50ms",
                       env={"DEPLOY": str(tmp_path / "version"),
                            "YOKE_RUN_DIR": str(run_dir)})
    server.wait_ready(2)
    return server


def order(run_dir, *args):
    return harness.command(*args, env={"YOKE_RUN_DIR": str(run_dir)})


def versions(server):
    return {server.request().text for _ in range(6)}


def test_a_reload_is_waited_for(shop, run_dir, deploy):
    deploy("v2")
    with load.Load(shop, keep_alive=4, new=2) as run:
        done = order(run_dir, "reload", "shop")
        run.wait_answered(20)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Reloaded: 2 workers of generation 2")
    assert versions(shop) == {"v2"}
    assert not run.failures and not run.resets and not run.refused


def test_a_reload_that_fails_says_why(shop, run_dir, deploy):
    deploy("exits")
    done = order(run_dir, "reload")
    assert done.returncode == 1 and not done.stdout
    assert "generation 2 failed, 1 goes on" in done.stderr
    assert "exit code 3" in done.stderr and "no database" in done.stderr
    assert versions(shop) == {"v1"}


def test_scaling_to_and_by(shop, run_dir):
    for count, said, workers in [("3", "3 workers", 3), ("-2", "1 worker", 1),
                                 ("+1", "2 workers", 2)]:
        done = order(run_dir, "scale", "shop", count)
        assert (done.returncode, done.stdout) == (0, said + "\n"), done.stderr
        shop.wait_workers(workers)
    done = order(run_dir, "scale", "4")
    assert done.stdout == "4 workers\n"


@pytest.mark.parametrize("args, status, text", [
    (["scale", "shop", "-5"], 1, "can have 1 to 1024 workers, not -3"),
    (["scale", "shop", "many"], 2, "'many' is not a count of workers"),
    (["scale", "shop"], 2, "'shop' is not a count of workers"),
    (["scale"], 2, "scale: to how many workers?"),
    (["scale", "shop", "sale", "3"], 2, "'sale' is one too many"),
    (["scale", "ship", "3"], 1, "no cluster named 'ship' is running"),
    (["reload", "a", "b"], 2, "'b' is one too many"),
    (["reload", "ship"], 1, "no cluster named 'ship' is running"),
    (["stop"], 2, "stop: which cluster?"),
    (["stop", "ship"], 1, "no cluster named 'ship' is running"),
])
def test_mistakes_are_told(shop, run_dir, args, status, text):
    done = order(run_dir, *args)
    assert done.returncode == status
    assert text in done.stderr
    assert len(shop.workers()) == 2


def test_a_stop_is_waited_for(shop, run_dir):
    done = order(run_dir, "stop", "shop")
    assert (done.returncode, done.stdout) == (0, "Stopped: shop\n")
    assert shop.wait_exit() == 0


@pytest.mark.parametrize("command", ["reload", "scale", "stop"])
def test_help(command):
    assert f"yoke {command}" in harness.command("help", command).stdout
