#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Space is promised before it is used: who does not fit beside those that run
# waits, across restarts, and goes on by itself.

import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from metaseed import MetaSeed, link
from torrent import Torrent

M = 1 << 20
SLOW = 250_000			# bytes/s of a seed


class World:
    def __init__(self, t):
        self.t = t
        self.content = t.dir("content")
        self.announce = tracker.Tracker()

    def torrent(self, name, size, rate=None):
        torrent = Torrent(name, size, 1 << 16, seed=name).make(self.content)
        seed = wire.Seed(self.t, torrent, self.content, rate=rate)
        self.announce.known[torrent.infohash] = [seed.peer]
        torrent.file = torrent.save(f"{self.t.root}/{name}.torrent",
            self.announce.url)
        return torrent


def promised(daemon, torrent):
    """Does its record say so?  Setting 8, value 1."""
    path = os.path.join(daemon.state, "resume", torrent.infohash + ".resume")
    with open(path, "rb") as f:
        return struct.pack("<IQ", 8, 1) in f.read()


def missing(text):
    """The bytes that "needs 1.5M more" tells of."""
    found = re.search(r"needs ([0-9.]+)([BKMG]) more space on ", text or "")
    if found is None:
        return None
    return float(found[1]) * 1024 ** "BKMG".index(found[2])


def test_promises(t, w):
    root = t.volume("small", 40 * M)
    first = w.torrent("first", 20 * M, SLOW)
    second = w.torrent("second", 25 * M)
    third = w.torrent("third", 3 * M)
    daemon = mimd.Mimd(t, root=root, conf="keep free 4M\n").start()
    daemon.add(first.file)
    daemon.wait_state(first.infohash, "downloading", 10)
    daemon.add(second.file)
    row = daemon.wait_state(second.infohash, "waiting", 10)
    # 40 there are, 4 are kept, 20 promised: 16 of 25.
    t.ok(abs((missing(row["error"]) or 0) - 9 * M) < M / 2,
        "what does not fit beside the first waits, and says for how much",
        row["error"])
    t.match(row["error"] or "", f"on {root}, where 4.0M is kept free",
        "and where")
    status, out, err = daemon.run("show", "summary")
    t.match(out, "waits: needs .* more space", "show summary explains it")
    daemon.add(third.file)
    daemon.wait_state(third.infohash, "seeding", 20)
    t.equal(third.wrong(root), None, "a smaller one goes first")

    linked = Torrent("linked", 25 * M, 1 << 16, seed="linked").make(w.content)
    seed = MetaSeed(t, linked, w.content)
    daemon.ctl("add", link(linked, seed.peer))
    row = daemon.wait_state(linked.infohash, "waiting", 20)
    t.ok(missing(row["error"]), "a magnet link waits once its size is known",
        row["error"])

    others = [w.torrent(f"other{i}", 25 * M) for i in range(3)]
    for torrent in others:
        daemon.add(torrent.file)
    t.wait(lambda: daemon.torrent(first.infohash)["have"] > M, 10,
        "some of the first")
    t.wait(lambda: promised(daemon, first), 40, "its record")
    # A crash: it must be looked at before it can go on.
    daemon.crash()
    daemon.start()
    daemon.wait_state(second.infohash, "waiting", 10)
    daemon.wait_state(first.infohash, "downloading", 20)
    t.equal({daemon.state_of(o.infohash) for o in others}, {"waiting"},
        "after a crash the first goes on, those that waited wait")
    for torrent in others + [linked]:
        daemon.run("remove", torrent.infohash)
    daemon.run("stop", first.infohash)
    daemon.run("remove", "-D", third.infohash)
    daemon.wait_state(second.infohash, "seeding", 30)
    t.equal(second.wrong(root), None, "it goes on when others have left")
    daemon.run("start", first.infohash)
    row = daemon.wait_state(first.infohash, "waiting", 10)
    t.ok(row["have"] > 0, "now it is the first that waits", row)
    daemon.run("remove", "-D", second.infohash)
    daemon.wait_state(first.infohash, "downloading", 20)
    t.ok(True, "until the second is removed")
    daemon.stop()


def test(t):
    w = World(t)
    test_promises(t, w)


mimtest.main(test)
