#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A device that fails, a quota that is used up, calls that do less than they
# were asked for: a clear state for that torrent alone, and nothing is lost.

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import faulty
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 3_000_001
PIECE = 1 << 17


class World:
    def __init__(self, t):
        self.t = t
        self.content = t.dir("content")
        self.announce = tracker.Tracker()
        self.daemon = faulty.Faulty(t)
        self.seeds = {}

    def add(self, name):
        torrent = Torrent(name, [("one", 2_000_000), ("two", SIZE - 2_000_000)],
            PIECE, seed=name).make(self.content)
        seed = wire.Seed(self.t, torrent, self.content)
        self.seeds[torrent.infohash] = seed
        self.announce.known[torrent.infohash] = [seed.peer]
        self.daemon.add(torrent.save(f"{self.t.root}/{name}.torrent",
            self.announce.url))
        return torrent

    def whole(self, torrent, what):
        self.daemon.wait_state(torrent.infohash, "seeding", 60)
        self.t.equal(torrent.wrong(self.daemon.root), None, what)


def served(t, w, torrent):
    """All of it from the daemon: None if right, else what is not."""
    wrong = []

    def on_block(piece, begin, data):
        if data != torrent.read(w.content, piece, begin, len(data)):
            wrong.append((piece, begin))

    try:
        peer = wire.connect(t, (w.daemon.addr, w.daemon.port),
            torrent.infohash, timeout=5)
        wire.leech(peer, torrent, range(torrent.npieces), on_block)
    except (OSError, wire.Gone) as e:
        return wrong or e
    return wrong or None


def test_errors(t, w, good, other):
    broken = w.daemon.fault("pwrite", "writing/one", error=errno.EIO, skip=12)
    torn = w.daemon.fault("preadv", "good/two", error=errno.EIO)
    torrent = w.add("writing")
    row = w.daemon.wait_state(torrent.infohash, "error", 20)
    missing = SIZE - t.wait(lambda: w.daemon.torrent(torrent.infohash)
        ["have"], 20, "what is there to be told")
    asked = len(w.seeds[torrent.infohash].requests)
    t.match(row["error"], "writing/one: Input/output error",
        "a write that fails is an error of its torrent")
    t.ok(served(t, w, good) is not None, "what cannot be read is not served")
    row = w.daemon.wait_state(good.infohash, "error", 20)
    t.match(row["error"], "good/two: Input/output error",
        "a read that fails is an error")
    t.equal(row["have"], SIZE, "but no reason to have it no more")
    t.equal(w.daemon.state_of(other.infohash), "seeding",
        "others have no part in it")
    broken.clear()
    torn.clear()
    w.whole(torrent, "tried again by itself, it comes to its end")
    again = w.seeds[torrent.infohash].asked_since(asked)
    t.ok(again <= missing, "what was there was not fetched again",
        (again, missing))
    w.daemon.wait_state(good.infohash, "seeding", 30)
    t.equal(served(t, w, good), None, "and the other is served again")


def test_quota(t, w):
    rules = [w.daemon.fault(call, "quota/one", error=errno.EDQUOT, skip=skip)
        for call, skip in (("pwrite", 5), ("fallocate", 0))]
    torrent = w.add("quota")
    row = w.daemon.wait_state(torrent.infohash, "waiting", 20)
    t.match(row["error"], "quota on .* is used up", "a quota is waited for")
    t.wait(lambda: rules[1].hits > 0, 30, "it to be asked again")
    t.equal(w.daemon.state_of(torrent.infohash), "waiting",
        "until the system gives blocks again")
    for rule in rules:
        rule.clear()
    w.daemon.run("start", torrent.infohash)
    w.whole(torrent, "then it goes on")


def test_no_space(t, w):
    rule = w.daemon.fault("pwrite", "inodes/one", error=errno.ENOSPC, skip=5)
    torrent = w.add("inodes")
    row = w.daemon.wait_state(torrent.infohash, "waiting", 20)
    t.match(row["error"], "no space could be had on .*, though .* is free",
        "no space though there is some: says that")
    rule.clear()
    w.whole(torrent, "tried again by itself")


def test_short(t, w):
    rules = [w.daemon.fault(call, "", short=n) for call, n in
        (("pwrite", 5001), ("preadv", 3003), ("pread", 4001))]
    torrent = w.add("short")
    w.whole(torrent, "writes that do less than asked are gone on with")
    t.equal(served(t, w, torrent), None, "so are reads")
    w.daemon.run("check", torrent.infohash)
    w.whole(torrent, "and those of a check")
    t.ok(all(rule.hits > 0 for rule in rules), "all of them were")
    for rule in rules:
        rule.clear()


def test(t):
    w = World(t)
    w.daemon.start()
    good = w.add("good")
    w.whole(good, "a good one")
    other = w.add("other")
    w.whole(other, "another")
    test_errors(t, w, good, other)
    test_quota(t, w)
    test_no_space(t, w)
    test_short(t, w)
    t.equal(w.daemon.processes()["disk"]["restarts"], 0,
        "the disk process took all of it")


mimtest.main(test)
