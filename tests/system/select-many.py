#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Thousands of files are wanted again, whose bytes came with others: while
# they come out of the part file, and each takes its time to be synced, other
# torrents are served and checked, the rest of this one comes in, and the ends
# of disk and of mimd lose nothing of it.

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import faulty
import mimtest
import tracker
import wire
from torrent import Torrent

PIECE = 1 << 16
PAIRS = 1200
BIG = 64 * PIECE + 5000
BLOCKS = 100
FILES = [("big.skip", BIG)] + [(f"f{i // 2:04}.{('get', 'skip')[i % 2]}",
    2000 + i % 7) for i in range(2 * PAIRS)]


class Leech:
    """Asks for one block after the other."""

    def __init__(self, t, daemon, torrent):
        self.torrent = torrent
        self.wire = wire.connect(t, (daemon.addr, daemon.port),
            torrent.infohash, timeout=120)
        self.wire.send_handshake()
        self.wire.read_handshake()
        self.wire.msg(wire.INTERESTED)
        self.wire.until(wire.UNCHOKE)

    def blocks(self, n):
        for i in range(n):
            self.wire.request(i % self.torrent.npieces, 0, wire.BLOCK)
            self.wire.until(wire.PIECE)


def skipped(top):
    """The files that were skipped and are there."""
    return [f for f in os.listdir(top) if f.endswith(".skip")]


def wrong(top, content, names):
    return [f for f in names if mimtest.read_bytes(os.path.join(top, f)) !=
        mimtest.read_bytes(os.path.join(content, f))]


def test(t):
    content = t.dir("content")
    many = Torrent("many", FILES, PIECE).make(content)
    seed = wire.Seed(t, many, content)
    announce = tracker.Tracker(interval=1800)
    announce.fixed = [seed.peer]
    # Room for the record of each batch, and for the calls of each file.
    daemon = faulty.Faulty(t, cache="1M")
    other = Torrent("other", 40 * PIECE, PIECE).make(daemon.root)
    daemon.start()
    daemon.add(other.save(t.root + "/other.torrent"), "-c")
    daemon.wait_state(other.infohash, "seeding", 30)
    daemon.add(many.save(t.root + "/many.torrent", announce.url),
        "-x", "*.skip")
    daemon.wait_state(many.infohash, "seeding", 60)
    top = os.path.join(daemon.root, "many")
    t.equal(skipped(top), [], "what is skipped does not appear")

    leech = Leech(t, daemon, other)
    slow = daemon.fault("fsync", ".skip", delay=40)
    daemon.ctl("files", many.infohash, "get", "all")
    t.wait(lambda: slow.hits > 0, 30, "the first file to come out")
    leech.blocks(BLOCKS)
    daemon.ctl("check", other.infohash)
    t.wait(lambda: daemon.state_of(other.infohash) == "seeding", 30,
        "the check")
    n = len(skipped(top))
    t.ok(n < PAIRS, "another torrent is served and checked meanwhile", n)
    t.wait(lambda: daemon.torrent(many.infohash)["have"] == many.size, 60,
        "the large file")
    n = len(skipped(top))
    t.ok(n < PAIRS, "and this one goes on", n)

    disk = daemon.children()["disk"]
    os.kill(disk, signal.SIGKILL)
    t.wait(lambda: daemon.children().get("disk", disk) != disk, 30,
        "the next disk child")
    before = slow.hits
    t.wait(lambda: slow.hits > before, 60, "it to go on")
    daemon.crash()
    n = len(skipped(top))
    t.ok(n < PAIRS, "disk and mimd were killed in the midst of it", n)
    slow.clear()
    daemon.start()
    daemon.wait_state(many.infohash, "seeding", 60)
    t.wait(lambda: len(skipped(top)) == PAIRS + 1, 60, "all files")
    t.wait(lambda: not [f for f in os.listdir(daemon.root)
        if f.endswith(".part")], 60, "the part file to go")
    t.equal(wrong(top, os.path.join(content, "many"), os.listdir(top)), [],
        "all of it is there, bit-exact")
    twice = len(seed.requests) - len(set(seed.requests))
    t.equal(twice, 0, "and nothing was fetched twice")
    daemon.ctl("check", many.infohash)
    daemon.wait_state(many.infohash, "seeding", 60)
    t.equal(daemon.torrent(many.infohash)["progress"], 1.0,
        "nor is anything missed by a check")


mimtest.main(test)
