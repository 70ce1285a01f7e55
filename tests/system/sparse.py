#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A file of 5 GiB that is nearly all hole: offsets beyond 4 GiB, a check of
# what is there, blocks served and fetched at the far end.

import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import File, Torrent

GIB = 1 << 30
SIZE = 5 * GIB + 12345
PIECE = 4 << 20
DATA = [(0, 9_000_000), (4 * GIB - 3_000_000, 6_000_000),
    (5 * GIB - 5_000_000, 5_012_345)]


def test(t):
    daemon = mimd.Mimd(t)
    torrent = Torrent("sparse.img", File("sparse.img", SIZE, data=DATA),
        PIECE).make(daemon.root)
    announce = tracker.Tracker()
    path = torrent.save(t.root + "/x.torrent", announce.url)
    image = os.path.join(daemon.root, "sparse.img")
    daemon.start()

    start = time.monotonic()
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.diag(f"checked in {time.monotonic() - start:.1f} s")
    t.ok(os.stat(image).st_blocks * 512 < GIB, "a check leaves holes alone",
        os.stat(image))

    far = [1024, 1279, torrent.npieces - 1]
    got = {}
    leech = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    wire.leech(leech, torrent, far,
        lambda piece, begin, data: got.update({(piece, begin): data}))
    wrong = [key for key, data in got.items()
        if data != torrent.read(daemon.root, *key, len(data))]
    t.equal((len(got) > 300, wrong), (True, []),
        "blocks beyond 4 GiB are served right")
    leech.close()

    # Lose the far end, and one piece before it; have them fetched again.
    reference = os.path.join(t.dir("content"), "sparse.img")
    daemon.ctl("stop", "1")
    os.rename(image, reference)
    subprocess.run(["cp", "--sparse=always", reference, image], check=True)
    os.truncate(image, 4 * GIB)
    shutil.chown(image, mimtest.SERVICE_USER)
    seed = wire.Seed(t, torrent, os.path.dirname(reference))
    announce.fixed = [seed.peer]
    daemon.ctl("check", "1")
    t.wait(lambda: (lambda r: r["state"] != "checking" and
        r["progress"] < 1)(daemon.torrent(torrent.infohash)), 60,
        "the end of the check")
    row = daemon.torrent(torrent.infohash)
    t.equal(row["have"], 4 * GIB, "the check sees what is lost")
    daemon.ctl("start", "1")
    daemon.wait_state(torrent.infohash, "seeding", 90)
    t.equal(torrent.wrong(daemon.root), None, "fetched again bit-exact")
    t.equal(seed.sent, SIZE - 4 * GIB, "and nothing else was fetched")


mimtest.main(test, timeout=240)
