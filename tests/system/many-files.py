#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# 20,000 small files, with no more descriptors than the usual 1024.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent

COUNT = 20_000


def test(t):
    content = t.dir("content")
    torrent = Torrent("many", [(f"{i % 100:02}/{i:05}", 4096)
        for i in range(COUNT)], 1 << 18).make(content)
    announce = tracker.Tracker(interval=3)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    clients.Libtorrent(t, path, seed=True, root=content)
    daemon = mimd.Mimd(t, limits=["--nofile=1024:1024"]).start()
    daemon.add(path)
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None, "downloads bit-exact")
    row = daemon.torrents("-f", "1")[0]
    t.equal(len(row["files"]), COUNT, "status -f lists every file")
    t.ok(all(f["have"] == f["size"] for f in row["files"]),
        "each is complete")
    leech = clients.Libtorrent(t, path, name="leech")
    t.wait(lambda: leech.progress() == 1, 60, "a leech")
    t.equal(torrent.wrong(leech.root), None, "seeds bit-exact")
    t.equal(daemon.stop(), 0, "stops with exit status 0")
    daemon.start()
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal(torrent.wrong(daemon.root), None, "is there after a restart")


mimtest.main(test, timeout=400)
