# SPDX-License-Identifier: ISC
"""
Leech and seed: the client under test between a tracker that hands it exactly
the peers it should meet, and an ideal seed or leech.
"""

import os
import subprocess
import threading
import time

import measure
import mimtest
import subjects
from row import GIB, MIB, Figure, Row, cpu_per_gib, gib_per_s, pss
from torrent import bencode
from tracker import Tracker, pack_peers

SEED_BASE, SEED_PORT = "10.99.1.1", 7000	# the ideal seed's addresses
LEECH_BASE = "10.99.2.1"			# the ideal leech's
DEPTH = "64"		# requests outstanding on each of its connections
LIMIT = 240		# seconds: a run that takes longer has failed


def seed_addr(i):
    return f"10.99.{1 + (i + 1) // 256}.{(i + 1) % 256}"


class Gate:
    """A tracker that tells of the ideal seed's K sockets, after a rest."""

    def __init__(self, peers, rest):
        self.peers = [(seed_addr(i), SEED_PORT) for i in range(peers)]
        self.rest = rest
        self.asked = threading.Event()
        self.completed = threading.Event()
        self.tracker = Tracker("10.99.0.3",
            paths={"/announce": self.announce})
        self.url = self.tracker.url

    def announce(self, handler, announce):
        if announce["event"] == "completed":
            self.completed.set()
        if not self.asked.is_set():
            time.sleep(self.rest)	# let the client come to rest
            self.asked.set()
        handler.answer(bencode({"interval": 1800,
            "complete": len(self.peers), "incomplete": 0,
            "peers": pack_peers(self.peers)}))

    def close(self):
        self.tracker.server.shutdown()
        self.tracker.server.server_close()


class Hose:
    """The ideal seed; the content is one file, or many in a row."""

    def __init__(self, world, torrent, root, peers):
        path = os.path.join(root, torrent.name)
        if not torrent.single:
            path = measure.flat_copy([torrent.path(root, f)
                for f in torrent.files], os.path.join(world.tmpfs, "flat"))
        self.proc = subprocess.Popen([measure.tool("firehose"), path,
            str(torrent.piece_length), torrent.infohash, SEED_BASE,
            str(SEED_PORT), str(peers)], stdout=subprocess.PIPE, text=True)
        self.proc.stdout.readline()

    def first(self):
        """Wait for the first request; when it came."""
        killer = threading.Timer(LIMIT, self.proc.kill)
        killer.start()
        word, when = (self.proc.stdout.readline() or "none 0").split()
        killer.cancel()
        if word != "first":
            raise mimtest.Failure("no request came")
        return float(when)

    def close(self):
        self.proc.kill()
        self.proc.wait()


class Leech:
    """One download of one client."""

    def __init__(self, world, client, content, down, peers):
        self.world = world
        self.torrent, self.root = content
        self.down = down
        self.peers = peers
        self.subject = world.subject(client, down)

    def run(self, watch):
        gate = Gate(self.peers, self.world.scale.rest)
        path = self.torrent.save(os.path.join(self.world.root, "x.torrent"),
            gate.url)
        hose = Hose(self.world, self.torrent, self.root, self.peers)
        try:
            self.subject.boot()
            with measure.Peak(self.subject.proc.pid, watch) as peak:
                self.added = time.monotonic()
                # Some make all files as soon as they know of them.
                self.cpu = self.subject.cpu()
                self.subject.add(path, False)
                self.wait(gate)
            self.first = hose.first()
        finally:
            hose.close()
            self.subject.stop()
            gate.close()
        self.peak = peak.peak
        return self

    def wait(self, gate):
        asking = threading.Thread(target=self.ask, args=(gate,), daemon=True)
        asking.start()
        gate.completed.wait(LIMIT)
        self.end = time.monotonic()
        if not gate.completed.is_set():
            raise mimtest.Failure("not complete in time")
        self.cpu = self.subject.cpu() - self.cpu
        asking.join()

    def ask(self, gate):
        """The client's own word, or its announce: whichever is first."""
        gate.asked.wait()
        self.subject.complete(gate.completed)
        gate.completed.set()

    def check(self):
        if self.torrent.single:
            same = subprocess.run(["cmp", os.path.join(self.down,
                self.torrent.name), os.path.join(self.root,
                self.torrent.name)]).returncode == 0
        else:
            same = self.torrent.wrong(self.down) is None
        if not same:
            raise mimtest.Failure("the download differs from the content")


