"""What a primary's own code can do with its fleet: reload it, scale it, upgrade
itself, open a control socket."""
import errno

import harness
import pytest
from control import Control
from fleet import start_fleet  # noqa: F401, the fixture

EROLE = -20008
ESTARTUP = -20012


def call(server, command, answer):
    """Gives a command and waits for its line: the number in it."""
    seen = len(server.lines(rf"^{answer} (-?\d+)"))
    server.command(command)
    return int(server.wait_output(rf"^{answer} (-?\d+)", seen + 1)[-1][1])


@pytest.fixture
def supervised(start_fleet):  # noqa: F811
    return start_fleet(2, "-S", "127.0.0.1:0")


def test_a_fleet_is_scaled_by_a_call(supervised):
    assert call(supervised, "scale 3", "scaled") == 0
    supervised.wait_workers(3)
    assert call(supervised, "scale 1", "scaled") == 0
    supervised.wait_workers(1)
    for count in (0, -1, 1025):
        assert call(supervised, f"scale {count}", "scaled") == -errno.EINVAL
    assert supervised.ask("id")


def test_a_reload_by_a_call_replaces_every_worker_and_says_so(supervised):
    old = supervised.workers()
    assert call(supervised, "reload", "reload begun") == 0
    assert call(supervised, "reload", "reload begun") == -errno.EBUSY
    assert call(supervised, "upgrade", "upgrade begun") == -errno.EBUSY
    supervised.wait_output(r"^reload over 0 \(.+\)$")
    supervised.wait_workers(2, other_than=old)


def test_an_upgrade_by_a_call_takes_the_same_process_and_new_workers(supervised):
    old = supervised.workers()
    assert call(supervised, "upgrade", "upgrade begun") == 0
    supervised.wait_workers(2, other_than=old)
    # The new program speaks now, which has not been told of any over.
    assert call(supervised, "scale 2", "scaled") == 0
    assert "upgrade over" not in supervised.output


def test_without_supervision_these_calls_are_refused(start_fleet):  # noqa: F811
    server = start_fleet(1, "127.0.0.1:0")
    assert call(server, "scale 2", "scaled") == EROLE
    assert call(server, "reload", "reload begun") == EROLE
    assert call(server, "upgrade", "upgrade begun") == EROLE


def test_nodes_form_has_a_control_socket_when_it_asks(start_fleet, tmp_path):  # noqa: F811
    server = start_fleet(1, "127.0.0.1:0", env={"YOKE_RUN_DIR": tmp_path})
    assert not list(tmp_path.iterdir())
    assert call(server, "control a/b", "control") == -errno.EINVAL
    assert call(server, "control bakery", "control") == 0
    assert call(server, "control bakery", "control") == -errno.EALREADY
    with Control(name="bakery", run_dir=tmp_path) as control:
        result = control.ask("ps")["result"]
    assert result["primary"]["pid"] == server.pid
    assert [worker["pid"] for worker in result["workers"]] == server.workers()

    other = start_fleet(1, "127.0.0.1:0", env={"YOKE_RUN_DIR": tmp_path})
    assert call(other, "control bakery", "control") == -errno.EADDRINUSE


def test_a_control_socket_that_is_turned_off_is_no_error(start_fleet, tmp_path):  # noqa: F811
    server = start_fleet(1, "127.0.0.1:0",
                         env={"YOKE_RUN_DIR": tmp_path, "YOKE_CONTROL": "off"})
    assert call(server, "control bakery", "control") == 0
    assert not list(tmp_path.iterdir())
