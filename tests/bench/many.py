# SPDX-License-Identifier: ISC
"""
What many idle torrents cost: each of one piece, complete, with a tracker on
the same machine.  State and data lie where TMPDIR says, so that a start costs
what it costs there.
"""

import asyncio
import hashlib
import multiprocessing
import os
import statistics
import time

import measure
import mimtest
from row import MIB, Figure, Row
from subjects import ALL, until
from torrent import bencode

TRACKER = ("10.99.0.3", 6969)
SIZE = 16384


class Announces(asyncio.Protocol):
    """Just enough of a tracker; counts the torrents that announced."""

    heard = None
    seen = set()
    ANSWER = b"d8:intervali1800e5:peers0:e"

    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for request in requests:
            if request.startswith(b"GET /announce"):
                self.seen.add(request.split(b"info_hash=")[1].split(b"&")[0])
                self.heard.value = len(self.seen)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: "
                b"%d\r\n\r\n%s" % (len(self.ANSWER), self.ANSWER))


def track(heard):
    async def serve():
        Announces.heard = heard
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Announces, *TRACKER, backlog=4096)
        heard.value = 0
        await server.serve_forever()

    asyncio.run(serve())


class Counted:
    """A tracker of its own process, which counts from nothing."""

    def __enter__(self):
        self.heard = multiprocessing.Value("i", -1)	# not there yet
        self.process = multiprocessing.Process(target=track,
            args=(self.heard,))
        self.process.start()
        until(lambda: self.heard.value == 0, "tracker")
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.join()


def make(data, torrents, n):
    paths = []
    for i in range(n):
        content = b"%015d\n" % i * (SIZE // 16)
        name = f"file-{i:06}"
        with open(os.path.join(data, name), "wb") as f:
            f.write(content)
        paths.append(os.path.join(torrents, name))
        with open(paths[-1], "wb") as f:
            f.write(bencode({"announce": "http://%s:%d/announce" % TRACKER,
                "info": {"length": SIZE, "name": name, "piece length": SIZE,
                "pieces": hashlib.sha1(content).digest()}}))
    measure.open_to_all(data)
    return paths


class ManyRow(Row):
    clients = ("mim", "transmission", "rtorrent", "libtorrent")

    def __init__(self, n, must_good):
        self.n = n
        super().__init__(f"many-{n}", f"{n:,} idle torrents of one piece", [
            Figure("restart", "s restart", False, *must_good["restart"]),
            Figure("restart_cpu", "CPU s", False),
            Figure("announced", "s announced", False,
                *must_good.get("announced", (None, None))),
            Figure("each", "KiB each", False, *must_good["each"]),
            Figure("pss", "PSS MiB", False,
                *must_good.get("pss", (None, None)), digits=1),
            Figure("idle", "idle CPU %", False, *must_good["idle"],
                least=0.01),
            Figure("list", "ms list", False, *must_good["list"], digits=1),
            Figure("list_cpu", "CPU ms list", False, *must_good["list_cpu"],
                least=1, digits=1),
            Figure("add", "s add", False), Figure("stop", "s stop", False)])

    def measure(self, world, client):
        return {}

    def once(self, world, client):
        """All of it at once: what is there is used for several starts."""
        self.scale = world.scale
        n = min(self.n, world.scale.torrents)
        if n > ALL[client].torrents:
            raise mimtest.Failure(f"not with more than {ALL[client].torrents}")
        data = world.fresh("many", "data")
        paths = make(data, world.fresh("many", "torrents"), n)
        subject = ALL[client](world.fresh("many", "client"), data)
        try:
            row = self.fill(subject, paths)
            starts = [self.restart(subject, n) for _ in
                range(world.scale.runs)]
            row.update({key: statistics.median(s[key] for s in starts)
                for key in starts[0]})
            row.update(self.look(subject, n, row.pop("empty")))
            return row
        finally:
            if subject.proc.poll() is None:
                subject.stop()

    def fill(self, subject, paths):
        with Counted():
            subject.boot()
            time.sleep(self.scale.rest)
            row = {"empty": measure.memory(subject.proc.pid)["pss"]}
            begin = time.monotonic()
            subject.add_all(paths)
            row["add"] = time.monotonic() - begin
            until(lambda: subject.seeding() == len(paths), "checks", 0.5)
            subject.stop()
        return row

    def restart(self, subject, n):
        """Until the client shows them all."""
        with Counted():
            begin = time.monotonic()
            subject.boot()
            end = until(lambda: subject.seeding() == n, "a start")
            row = {"restart": end - begin, "restart_cpu": subject.cpu()}
            begin = time.monotonic()
            subject.stop()
            row["stop"] = time.monotonic() - begin
        return row

    def look(self, subject, n, empty):
        """One more start, with the time to come to rest."""
        row = {"announced": None}
        with Counted() as tracker:
            begin = time.monotonic()
            subject.boot()
            # Some leave themselves minutes for it.
            end = begin + self.scale.announces
            while time.monotonic() < end and row["announced"] is None:
                if tracker.heard.value == n:
                    row["announced"] = time.monotonic() - begin
                time.sleep(0.02)
            time.sleep(self.scale.settle)
            row["pss"] = measure.memory(subject.proc.pid)["pss"]
            row["each"] = (row["pss"] - empty) / n / 1024
            row["pss"] /= MIB
            row["idle"] = measure.cpu_percent(subject.proc.pid,
                self.scale.idle)
            if hasattr(subject, "list"):
                row["list"], row["list_cpu"] = self.lists(subject)
            subject.stop()
        return row

    def lists(self, subject):
        """Milliseconds of a list, and of the daemon's CPU in it."""
        before, times = measure.cpu_exact(subject.proc.pid), []
        n = self.scale.lists
        for _ in range(n):
            begin = time.monotonic()
            subject.list()
            times.append(time.monotonic() - begin)
        return (statistics.median(times) * 1000,
            (measure.cpu_exact(subject.proc.pid) - before) * 1000 / n)


ROWS = [ManyRow(1000, {"restart": (1.0, 0.33), "each": (0.95, 0.48),
        "idle": (1.0, 0.2), "list": (1.0, 0.42), "list_cpu": (1.0, 0.5)}),
    ManyRow(10000, {"restart": (1.0, 0.44), "announced": (3.0, 1.2),
        "each": (0.95, 0.48), "pss": (0.96, 0.6), "idle": (0.43, 0.14),
        "list": (0.92, 0.39), "list_cpu": (0.8, 0.3)})]
