#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# No tracker, no discovery: peers that were of use are found again by the next
# mimd, though that was killed or ended.

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
from torrent import Torrent

ALONE = "lsd no\n"


def test(t):
    content = t.dir("content", mimtest.SERVICE_USER)
    torrent = Torrent("known", 8_000_000, 1 << 16).make(content)
    path = torrent.save(t.root + "/x.torrent")
    seed = mimd.Mimd(t, "seed", conf=ALONE, root=content).start()
    seed.add(path, "-c")
    seed.wait_state(torrent.infohash, "seeding", 30)
    seed.ctl("limit", "up", "100K")

    leech = mimd.Mimd(t, "leech", conf=ALONE).start()
    leech.add(path)
    leech.ctl("peers", torrent.infohash, "add", f"{seed.addr}:{seed.port}")
    t.wait(lambda: sum(p["downloaded"] for p in
        leech.peers(torrent.infohash)), 30, "something of it")
    leech.stop()
    leech.start()
    row = t.wait(lambda: leech.peers(torrent.infohash), 30,
        "the peer of before")[0]
    t.equal(row["source"], "resume", "it is known from before")
    leech.stop()

    # It is out of reach for a while: that is no reason to forget it.
    seed.stop()
    leech.start()
    t.wait(lambda: leech.state_of(torrent.infohash), 10, "the torrent")
    leech.proc.send_signal(signal.SIGKILL)
    leech.proc.wait()
    seed.start()
    leech.start()
    leech.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(leech.root), None,
        "and again, after it could not be reached: bit-exact")


mimtest.main(test)
