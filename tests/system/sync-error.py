#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A device that fails to keep what was written: no record claims it, and what
# the page cache still shows is written once more.

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import faulty
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 6_000_001
PIECE = 1 << 17
PAGE = 1 << 12


def written(calls):
    """The blocks of a page that were written to the broken file."""
    return {(offset + i) // PAGE for name, result, _, offset, _, path in calls
        if name == "pwrite" and path.endswith("x/one")
        for i in range(0, max(result, 0), PAGE)}


def recorded(daemon):
    """Has a record been written since the first sync that failed?"""
    names = [(name, error, path) for name, _, error, _, _, path
        in daemon.calls()]
    failed = [i for i, (name, error, _) in enumerate(names)
        if name == "fsync" and error == errno.EIO]
    return any("rename" in name and ".resume" in path
        for name, _, path in names[failed[0]:])


def test(t):
    content = t.dir("content")
    torrent = Torrent("x", [("one", 4_000_000), ("two", SIZE - 4_000_000)],
        PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    seed = wire.Seed(t, torrent, content)
    announce.fixed = [seed.peer]
    daemon = faulty.Faulty(t, record=True).start()
    broken = daemon.fault("fsync", "x/one", error=errno.EIO)
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    row = daemon.wait_state(torrent.infohash, "error", 30)
    t.match(row["error"], r"x/one: Input/output error",
        "a sync that fails is an error of the torrent")
    t.ok(broken.hits > 0, "it was injected")
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"] < SIZE, 10,
        "what was not kept to count no more")

    # Whatever the page cache says: it is on disk only after a sync.
    t.wait(lambda: recorded(daemon), 20, "the record to tell of it")
    daemon.crash()
    broken.clear()
    mark = len(daemon.calls())
    before = written(daemon.calls())
    t.ok(before, "some of it was written")
    daemon.start()
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(before - written(daemon.calls()[mark:]), set(),
        "all of that is written once more, also after the end of mimd")
    t.ok(len(seed.requests) < 2 * SIZE // wire.BLOCK,
        "not all of it had to come again", len(seed.requests))
    t.equal(daemon.stop(), 0, "ends in order")
    later = [(name, os.path.basename(path)) for name, result, _, _, _, path
        in daemon.calls()[mark:] if result == 0]
    t.ok(("fsync", "one") in later,
        "after a check it is synced before it is claimed", later[-20:])
    daemon.start()
    row = daemon.wait_state(torrent.infohash, "seeding", 10)
    t.equal(torrent.wrong(daemon.root), None, "bit-exact after a restart")


mimtest.main(test, timeout=60)
