#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
crowd.py [client ...]

How fast a swarm of many leeches spreads what one slow seed has: a seed that
uploads RATE bytes a second, and LEECHES leeches that may upload as much each.
The ideal time is the content's size over that rate; a swarm that shares well
is not far from it.  Every client forms a swarm of its own kind, one after the
other; prints when the first, the middle and the last leech were done.
"""

import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
    "..", "system", "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent

RATE = 2 << 20
LEECHES = 20
SIZE = 96 << 20
PIECE = 256 << 10
LIMIT = 6 * SIZE // RATE	# seconds: a swarm that takes longer has failed
GOAL = 1.4


class MimLeech:
    def __init__(self, t, path, infohash, i, content=None):
        self.infohash = infohash
        self.daemon = mimd.Mimd(t, f"mim{i}", root=content,
            conf=f"rate up {RATE >> 10}K\n").start()
        self.daemon.add(path, *(["-c"] if content else []))

    def done(self):
        return self.daemon.state_of(self.infohash) == "seeding"


class LibtorrentLeech:
    def __init__(self, t, path, infohash, i, content=None):
        self.client = clients.Libtorrent(t, path, seed=content is not None,
            root=content, up=RATE, name=f"lt{i}")

    def done(self):
        return self.client.status["progress"] == 1


class TransmissionLeech:
    def __init__(self, t, path, infohash, i, content=None):
        self.client = clients.Transmission(t, name=f"tr{i}", root=content)
        self.client.rpc("session-set", **{"speed-limit-up": RATE >> 10,
            "speed-limit-up-enabled": True})
        self.client.add(path)

    def done(self):
        return self.client.progress() == 1


KINDS = {"mim": MimLeech, "libtorrent": LibtorrentLeech,
    "transmission": TransmissionLeech}


def crowd(t, name, torrent, content):
    """Seconds from the start until each leech was done."""
    announce = tracker.Tracker(interval=30)
    path = torrent.save(f"{t.root}/{name}.torrent", announce.url)
    kind = KINDS[name]
    seed = kind(t, path, torrent.infohash, "-seed", content)
    t.wait(seed.done, 60, "the seed")
    start = time.monotonic()
    left = [kind(t, path, torrent.infohash, i) for i in range(LEECHES)]
    times = []
    while left and time.monotonic() - start < LIMIT:
        time.sleep(1)
        for leech in [x for x in left if x.done()]:
            times.append(time.monotonic() - start)
            left.remove(leech)
    return times + [float("inf")] * len(left)


def test(t):
    content = t.dir("content")
    torrent = Torrent("crowd", SIZE, PIECE).make(content)
    ideal = SIZE / RATE
    for name in sys.argv[1:] or ["mim"]:
        times = crowd(t, name, torrent, content)
        t.diag(f"{name}: {LEECHES} leeches, ideal {ideal:.0f} s; "
            f"first {min(times) / ideal:.2f}, "
            f"median {statistics.median(times) / ideal:.2f}, "
            f"last {max(times) / ideal:.2f} times that")
        if name == "mim":
            t.ok(max(times) < GOAL * ideal, f"all within {GOAL} times")
        for close in reversed(t.closers):
            close()
        t.closers.clear()


mimtest.main(test, timeout=3600)
