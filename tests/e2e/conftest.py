"""Fixtures of the end-to-end tests, and a time limit for each test."""
import faulthandler
import signal

import harness
import pytest

TEST_SECONDS = 60    # unless marked: @pytest.mark.seconds(120)
GRACE_SECONDS = 30   # for the cleaning up after a test that hung


@pytest.fixture
def start():
    """start(argv, env=None, port=0, ...) starts a program that listens, as
    harness.Server does. What still runs at the end of the test is stopped,
    and must stop cleanly."""
    with harness.servers() as servers:
        def start_one(*args, **kwargs):
            servers.append(harness.Server(*args, **kwargs))
            return servers[-1]
        yield start_one


@pytest.fixture
def start_app(start):
    """start_app(app, *options, env=None, ...) starts `yoke run OPTIONS APP` on
    a free port; `app` is the name of an example, or a path."""
    def start_one(app, *options, **kwargs):
        path = app if "/" in str(app) else harness.EXAMPLES / f"{app}.so"
        return start([harness.YOKE, "run", *options, path], **kwargs)

    return start_one


@pytest.fixture
def hello(start):
    """The hello program, on every core and a free port."""
    return start([harness.EXAMPLES / "hello"])


@pytest.fixture
def echo(start_app):
    """The echo app, in two workers."""
    return start_app("echo", "-n", "2")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", f"seconds(n): time limit of a test, {TEST_SECONDS} if unset")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """Interrupts a test that takes too long, so that its fixtures still clean
    up after it."""
    mark = item.get_closest_marker("seconds")
    seconds = mark.args[0] if mark else TEST_SECONDS

    def on_alarm(*_):
        pytest.fail(f"still running after {seconds} s")

    signal.signal(signal.SIGALRM, on_alarm)
    # Should even that not get through, a stack trace and the end.
    faulthandler.dump_traceback_later(seconds + GRACE_SECONDS, exit=True)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    faulthandler.cancel_dump_traceback_later()
