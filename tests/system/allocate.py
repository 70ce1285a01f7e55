#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Files allocated in full before the first block comes; nobody but their
# torrent waits for it.

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import faulty
import mimtest
import tracker
import wire
from torrent import Torrent

M = 1 << 20
SLOW = 500_000			# bytes/s of a seed


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def add(t, daemon, announce, name, size, rate=None, flags=()):
    content = t.dir("content")
    torrent = Torrent(name, size, 1 << 16, seed=name).make(content)
    seed = wire.Seed(t, torrent, content, rate=rate)
    announce.known[torrent.infohash] = [seed.peer]
    daemon.add(torrent.save(f"{t.root}/{name}.torrent", announce.url), *flags)
    return torrent


def test(t):
    root, bare = t.dir("full"), t.dir("bare")
    mount("-t", "tmpfs", "-o", f"size={100 * M},mode=777", "none", root)
    # This one cannot allocate, nor tell how much space it has.
    mount("-t", "ramfs", "-o", "mode=777", "none", bare)
    announce = tracker.Tracker()
    daemon = faulty.Faulty(t, root=root,
        conf=f"allocate full\ndownload directory \"{bare}\"\n").start()
    large = add(t, daemon, announce, "large", 30 * M, SLOW)
    row = daemon.wait_state(large.infohash, "downloading", 20)
    st = os.stat(os.path.join(root, "large"))
    t.equal((st.st_size, st.st_blocks * 512), (large.size, large.size),
        "allocated in full")
    t.ok(row["have"] < large.size / 2, "before it is there", row["have"])
    plain = add(t, daemon, announce, "plain", 2 * M, flags=("-d", bare))
    daemon.wait_state(plain.infohash, "seeding", 20)
    t.equal(plain.wrong(bare), None, "where that cannot be done it goes on")
    t.match(daemon.log(), "cannot allocate: files stay sparse",
        "and the log says so")

    parts = add(t, daemon, announce, "parts", [("wanted", 1 * M),
        ("not", 80 * M), ("end", 1 * M)], flags=("-x", "not"))
    daemon.wait_state(parts.infohash, "seeding", 20)
    t.ok(not os.path.exists(os.path.join(root, "parts", "not")),
        "a file that is skipped is not allocated, nor is space for it asked")

    slow = daemon.fault("fallocate", "/long", delay=5000)
    before = daemon.torrent(large.infohash)["have"]
    long = add(t, daemon, announce, "long", 5 * M)
    row = daemon.wait_state(long.infohash, "waiting", 10)
    t.match(row["error"], "is being allocated", "one that takes long waits")
    began = time.monotonic()
    daemon.torrents()
    took = time.monotonic() - began
    t.ok(took < 2, "status does not", took)
    t.wait(lambda: daemon.torrent(large.infohash)["have"] > before, 20,
        "the other to go on")
    t.equal(daemon.state_of(long.infohash), "waiting", "nor do others")
    daemon.wait_state(long.infohash, "seeding", 30)
    t.equal(long.wrong(root), None, "then it goes on, too")
    t.ok(slow.hits > 0, "it was held up")


mimtest.main(test)
