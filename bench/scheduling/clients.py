"""Clients of bench/sched.py, on one asyncio loop: open-loop, which means that
requests are sent when they are due, however long others take."""
import asyncio
import collections
import random
import time

TIMEOUT_S = 3.0


def request(path):
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


async def answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(f"unexpected answer {head[:40]!r}")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return await reader.readexactly(int(value))
    raise ConnectionError("an answer without length")


async def ask(stream, path):
    stream[1].write(request(path))
    return await answer(stream[0])


async def connect(port):
    return await asyncio.open_connection("127.0.0.1", port)


# ---- Evenness ----

async def _hold(port, delay, firsts, go):
    await asyncio.sleep(delay)
    stream = await connect(port)
    firsts.append(await ask(stream, "/pid"))
    await go.wait()
    second = await ask(stream, "/pid")
    stream[1].close()
    return second


async def _spread(port, count, gap):
    firsts, go = [], asyncio.Event()
    tasks = [asyncio.create_task(_hold(port, gap * i, firsts, go))
             for i in range(count)]
    while len(firsts) < count:
        await asyncio.sleep(0.01)
        for task in tasks:
            if task.done():
                task.result()
    await asyncio.sleep(0.3)
    go.set()
    return firsts, await asyncio.gather(*tasks)


def spread(port, count, gap, workers):
    """(fewest, most) keep-alive connections of a worker: by who answered
    first, and by who has them a moment later."""
    def extremes(pids):
        counts = list(collections.Counter(pids).values())
        counts += [0] * (workers - len(counts))
        return min(counts), max(counts)
    firsts, seconds = asyncio.run(_spread(port, count, gap))
    return extremes(firsts), extremes(seconds)


# ---- Tails and faults ----

class Run:
    """Requests at a rate; afterwards the times of the quick ones, in ms, and
    how many got no answer."""

    def __init__(self, port, rate, seconds, blocking=0.0, keep_alive=0):
        self.port, self.rate, self.seconds = port, rate, seconds
        self.blocking, self.keep_alive = blocking, keep_alive
        self.times, self.lost, self.sent = [], 0, 0
        self.random = random.Random(1)

    async def one(self, stream, path, due):
        try:
            own = stream or await asyncio.wait_for(connect(self.port),
                                                   TIMEOUT_S)
            await asyncio.wait_for(ask(own, path), TIMEOUT_S)
            if path == "/get":
                self.times.append((time.monotonic() - due) * 1000)
            if not stream:
                own[1].close()
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
            self.lost += 1

    async def on_idle(self, idle, path, due):
        """On the connection that has rested longest; they stay in the order
        in which they are free, as in a client's pool."""
        stream = await idle.get()
        await self.one(stream, path, due)
        idle.put_nowait(stream)

    async def main(self, at):
        idle = asyncio.Queue()
        for _ in range(self.keep_alive):
            stream = await connect(self.port)
            await ask(stream, "/get")
            idle.put_nowait(stream)
        begin, tasks = time.monotonic(), set()
        acts = [asyncio.create_task(self.act(begin, when, fn))
                for when, fn in at]
        for i in range(int(self.rate * self.seconds)):
            due = begin + i / self.rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            path = "/block" if self.random.random() < self.blocking else "/get"
            self.sent += 1
            one = (self.on_idle(idle, path, due) if self.keep_alive
                   else self.one(None, path, due))
            tasks.add(asyncio.create_task(one))
        await asyncio.gather(*tasks, *acts)
        while not idle.empty():
            idle.get_nowait()[1].close()

    async def act(self, begin, when, fn):
        await asyncio.sleep(max(0, begin + when - time.monotonic()))
        fn()

    def go(self, *at):
        """`at`: (seconds, function) that is called then."""
        asyncio.run(self.main(at))
        self.times.sort()
        return self

    def quantile(self, q):
        if not self.times:
            return float("nan")
        return self.times[min(int(len(self.times) * q), len(self.times) - 1)]
