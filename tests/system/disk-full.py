#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The disk fills in the middle of a download, which waits, says so, and goes
# on by itself when there is room.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 24_000_001
SMALL, LARGE = "16m", "64m"
LEEWAY = 4 << 20		# blocks that were lost with the full disk


def test(t):
    content = t.dir("content")
    torrent = Torrent("big", [("one", 10_000_000), ("two", SIZE - 10_000_000)],
        1 << 18).make(content)
    root = t.dir("small")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=777",
        "none", root], check=True)
    announce = tracker.Tracker()
    seed = wire.Seed(t, torrent, content)
    announce.fixed = [seed.peer]
    daemon = mimd.Mimd(t, root=root).start()
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    row = daemon.wait_state(torrent.infohash, "waiting", 30)
    t.match(row["error"] or "", "(?i)space", "the error names what is missing")
    t.ok(row["have"] > 12_000_000, "what fitted is kept", row)
    status, out, err = daemon.run("status")
    t.match(out, "waiting", "status shows it")
    t.equal(sum(r["restarts"] for r in daemon.processes().values()), 0,
        "no child died of it")
    subprocess.run(["mount", "-o", f"remount,size={LARGE}", root], check=True)
    row = daemon.wait_state(torrent.infohash, "seeding", 75)
    t.equal(torrent.wrong(root), None, "goes on by itself, bit-exact")
    t.equal(row["error"], None, "the error is gone")
    t.ok(seed.sent <= SIZE + LEEWAY, "nothing on disk was fetched again",
        seed.sent)


mimtest.main(test, timeout=150)
