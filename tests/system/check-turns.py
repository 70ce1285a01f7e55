#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Checks wait their turn on a disk that rotates and run side by side on one
# that does not, and a peer that asks meanwhile hardly notices.

import hashlib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent

PIECE = 4 << 20
PIECES = 512			# each a file that is a hole, and one of a byte:
BYTE = b"m"			# hashing, and hardly any reading
ROUNDS = 100


class OneCore(mimd.Mimd):
    """So that a check takes its time anywhere: show disk is a second behind."""

    def launch(self):
        core = min(os.sched_getaffinity(0))
        self.proc = self.t.spawn(["taskset", "-c", str(core),
            mimtest.program("mimd"), "-d", "-f", self.conf_path],
            self.log_path, host=self.host)


def checking(daemon):
    row, = daemon.ctl("show", "disk")["directories"]
    return row["checking"], row["queued"]


def put(daemon, torrent):
    top = os.path.join(daemon.root, torrent.name)
    os.mkdir(top)
    for f in torrent.files:
        with open(os.path.join(top, f.path), "wb") as out:
            if f.size == 1:
                out.write(BYTE)
            out.truncate(f.size)


def states(daemon, large):
    return [daemon.state_of(x.infohash) for x in large]


def turns(t, kind, large):
    """Two large checks on a device of this kind; how many ran at once."""
    daemon = OneCore(t, kind)
    daemon.conf = daemon.conf.replace(f"\"{daemon.root}\"\n",
        f"\"{daemon.root}\" {kind}\n", 1)
    daemon.write_conf(daemon.conf)
    for torrent in large:
        put(daemon, torrent)
    daemon.start()
    for torrent in large:
        daemon.add(torrent.save(t.root + "/x.torrent"), "-c")
    most = 0
    while "checking" in states(daemon, large):
        running, queued = checking(daemon)
        most = max(most, running)
        time.sleep(0.05)
    t.equal(states(daemon, large), ["seeding"] * 2, f"{kind}: all is checked")
    daemon.stop()
    return most


def latency(w, torrent, pieces):
    """Times of one request after the other, sorted, in ms."""
    times = []
    for piece in pieces:
        begin = time.monotonic()
        w.request(piece % torrent.npieces, 0, wire.BLOCK)
        w.until(wire.PIECE)
        times.append((time.monotonic() - begin) * 1000)
    return sorted(times)


def beside(t, large):
    daemon = mimd.Mimd(t, "beside", cache="1M")
    small = Torrent("small.bin", 64 << 20, 1 << 18).make(daemon.root)
    for torrent in large:
        put(daemon, torrent)
    daemon.start()
    daemon.add(small.save(t.root + "/small.torrent"), "-c")
    daemon.wait_state(small.infohash, "seeding", 30)
    w = wire.connect(t, (daemon.addr, daemon.port), small.infohash,
        timeout=60)
    w.send_handshake()
    w.read_handshake()
    w.msg(wire.INTERESTED)
    w.until(wire.UNCHOKE)
    quiet = latency(w, small, range(0, 7 * ROUNDS, 7))
    for torrent in large:
        daemon.add(torrent.save(t.root + "/x.torrent"), "-c")
    t.wait(lambda: checking(daemon)[0] > 0, 10, "the check to begin")
    busy = latency(w, small, range(3, 7 * ROUNDS, 7))
    t.equal(states(daemon, large)[1], "checking", "the checks still ran")
    half, most = ROUNDS // 2, ROUNDS * 95 // 100
    t.diag(f"a block: {quiet[half]:.2f} ms, 95 of 100 in {quiet[most]:.2f}; "
        f"beside checks {busy[half]:.2f} ms and {busy[most]:.2f}")
    t.ok(busy[half] < 5 * quiet[half] + 5, "a peer hardly notices a check",
        (quiet[half], busy[half]))
    w.close()


def test(t):
    files = [f for i in range(PIECES) for f in ((f"{i}.hole", PIECE - 1),
        (f"{i}.byte", 1))]
    large = [Torrent(f"large{i}", files, PIECE) for i in range(2)]
    for torrent in large:
        torrent.set_info(hashlib.sha1(bytes(PIECE - 1) + BYTE).digest() *
            PIECES)
    t.equal(turns(t, "rotating", large), 1, "rotating: one after the other")
    t.equal(turns(t, "solid", large), 2, "solid: side by side")
    beside(t, large)


mimtest.main(test)
