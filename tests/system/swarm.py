#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Three mimd and a seed that is slower than they: they must help one another.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent

SIZE = 48_000_007
SEED_RATE = 8_000_000		# bytes/s


def test(t):
    content = t.dir("content")
    torrent = Torrent("swarm", SIZE, 1 << 18).make(content)
    announce = tracker.Tracker(interval=3)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    seed = clients.Libtorrent(t, path, seed=True, root=content,
        up=SEED_RATE)
    daemons = [mimd.Mimd(t, f"mimd{i}").start() for i in range(3)]
    for daemon in daemons:
        daemon.add(path)
    for daemon in daemons:
        daemon.wait_state(torrent.infohash, "seeding", 60)
        t.equal(torrent.wrong(daemon.root), None, f"{daemon.name}: bit-exact")
    t.ok(seed.status["uploaded"] < 2 * SIZE,
        "they had a good part from one another", seed.status)
    def completed():
        return len(announce.of(torrent.infohash, "completed"))
    t.wait(lambda: completed() >= 3, 20, "all to be announced")
    t.equal(completed(), 3, "each told the tracker that it completed")


mimtest.main(test)
