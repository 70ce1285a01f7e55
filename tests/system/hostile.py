#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A seed among hostile peers (tests/system/hostile): each message wrong in
# each way, floods of each type, handshakes and messages that never end,
# broken encryption, mutations of valid sessions.  It stays small, and serves
# who is honest.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import hostile
import mimd
import mimtest
import tracker
from torrent import Torrent

SIZE = 16_000_001
PIECE = 1 << 18
SECONDS = 8
MEMORY = 16 << 20		# more than before


def fetch(t, path, torrent, name):
    """A libtorrent that fetches all of it; seconds that it took."""
    begun = time.monotonic()
    leech = clients.Libtorrent(t, path, name)
    t.wait(lambda: leech.progress() == 1, 60, f"the leech {name}")
    took = time.monotonic() - begun
    t.equal(torrent.wrong(leech.root), None, f"{name}: bit-exact")
    mimtest.stop(leech.proc)
    return took


def test(t):
    daemon = mimd.Mimd(t, cache="8M",
        conf="max peers 600 per torrent 500\nrate up 6M\n")
    torrent = Torrent("target", SIZE, PIECE).make(daemon.root)
    announce = tracker.Tracker(interval=1800)
    daemon.start()
    path = torrent.save(t.root + "/x.torrent", announce.url)
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    alone = fetch(t, path, torrent, "alone")
    seed = int(os.environ.get("SEED") or time.time())
    watch = hostile.Watch(daemon)
    peers = hostile.Hostile(t, daemon, torrent, ["wrong", "floods", "slow",
        "mse", "mutations"], SECONDS, seed=seed)
    among = fetch(t, path, torrent, "among hostile peers")
    rows = peers.wait()
    watch.end()
    hostile.judge(t, rows, "called")
    t.diag(f"SEED={seed}; {watch}")
    t.diag(f"libtorrent fetched {SIZE} bytes in {alone:.1f} s alone, in "
        f"{among:.1f} s among them")
    t.ok(mimtest.sanitized() or watch.grown() < MEMORY, "peer stays small",
        watch.grown())
    t.ok(mimtest.sanitized() or among < 5 * alone + 15,
        "an honest peer is not starved", (alone, among))
    t.ok(watch.slowest < 5, "mimctl is answered all the while",
        watch.slowest)
    t.equal(watch.restarts(), 0, "no child died of it")


mimtest.main(test)
