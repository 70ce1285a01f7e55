#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# mimd alone seeds to Transmission, aria2 and libtorrent at once.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent


def test(t):
    seed = mimd.Mimd(t)
    torrent = Torrent("seeded", [("a.bin", 40_000_003), ("b/c.bin", 9_000_000),
        ("b/d.bin", 17)], 1 << 18).make(seed.root)
    announce = tracker.Tracker(interval=5)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    seed.start()
    seed.add(path, "-c")
    row = seed.wait_state(torrent.infohash, "seeding", 30)
    t.equal(row["downloaded"], 0, "existing data was found, not fetched")
    t.wait(lambda: announce.of(torrent.infohash, "started"), 10,
        "mimd's announce")
    t.equal(announce.of(torrent.infohash)[0]["left"], "0",
        "the tracker is told that nothing is left")

    transmission = clients.Transmission(t)
    transmission.add(path)
    libtorrent = clients.Libtorrent(t, path)
    aria2 = clients.Aria2(t, path)
    t.wait(lambda: libtorrent.progress() == 1, 60, "libtorrent's leech")
    t.equal(torrent.wrong(libtorrent.root), None, "libtorrent: bit-exact")
    t.wait(aria2.done, 90, "aria2's leech")
    t.equal(torrent.wrong(aria2.root), None, "aria2: bit-exact")
    t.wait(lambda: transmission.progress() == 1, 90, "Transmission's leech")
    t.equal(torrent.wrong(transmission.root), None, "Transmission: bit-exact")
    t.equal([a.params for a in announce.of(torrent.infohash, "completed")
        if a.addr == seed.addr], [],
        "who began complete does not say that it completed")
    # Statistics arrive once a second.
    row = t.wait(lambda: (lambda r: r["uploaded"] > torrent.size and r)(
        seed.torrent(torrent.infohash)), 20, "the sum of uploads")
    t.ok(row["ratio"] > 1, "the ratio counts what was uploaded", row)


mimtest.main(test)
