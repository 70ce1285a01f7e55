#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A device that fails to keep what was written: no record claims it, and what
# the page cache still shows is written once more.  Many files are synced all
# at once, until that fails.

import errno
import os
import re
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
MANY = 300


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


def synced(t, daemon, announce, name):
    """Download many files; the syncs of these until the record after that."""
    content = t.dir(name)
    torrent = Torrent(name, [(f"{i % 3}/{i}", 1000) for i in range(MANY)],
        1 << 14).make(content)
    seed = wire.Seed(t, torrent, content)
    announce.fixed = [seed.peer]
    mark = len(daemon.calls())
    daemon.add(torrent.save(f"{t.root}/{name}.torrent", announce.url))
    daemon.wait_state(torrent.infohash, "seeding", 30)

    def syncs():
        """Those at the end, each with its result; None before the record."""
        calls = [(call, result, path) for call, result, _, _, _, path
            in daemon.calls()[mark:] if f"/{name}/" in path or
            call == "syncfs" or torrent.infohash + ".resume" in path]
        wrote = [i for i, call in enumerate(calls) if f"/{name}/" in call[2]
            and call[0] == "pwrite"]
        found = [i for i, call in enumerate(calls) if "sync" in call[0] and
            "resume" not in call[2]]
        named = [i for i, call in enumerate(calls) if "rename" in call[0]]
        if not found or not wrote[-1] < found[-1] < named[-1]:
            return None
        return [calls[i] for i in found]

    t.wait(syncs, 20, "its record")
    return syncs()


def test_many(t, daemon, announce):
    calls = [call[:2] for call in synced(t, daemon, announce, "many")]
    t.equal(calls, [("syncfs", 0)], "many files are synced all at once")
    rule = daemon.fault("syncfs", "", error=errno.EIO)
    calls = synced(t, daemon, announce, "each")
    t.equal((calls[0][0], len({path for call, result, path in calls[1:]
        if result == 0 and re.search(r"/each/\d/\d+$", path)})),
        ("syncfs", MANY), "each by itself, should that fail")
    rule.clear()
    calls = [call[0] for call in synced(t, daemon, announce, "later")]
    t.ok("syncfs" not in calls and calls.count("fsync") >= MANY,
        "and so ever after", calls[:9])


def test_record(t, daemon, torrent):
    """A record that cannot take the place of the one before."""
    rule = daemon.fault("renameat", ".resume.tmp", error=errno.EIO)

    def fails(n):
        daemon.ctl("limit", torrent.infohash, "up", f"{n}000K")
        t.wait(lambda: len(re.findall("records cannot be written: Input",
            daemon.log())) == n, 20, "a record that fails")

    fails(1)
    t.equal(daemon.state_of(torrent.infohash), "seeding",
        "a record that cannot be named is no error of the torrent")
    daemon.crash()
    daemon.start()
    row = daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal(row["have"], SIZE, "the one before it stands")
    fails(2)
    rule.clear()
    daemon.ctl("limit", torrent.infohash, "up", "3000K")
    t.wait(lambda: "records are written again" in daemon.log(), 20,
        "records to be written again")


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
    test_record(t, daemon, torrent)
    test_many(t, daemon, announce)


mimtest.main(test)
