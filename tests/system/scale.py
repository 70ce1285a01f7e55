#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A thousand idle torrents: quick to add and to load, small, and quiet.

import hashlib
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
from torrent import bencode

COUNT = 1000
SIZE = 4096
KIB_EACH = 6		# of the whole tree, for each torrent: it takes 2


def make(dir, root, announce):
    """COUNT torrents of a file of one piece, all there; their paths."""
    paths = []
    for i in range(COUNT):
        data = b"%07d\n" % i * (SIZE // 8)
        name = f"file-{i:04}"
        with open(os.path.join(root, name), "wb") as f:
            f.write(data)
        paths.append(os.path.join(dir, name + ".torrent"))
        with open(paths[-1], "wb") as f:
            f.write(bencode({"announce": announce, "info": {
                "length": SIZE, "name": name, "piece length": 16384,
                "pieces": hashlib.sha1(data).digest()}}))
    return paths


def anonymous(pids):
    """KiB of memory that is the processes' own."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            total += sum(int(line.split()[1]) for line in f
                if line.startswith("Pss_Anon:"))
    return total


def descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def cpu(pids):
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def pids_of(daemon):
    return [daemon.proc.pid, *daemon.children().values()]


def seeding(daemon):
    return sum(row["state"] == "seeding" for row in daemon.torrents())


def test(t):
    # In memory: a slow device is not what this is about.
    subprocess.run(["mount", "-t", "tmpfs", "none", t.dir("mimd")],
        check=True)
    announce = tracker.Tracker()
    daemon = mimd.Mimd(t, conf="lsd no\n").start()
    empty = anonymous(pids_of(daemon))
    empty_fds = descriptors(pids_of(daemon))
    paths = make(t.dir("torrents"), daemon.root, announce.url)
    daemon.ctl("add", "-c", *paths)
    t.wait(lambda: seeding(daemon) == COUNT, 60, "all to be checked")
    t.equal(daemon.stop(), 0, "stops with a thousand torrents")

    before = len(announce.announces)
    daemon.start()
    t.equal(seeding(daemon), COUNT, "all are there when mimd is ready")
    t.wait(lambda: len({a.infohash for a in
        announce.announces[before:]}) == COUNT, 60, "all announces")
    pids = pids_of(daemon)
    if not mimtest.sanitized():
        full = anonymous(pids)
        each = (full - empty) / COUNT
        t.diag(f"{each:.1f} KiB for a torrent")
        t.ok(each < KIB_EACH, f"one takes less than {KIB_EACH} KiB")
    # What is open for the tracker, and to the files just looked at, goes.
    t.ok(t.wait(lambda: descriptors(pids) < empty_fds + 32, 30,
        "descriptors to be closed"), "none keeps a descriptor")
    used = cpu(pids)
    time.sleep(3)
    t.ok(cpu(pids) - used < 0.3, "they cost no time while idle",
        f"{cpu(pids) - used} s in 3 s")
    row = daemon.torrents(str(COUNT))
    t.equal(len(row), 1, "one of them is found")
    status, out, err = daemon.run("remove", "all")
    t.equal((status, err), (0, ""), "all are removed at once")
    t.wait(lambda: daemon.torrents() == [], 30, "all to be gone")
    if not mimtest.sanitized():
        # What any torrent makes a process fetch once, it keeps.
        t.ok(t.wait(lambda: anonymous(pids) - empty < (full - empty) * 3 / 4,
            30, "memory to be given back"), "they leave no memory behind")
        t.diag(f"{anonymous(pids) - empty} of {full - empty} KiB are left")
    t.equal(daemon.stop(), 0, "stops with exit status 0")


mimtest.main(test)
