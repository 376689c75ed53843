"""Building ahead: what the steps of a run will need is built in the order in
which they need it, one build after the other, while tests run. Many tests wait
for something most of the time, and builds give way to them."""
import concurrent.futures
import time

from . import builds


class Ahead:
    """with Ahead(["build-gcc", ...]) as ahead: result, seconds =
    ahead.wait("build-gcc")"""

    def __init__(self, names):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.started = {name: self.pool.submit(timed_build, name)
                        for name in names}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """What has not begun by now is not wanted any more."""
        self.pool.shutdown(wait=False, cancel_futures=True)

    def wait(self, name):
        """How a build ended, as a Result, and how many seconds it took."""
        return self.started[name].result()


def timed_build(name):
    started = time.monotonic()
    result = builds.build(name)
    return result, time.monotonic() - started
