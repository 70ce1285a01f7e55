#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Skipped files where others are at work: what is kept of them moves along
# with the torrent, full allocation leaves them out, and a link cannot say
# which files to leave out by patterns.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import metaseed
import mimd
import mimtest
import wire
from torrent import Torrent

PIECE = 1 << 16
FILES = [("a", 3 * PIECE + 30_000), ("b", 9_000), ("c", 4 * PIECE),
    ("d", 2 * PIECE + 77)]
WANTED = ["a", "c"]


def read(path):
    with open(path, "rb") as f:
        return f.read()


def start(t, name, conf="", seed=wire.Seed):
    content = t.dir(name + "-content")
    torrent = Torrent(name, FILES, PIECE).make(content)
    seed = seed(t, torrent, content)
    daemon = mimd.Mimd(t, name, conf=conf).start()
    return torrent, content, seed, daemon


def fetch(torrent, seed, daemon, what, *flags):
    daemon.ctl("add", *flags, what)
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    return daemon.wait_state(torrent.infohash, "seeding", 30)


def is_at(t, torrent, content, root, what):
    top = os.path.join(root, torrent.name)
    t.equal(sorted(os.listdir(top)), WANTED, f"{what}: what is wanted is there")
    t.equal([f for f in WANTED if read(f"{top}/{f}") !=
        read(f"{content}/{torrent.name}/{f}")], [], f"{what}: bit-exact")
    t.equal([f.endswith(".part") for f in os.listdir(root)
        if f.startswith(".mim-")], [True], f"{what}: and the part file")


def moves(t):
    away = t.volume("away", "64m")
    torrent, content, seed, daemon = start(t, "moves",
        f"download directory \"{away}\"\n")
    path = torrent.save(f"{t.root}/moves.torrent")
    fetch(torrent, seed, daemon, path, "-o", "0,2")
    asked = sorted(seed.requests)
    is_at(t, torrent, content, daemon.root, "at first")
    for where, what in (daemon.root + "/sub", "within"), (away, "across"):
        old = daemon.torrent(torrent.infohash)["dir"]
        daemon.ctl("move", "1", where)
        is_at(t, torrent, content, where, what)
        t.equal([f for f in os.listdir(old) if f != "sub"], [],
            f"{what}: nothing stays behind")
    daemon.stop()
    daemon.start()
    row = daemon.wait_state(torrent.infohash, "seeding", 15)
    t.equal(row["progress"], 1.0, "it is all known after a restart")
    daemon.ctl("files", torrent.infohash, "get", "1")
    t.wait(lambda: os.path.exists(f"{away}/moves/b"), 10, "b")
    t.equal(read(f"{away}/moves/b"), read(f"{content}/moves/b"),
        "the bytes of a skipped file moved along")
    t.equal(sorted(seed.requests), asked, "nothing was fetched again")
    daemon.ctl("files", torrent.infohash, "get", "all")
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    t.wait(lambda: torrent.wrong(away) is None, 20, "all of it")
    t.equal(len(seed.requests), len(set(seed.requests)), "nothing came twice")
    t.wait(lambda: not [f for f in os.listdir(away) if f.startswith(".mim-")],
        10, "the part file to go")
    daemon.stop()


def allocates(t):
    torrent, content, seed, daemon = start(t, "full", "allocate full\n")
    path = torrent.save(f"{t.root}/full.torrent")
    fetch(torrent, seed, daemon, path, "-o", "0,2")
    is_at(t, torrent, content, daemon.root, "allocated in full")
    daemon.stop()


def midway(t):
    """A file is wanted again while a piece that it is in comes in."""
    content = t.dir("midway-content")
    torrent = Torrent("midway", [("a", 30_000), ("b", 9_000),
        ("c", PIECE - 39_000)], PIECE).make(content)
    seed = wire.Seed(t, torrent, content)
    seed.rate = 20_000
    daemon = mimd.Mimd(t, "midway").start()
    path = torrent.save(f"{t.root}/midway.torrent")
    daemon.ctl("add", "-o", "0", path)
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    row = t.wait(lambda: (daemon.torrent(torrent.infohash)["downloaded"] >=
        3 << 14 and daemon.torrent(torrent.infohash)), 20, "some blocks")
    t.equal(row["have"], 0, "its piece is not whole yet")
    daemon.ctl("files", torrent.infohash, "get", "all")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal(torrent.wrong(daemon.root), None,
        "blocks of a piece that was not whole come along")
    t.equal(len(seed.requests), 4, "and are not fetched again")
    daemon.stop()


def links(t):
    torrent, content, seed, daemon = start(t, "bomb", seed=metaseed.MetaSeed)
    fetch(torrent, seed, daemon, metaseed.link(torrent) +
        "&x.mim.except=*&x.mim.except=*a*a*a*a*a*a*a*a*b")
    t.equal(torrent.wrong(daemon.root), None,
        "patterns in a link are not heeded")
    daemon.stop()


def test(t):
    moves(t)
    allocates(t)
    midway(t)
    links(t)


mimtest.main(test)
