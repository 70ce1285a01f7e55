# SPDX-License-Identifier: ISC
"""How long one waits: for a first block, for a first request, for a list."""

import os
import statistics
import subprocess
import threading
import time

import measure
import mimtest
import subjects
from row import Figure, Row
from transfer import LEECH_BASE, Gate, Hose, Seed


class FirstBlockRow(Row):
    def __init__(self):
        super().__init__("first-block", "from the first connect until each "
            "of 50 peers that connect at once has a block",
            [Figure("last", "ms, last", False, 1.0, 0.63),
            Figure("median", "ms, median", False)])

    def measure(self, world, client):
        with Seed(world, client, world.large()) as seed:
            # Where a client spares its slots, some peers wait long.
            done = subprocess.run([measure.tool("burst"), subjects.ADDR,
                str(subjects.PORT), seed.torrent.infohash,
                str(seed.torrent.npieces), LEECH_BASE,
                str(world.scale.burst)], capture_output=True, text=True,
                timeout=30)
        if done.returncode != 0:
            raise mimtest.Failure(done.stderr)
        times = [float(x) for x in done.stdout.split()]
        return {"last": max(times), "median": statistics.median(times)}


class FirstRequestRow(Row):
    """The tracker answers at once; its answer names one ideal seed."""

    def measure(self, world, client):
        self.torrent, root = world.large()
        gate = Gate(1, 0)
        path = self.torrent.save(os.path.join(world.root, "x.torrent"),
            gate.url)
        hose = None
        subject = world.subject(client, world.fresh("tmpfs", "down"))
        try:
            self.prepare(subject, path, gate)
            time.sleep(world.scale.rest)
            hose = Hose(world, self.torrent, root, 1)
            begin = self.begin(subject, path)
            return {"time": (hose.first() - begin) * 1000}
        finally:
            if hose is not None:
                hose.close()
            subject.stop()
            gate.close()


class AddRow(FirstRequestRow):
    def __init__(self):
        super().__init__("add", "from the order to add a torrent until its "
            "first request is on the wire",
            [Figure("time", "ms", False, 2.5, 1.0)])

    def prepare(self, subject, path, gate):
        subject.boot()

    def begin(self, subject, path):
        begin = time.monotonic()
        subject.add(path, False)
        return begin


class ColdStartRow(FirstRequestRow):
    clients = ("mim", "transmission", "rtorrent", "libtorrent")

    def __init__(self):
        super().__init__("cold-start", "from exec until the first request "
            "of a torrent known from before is on the wire",
            [Figure("time", "ms", False, 1.0, 0.47)])

    def prepare(self, subject, path, gate):
        """Nobody listens where the ideal seed will be."""
        subject.start(path, False)
        subjects.until(gate.asked.is_set, "announce")
        subject.stop()

    def begin(self, subject, path):
        begin = time.monotonic()
        subject.boot()
        return begin


class StatusRow(Row):
    clients = ("mim", "transmission")

    def __init__(self):
        super().__init__("status", "a list while the client uploads as fast "
            "as it can", [Figure("median", "ms, median", False, 1.0, 0.42),
            Figure("p99", "ms, p99", False, 1.0)])

    def measure(self, world, client):
        with Seed(world, client, world.large()) as seed:
            over = threading.Event()
            load = threading.Thread(target=self.load, args=(seed, over))
            load.start()
            try:
                times = [self.list(seed.subject) for _ in
                    range(world.scale.statuses)]
            finally:
                over.set()
                load.join()
        return {"median": statistics.median(times),
            "p99": sorted(times)[len(times) * 99 // 100]}

    def load(self, seed, over):
        while not over.is_set():
            seed.drain(8)

    def list(self, subject):
        begin = time.monotonic()
        subject.list()
        took = (time.monotonic() - begin) * 1000
        time.sleep(0.02)
        return took


ROWS = [FirstBlockRow(), ColdStartRow(), AddRow(), StatusRow()]
