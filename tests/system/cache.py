#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Fifty peers that want the same pieces cost one reading of them.

import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent

PEERS = 50
PIECES = range(16, 24)
PIECE = 1 << 17


def chars_read(pid):
    """All that a process has read, by read(2) and its kin."""
    with open(f"/proc/{pid}/io") as f:
        return int(re.search(r"rchar: (\d+)", f.read())[1])


def test(t):
    daemon = mimd.Mimd(t, cache="16M")
    torrent = Torrent("wanted.bin", 8_000_001, PIECE).make(daemon.root)
    daemon.start()
    daemon.add(torrent.save(t.root + "/x.torrent"), "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    disk = daemon.children()["disk"]
    before = chars_read(disk)
    wrong, done = [], []

    def look(piece, begin, data):
        if data != torrent.read(daemon.root, piece, begin, len(data)):
            wrong.append((piece, begin))

    def fetch(addr):
        w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            addr, timeout=60)
        wire.leech(w, torrent, PIECES, look)
        done.append(addr)
        w.close()

    threads = [threading.Thread(target=fetch, args=(t.addr(),), daemon=True)
        for _ in range(PEERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    size = len(PIECES) * PIECE
    read = chars_read(disk) - before
    t.equal(len(done), PEERS, "all had what they wanted")
    t.equal(wrong, [], "and it was right")
    t.diag(f"{PEERS * size} bytes sent, {read} read by disk")
    t.ok(size <= read < 1.3 * size, "disk read it once",
        f"{read} bytes for {size}")

    def told():
        answer = daemon.ctl("show", "disk")
        return answer["cache"]["blocks_sent"] >= PEERS * size // wire.BLOCK \
            and answer["directories"][0]["read"] >= size and answer
    answer = t.wait(told, 10, "show disk to tell")
    directory, = answer["directories"]
    t.ok(size <= directory["read"] < 1.3 * size,
        "show disk tells the same", directory)
    t.ok(0.97 < answer["cache"]["hit_rate"] < 1, "and the hit rate",
        answer["cache"])
    t.equal([directory["dir"], directory["torrents"], directory["written"],
        directory["error"]], [daemon.root, 1, 0, None], "and the rest")
    t.ok(0 < directory["free"] <= directory["size"], "and the space")
    t.match(daemon.run("show", "disk")[1], r"hit rate 9\d\.\d%",
        "for people, too")
    rows = daemon.run("-H", "show", "disk")[1].splitlines()
    t.equal([row.split("\t")[0] for row in rows], [daemon.root],
        "and for scripts")


mimtest.main(test)
