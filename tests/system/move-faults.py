#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Moves that meet a full or a failing disk, one that lies, or a change of mind:
# all is as it was, with the reason, or goes on.

import copy
import errno
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import faulty
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 6_000_001


def left(root):
    return [os.path.join(at, n) for at, dirs, names in os.walk(root)
        for n in names + dirs]


def ask(daemon, *args):
    return subprocess.Popen([mimtest.program("mimctl"), "-s", daemon.socket,
        *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env=mimd.CTL_ENV)


class World:
    def __init__(self, t):
        self.t = t
        self.other = t.volume("other", "64m")
        self.daemon = faulty.Faulty(t)
        self.daemon.write_conf(self.daemon.conf +
            f"download directory \"{self.other}\"\n")
        self.torrent = Torrent("moved", [("one", 4_000_000), ("d/two",
            SIZE - 4_000_000)], 1 << 17).make(self.daemon.root)
        subprocess.run(["chown", "-R", f"{mimd.SPARE_USER}:",
            self.daemon.root], check=True)
        self.announce = tracker.Tracker(interval=1)
        self.path = self.torrent.save(t.root + "/x.torrent",
            self.announce.url)
        self.daemon.start()
        self.daemon.add(self.path, "-c")
        self.daemon.wait_state(self.torrent.infohash, "seeding", 20)

    def as_before(self, what):
        row = self.daemon.wait_state(self.torrent.infohash, "seeding", 20)
        self.t.equal(row["dir"], self.daemon.root, f"{what}: it is where it "
            "was, and seeds")
        self.t.equal(self.torrent.wrong(self.daemon.root), None,
            f"{what}: whole")
        self.t.equal(left(self.other), [], f"{what}: nothing is left there")
        return row

    def fails(self, what, pattern, call, path, **kw):
        rule = self.daemon.fault(call, path, **kw)
        status, out, err = self.daemon.run("move", "1", self.other)
        self.t.equal(status, 1, f"{what}: mimctl fails")
        self.t.match(err, pattern, f"{what}: and says why")
        self.t.ok(rule.hits > 0, f"{what}: the fault was met")
        rule.clear()
        row = self.as_before(what)
        self.t.match(row["error"] or "", pattern, f"{what}: so does status")


def slow(w):
    """Copies take a while: the torrent is served, status tells."""
    t, daemon = w.t, w.daemon
    rule = daemon.fault("pwrite", ".part", delay=250)
    ctl = ask(daemon, "move", "1", w.other)
    row = t.wait(lambda: (lambda r: r.get("moved") and r)(
        daemon.torrent(w.torrent.infohash)), 20, "its progress")
    t.equal(row["state"], "moving", "status says that it is being moved")
    t.ok(0 < row["moved"] < 1, "and how far it is", row["moved"])
    got = []
    peer = wire.connect(t, (daemon.addr, daemon.port), w.torrent.infohash)
    wire.leech(peer, w.torrent, range(8), lambda p, b, data:
        got.append(data == w.torrent.read(daemon.root, p, b, len(data))))
    t.ok(got and all(got) and daemon.state_of(w.torrent.infohash) ==
        "moving", "it is uploaded meanwhile", len(got))
    peer.close()
    return rule, ctl


def change_of_mind(w):
    rule, ctl = slow(w)
    w.daemon.ctl("move", "1", w.daemon.root)
    ctl.wait(20)
    w.as_before("a move that was cancelled")
    rule.clear()


def removed(w):
    """remove in the middle: first the files are put back together."""
    t, daemon = w.t, w.daemon
    rule = daemon.fault("pwrite", ".part", delay=250)
    ctl = ask(daemon, "move", "1", w.other)
    daemon.wait_state(w.torrent.infohash, "moving", 10)
    daemon.ctl("remove", "1")
    ctl.wait(20)
    rule.clear()
    t.equal(w.torrent.wrong(daemon.root), None, "removed while it moves: "
        "its files are whole")
    t.equal(left(w.other), [], "removed while it moves: nothing is left")


def unfinished(w):
    """
    A download stops while it is renamed and moved, and goes on from there.
    """
    t, daemon = w.t, w.daemon
    content = t.dir("content")
    torrent = Torrent("part", [("a", 5_000_000), ("b", 1_000_000)],
        1 << 17).make(content)
    seed = wire.Seed(t, torrent, content, rate=2_500_000)
    w.announce.fixed = [seed.peer]
    daemon.add(torrent.save(t.root + "/y.torrent", w.announce.url))
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"] > 500_000, 20,
        "a part of it")
    number = daemon.torrent(torrent.infohash)["id"]
    named = copy.deepcopy(torrent)
    named.name, named.files[0].path = "other name", "d/a"
    daemon.ctl("rename", str(number), named.name)
    daemon.ctl("rename", str(number), "0", "d/a")
    t.equal((os.path.exists(named.path(daemon.root, named.files[0])),
        os.path.exists(f"{daemon.root}/part")), (True, False),
        "an unfinished one is renamed, with what it has")
    daemon.ctl("move", str(number), w.other + "/x")
    row = daemon.torrent(torrent.infohash)
    t.equal(row["dir"], w.other + "/x", "an unfinished one is moved")
    t.ok(500_000 < row["have"] < torrent.size, "with what it has", row)
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(named.wrong(w.other + "/x"), None, "and goes on: bit-exact")
    t.ok(seed.sent < torrent.size + (1 << 20), "nothing that was there is "
        "fetched again", seed.sent)
    t.equal(left(f"{daemon.root}/{named.name}"), [],
        "nothing is left behind")


def test(t):
    w = World(t)
    w.fails("a disk that fills", "No space left", "pwrite", "1.part",
        error=errno.ENOSPC, skip=1)
    w.fails("a device that fails", "Input/output error", "fsync", ".part",
        error=errno.EIO)
    w.fails("a disk that forgets", "Input/output error", "pwrite", "0.part",
        skip=1, times=1)
    w.fails("a rename that fails", "Permission denied", "rename_new", "/1",
        error=errno.EACCES, times=1)
    w.fails("an old file that cannot be read", "Input/output error", "pread",
        "moved/one", error=errno.EIO)
    change_of_mind(w)
    removed(w)
    unfinished(w)


mimtest.main(test)