class LeechRow(Row):
    def __init__(self, peers, must_pss, disk=False):
        self.peers = peers
        self.disk = disk
        super().__init__(f"leech-{peers}" + ("-disk" if disk else ""),
            "download of one large file from "
            f"{peers} peer{'s' if peers > 1 else ''}, to "
            + ("the disk of TMPDIR" if disk else "tmpfs"),
            [gib_per_s(1.1, 1.3), cpu_per_gib(0.88, 0.88),
            pss(must_pss, must_pss)])

    def leech(self, world, client, watch):
        down = world.fresh("down") if self.disk else \
            world.fresh("tmpfs", "down")
        return Leech(world, client, world.large(), down,
            self.peers).run(watch)

    def measure(self, world, client):
        run = self.leech(world, client, False)
        gib = run.torrent.size / GIB
        return {"rate": gib / (run.end - run.first), "cpu": run.cpu / gib}

    def once(self, world, client):
        run = self.leech(world, client, True)
        run.check()
        return {"pss": run.peak["pss"] / MIB}


class SmallLeechRow(Row):
    def __init__(self):
        super().__init__("small-leech", "download of 20,000 files of 10 KiB "
            "from one peer, to tmpfs",
            [Figure("time", "s", False, 1.0, 0.75),
            Figure("from_add", "s from add", False, 1.0, 0.78),
            Figure("cpu", "CPU s", False, 0.92, 0.69), pss(None, None)])

    def leech(self, world, client, watch):
        return Leech(world, client, world.small(),
            world.fresh("tmpfs", "down"), 1).run(watch)

    def measure(self, world, client):
        run = self.leech(world, client, False)
        # What the gate held it back is no time of its own.
        return {"time": run.end - run.first, "cpu": run.cpu,
            "from_add": run.end - run.added - world.scale.rest}

    def once(self, world, client):
        run = self.leech(world, client, True)
        run.check()
        return {"pss": run.peak["pss"] / MIB}


class Seed:
    """A client that has all, and has told the tracker so."""

    def __init__(self, world, client, content):
        self.world = world
        self.torrent, self.root = content
        self.subject = world.subject(client, self.root)

    def __enter__(self):
        told = threading.Event()
        self.tracker = Tracker("10.99.0.3", paths={"/announce":
            lambda handler, announce: self.announce(handler, announce, told)})
        path = self.torrent.save(os.path.join(self.world.root, "x.torrent"),
            self.tracker.url)
        try:
            self.subject.start(path, True)
            subjects.until(told.is_set, "seeding")
        except BaseException:
            self.__exit__()
            raise
        time.sleep(self.world.scale.rest)
        return self

    def announce(self, handler, announce, told):
        if announce["left"] == "0":
            told.set()
        handler.answer(bencode({"interval": 1800, "peers": b""}))

    def __exit__(self, *exc):
        self.subject.stop()
        self.tracker.server.shutdown()
        self.tracker.server.server_close()

    def drain(self, peers):
        """Seconds that an ideal leech takes for all."""
        done = subprocess.run([measure.tool("sink"), subjects.ADDR,
            str(subjects.PORT), self.torrent.infohash,
            str(self.torrent.size), str(self.torrent.piece_length),
            LEECH_BASE, str(peers), DEPTH], capture_output=True, text=True,
            timeout=LIMIT)
        if done.returncode != 0:
            raise mimtest.Failure(done.stderr)
        said = {line.split()[0]: line.split()[1:]
            for line in done.stdout.splitlines()}
        return float(said["done"][0]) - float(said["first"][0])


class SeedRow(Row):
    def __init__(self, peers):
        self.peers = peers
        super().__init__(f"seed-{peers}", "upload of one large file on tmpfs "
            f"to {peers} peer{'s' if peers > 1 else ''}",
            [gib_per_s(1.1, 1.1), cpu_per_gib(0.8, 0.78),
            pss(1.0, 0.57)])

    def content(self, world):
        return world.large()

    def measure(self, world, client):
        with Seed(world, client, self.content(world)) as seed:
            before = seed.subject.cpu()
            took = seed.drain(self.peers)
            gib = seed.torrent.size / GIB
            return {"rate": gib / took,
                "cpu": (seed.subject.cpu() - before) / gib}

    def once(self, world, client):
        with Seed(world, client, self.content(world)) as seed:
            with measure.Peak(seed.subject.proc.pid) as peak:
                seed.drain(self.peers)
            return {"pss": peak.peak["pss"] / MIB}


class SmallSeedRow(SeedRow):
    def __init__(self):
        super().__init__(1)
        self.name = "small-seed"
        self.about = "upload of 20,000 files of 10 KiB to one peer"

    def content(self, world):
        return world.small()


ROWS = [LeechRow(1, 1.0), LeechRow(8, 1.2), LeechRow(50, 1.4),
    LeechRow(1, 1.0, disk=True), SeedRow(1), SeedRow(8), SeedRow(50),
    SmallLeechRow(), SmallSeedRow()]
