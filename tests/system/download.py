#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A big multi-file torrent from a Transmission seed found through opentracker,
# by a mimd started as root and by one started as an ordinary user.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
from torrent import Torrent

FILES = [("readme.txt", 1234), ("disc 1/one.bin", 150_000_001),
    ("disc 1/two.bin", 99_999_999), ("disc 2/three.bin", 65_536_000),
    ("disc 2/empty", 0), ("é.txt", 77)]


def test(t):
    content = t.dir("content")
    runs = [("root", None), ("user", mimd.SPARE_USER)]
    torrents = {name: Torrent(f"for {name}", FILES, 1 << 20, name)
        .make(content) for name, _ in runs}
    tracker = clients.Opentracker(t, [x.infohash for x in torrents.values()])
    seed = clients.Transmission(t, root=content)
    daemons = {}
    for name, user in runs:
        torrent = torrents[name]
        path = torrent.save(f"{t.root}/{name}.torrent", tracker.url)
        seed.add(path)
        daemon = daemons[name] = mimd.Mimd(t, name, user=user).start()
        daemon.add(path)
    for name, user in runs:
        torrent, daemon = torrents[name], daemons[name]
        row = daemon.wait_state(torrent.infohash, "seeding", 120)
        t.equal(torrent.wrong(daemon.root), None, f"{name}: bit-exact")
        t.equal((row["have"], row["size"], row["progress"]),
            (torrent.size, torrent.size, 1), f"{name}: status says all of it")
        # Statistics arrive once a second.
        row = t.wait(lambda: (lambda r: r["downloaded"] >= torrent.size and r)
            (daemon.torrent(torrent.infohash)), 20, "the sum of downloads")
        t.ok(row["downloaded"] < torrent.size * 1.02,
            f"{name}: fetched once", row)
        uids = {row["uid"] for role, row in daemon.processes().items()
            if role in mimd.CHILDREN}
        t.ok(0 not in uids, f"{name}: no child is root", uids)


mimtest.main(test)
