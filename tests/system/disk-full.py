#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A disk without room, from the start or in the middle of a download: the
# torrent waits, says so, and goes on by itself when there is room.

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
RATE = 8_000_000		# bytes/s of the seed: time to fill the disk
SMALL, LARGE = "16m", "40m"


def fill(path):
    """Take what room there is."""
    with open(path, "wb", buffering=0) as f:
        try:
            while True:
                f.write(bytes(1 << 16))
        except OSError:
            pass


def waits(t, daemon, torrent, when):
    row = daemon.wait_state(torrent.infohash, "waiting", 30)
    t.match(row["error"] or "", "(?i)space",
        f"{when}: waits, and says for what")
    return row


def test(t):
    content = t.dir("content")
    torrent = Torrent("big", [("one", 10_000_000), ("two", SIZE - 10_000_000)],
        1 << 18).make(content)
    root = t.volume("small", SMALL)
    filler = os.path.join(root, "filler")
    announce = tracker.Tracker()
    seed = wire.Seed(t, torrent, content, rate=RATE)
    announce.fixed = [seed.peer]
    daemon = mimd.Mimd(t, root=root).start()
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    waits(t, daemon, torrent, "a torrent larger than the disk")
    status, out, err = daemon.run("status")
    t.match(out, "waiting", "status shows it")

    subprocess.run(["mount", "-o", f"remount,size={LARGE}", root], check=True)
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"] > SIZE / 4, 60,
        "the download to go on by itself")
    fill(filler)
    row = waits(t, daemon, torrent, "a disk that fills in the middle")
    asked = len(seed.requests)
    missing = SIZE - row["have"]
    t.ok(SIZE / 4 < row["have"] < SIZE, "what fitted is kept", row)
    t.equal(sum(r["restarts"] for r in daemon.processes().values()), 0,
        "no child died of it")
    os.unlink(filler)
    row = daemon.wait_state(torrent.infohash, "seeding", 75)
    t.equal(torrent.wrong(root), None, "goes on by itself, bit-exact")
    t.equal(row["error"], None, "the error is gone")
    again = seed.asked_since(asked)
    t.ok(again <= missing, "nothing on disk was fetched again",
        (again, missing))


mimtest.main(test)
