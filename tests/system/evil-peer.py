#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A peer child that breaks the rules of its channel to disk, in the middle of
# a download: it is replaced, nobody else is, and the download goes on.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import evil
import mimtest
import wire

BREACHES = [
    ("slot", "not in the arena"),
    ("twice", "in use"),
    ("piece", "outside the torrent"),
    ("begin", "outside the torrent"),
    ("length", "a piece of a block"),
    ("junk", "disk: "),
    ("fd", "descriptor"),
]


def flip(t, world):
    """What peer changes after it was handed over cannot become a piece."""
    # Each seed whose piece turns out bad is banned.
    seeds = [wire.Seed(t, world.torrent, world.seed.root) for _ in range(6)]
    world.announce.fixed += [s.peer for s in seeds]
    daemon = evil.Evil(t, "peer", "flip").arm().start()
    daemon.add(world.path)
    t.wait(lambda: daemon.torrent(world.torrent.infohash)["downloaded"], 20,
        "the flipped blocks")
    time.sleep(1.5)
    row = daemon.torrent(world.torrent.infohash)
    t.diag(f"{row['have']} of {row['downloaded']} bytes were good")
    daemon.kill_child("peer")
    # What it had banned stays so for an hour: one that it never met.
    honest = wire.Seed(t, world.torrent, world.seed.root)
    daemon.ctl("peers", world.torrent.infohash, "add",
        "%s:%d" % honest.peer)
    daemon.wait_state(world.torrent.infohash, "seeding", 30)
    t.equal(world.torrent.wrong(daemon.root), None,
        "slots changed after submission: bit-exact")
    daemon.ctl("check", world.torrent.infohash)
    daemon.wait_state(world.torrent.infohash, "seeding", 20)
    t.equal(daemon.torrent(world.torrent.infohash)["have"], evil.SIZE,
        "and a check finds all of it")
    daemon.stop()


def test(t):
    world = evil.World(t)
    for attack, log in BREACHES:
        world.survive("peer", attack, ["peer"], log)
    # Whoever shuts it down, each end sees the other's go.
    world.survive("peer", "close", ["disk", "peer"],
        "closed their data channel")
    world.survive("peer", "torrent", [], "")
    world.survive("peer", "tiny", [], "")
    # Disk is believed to have erred; that costs a restart, no more.
    world.survive("peer", "blame", ["disk"], "not asked for")
    flip(t, world)


mimtest.main(test)
