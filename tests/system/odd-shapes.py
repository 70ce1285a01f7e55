#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Torrents whose shape is easily got wrong, downloaded and seeded on.

import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import wire
from torrent import File, Torrent, bdecode, bencode

KIB = 1024
MADE = os.path.join(mimtest.FIXTURES, "made")


def shapes():
    return [
        Torrent("one byte", 1, 16 * KIB),
        Torrent("one block", 16 * KIB, 16 * KIB),
        Torrent("one byte over", 16 * KIB + 1, 16 * KIB),
        Torrent("odd last piece", 10 * 256 * KIB + 17, 256 * KIB),
        Torrent("odd last block", 300 * KIB + 3, 64 * KIB),
        Torrent("smaller than its piece", 5000, 1 << 20),
        Torrent("huge piece", 40_000_000, 16 << 20),
        Torrent("tiny pieces", 100_000, 1 * KIB),
        Torrent("odd piece length", 1_000_000, 50_001),
        Torrent("empty files", [("a", 0), ("b/one", 70_000), ("b/two", 0),
            ("b/three", 0), ("c", 9), ("d", 0)], 32 * KIB),
        Torrent("on the boundary", [("a", 64 * KIB), ("b", 32 * KIB),
            ("c", 32 * KIB), ("d", 1)], 32 * KIB),
        Torrent("many in a piece", [(str(i), 100 + i) for i in range(500)],
            256 * KIB),
        Torrent("padded", [File("a", 10_000), File(".pad/6384", 6384, True),
            File("b", 16_385), File(".pad/16383", 16_383, True),
            File("c", 5)], 16 * KIB),
    ]


def fixture(t, name, announce):
    """A .torrent of the fixtures with our tracker; its info-hash, path."""
    with open(os.path.join(MADE, name), "rb") as f:
        meta = bdecode(f.read())
    meta[b"announce"] = announce.encode()
    meta.pop(b"announce-list", None)
    path = os.path.join(t.root, name)
    with open(path, "wb") as f:
        f.write(bencode(meta))
    infohash = hashlib.sha1(bencode(meta[b"info"])).hexdigest()
    return infohash, path


def same_tree(a, b):
    return subprocess.run(["diff", "-r", a, b]).returncode == 0


def test(t):
    content = t.dir("content")
    announce = tracker.Tracker(interval=3)
    daemon = mimd.Mimd(t).start()
    torrents = [s.make(content) for s in shapes()]
    seeds = {}
    for n, torrent in enumerate(torrents):
        seeds[torrent.name] = seed = wire.Seed(t, torrent, content)
        announce.known[torrent.infohash] = [seed.peer]
        daemon.add(torrent.save(f"{t.root}/{n}.torrent", announce.url))
    for torrent in torrents:
        daemon.wait_state(torrent.infohash, "seeding", 60)
        t.equal(torrent.wrong(daemon.root), None, torrent.name)
    extra = [r for s in seeds.values() for r in s.requests
        if r[2] > wire.BLOCK or r[2] == 0 or
        r[1] + r[2] > s.torrent.piece_size(r[0])]
    t.equal(extra, [], "no request leaves its piece or asks for too much")
    t.ok(not os.path.exists(os.path.join(daemon.root, "padded", ".pad")),
        "padding is not written")

    for name, tree in (("hybrid_single.torrent", "solo.bin"),
        ("hybrid_multi.torrent", "pack")):
        infohash, path = fixture(t, name, announce.url)
        clients.Libtorrent(t, path, name="seed of " + name,
            root=os.path.join(MADE, "content"), seed=True)
        daemon.add(path)
        daemon.wait_state(infohash, "seeding", 60)
        t.ok(same_tree(os.path.join(MADE, "content", tree),
            os.path.join(daemon.root, tree)), name)


mimtest.main(test)
