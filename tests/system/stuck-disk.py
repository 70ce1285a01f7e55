#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The disk child stands still in the middle of a download and of an upload:
# status is answered as fast as ever and says so, the peers are told nothing
# wrong, and when the disk is back all goes on.

import os
import signal
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import control
import mimd
import mimtest
import wire
from torrent import Torrent

PIECE = 1 << 17
CALLS = 200
STALL = 5			# seconds after which mimd says that it is stuck


class Watch:
    """A leech of mimd's that keeps asking, and looks at what it is told."""

    def __init__(self, t, daemon, torrent, content):
        self.torrent = torrent
        self.content = content
        self.haves = set()
        self.wrong = []
        self.blocks = 0
        self.gone = None
        self.wire = wire.connect(t, (daemon.addr, daemon.port),
            torrent.infohash, timeout=60)
        self.wire.send_handshake()
        self.wire.read_handshake()
        self.wire.msg(wire.INTERESTED)
        self.asked = set()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while True:
                self.take(*self.wire.read_msg())
        except (wire.Gone, TimeoutError) as e:
            self.gone = str(e)

    def take(self, kind, body):
        if kind == wire.HAVE:
            piece, = struct.unpack(">I", body)
            self.haves.add(piece)
            self.ask(piece)
        elif kind == wire.BITFIELD:
            self.haves |= {i for i in range(self.torrent.npieces)
                if body[i // 8] & 0x80 >> (i % 8)}
        elif kind == wire.UNCHOKE:
            for piece in self.haves:
                self.ask(piece)
        elif kind == wire.PIECE:
            piece, begin = struct.unpack(">II", body[:8])
            if body[8:] != self.torrent.read(self.content, piece, begin,
                len(body) - 8):
                self.wrong.append((piece, begin))
            self.blocks += 1

    def ask(self, piece):
        self.wire.request(piece, 0, wire.BLOCK)

    def lies(self, root):
        """Pieces that it was told of and that are not in the file."""
        return [p for p in self.haves if self.torrent.read(root, p, 0,
            self.torrent.piece_size(p)) != self.torrent.read(self.content,
            p, 0, self.torrent.piece_size(p))]


def ask(daemon):
    """How long CALLS requests for the status take, sorted, in ms."""
    with control.connect(daemon) as sock:
        return sorted(control.status_ms(sock) for _ in range(CALLS))


def slowest(daemon):
    """99 of 100 take no longer, in ms, in the best of three rounds."""
    return min(ask(daemon)[CALLS * 99 // 100] for _ in range(3))


def stuck(t, daemon, torrent, seed, watch):
    pid = daemon.children()["disk"]
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(0.5)		# what it had said is read
        before = set(watch.haves)
        p99 = slowest(daemon)
        t.wait(lambda: daemon.ctl("status")["stalled"] >= STALL, 20,
            "the stall to be told")
        t.match(daemon.run("status")[1], "disk has not answered for",
            "status says that disk is stuck")
        t.match(daemon.run("show", "summary")[1],
            "disk has not answered for", "so does the summary")
        disk = daemon.ctl("show", "disk")
        t.ok(disk["stalled"] >= STALL and disk["cache"]["slots_writing"],
            "so does show disk, with what waits", disk)
        t.wait(lambda: "disk has not answered for" in daemon.log(), 20,
            "the log to say so")
        t.equal(watch.haves, before, "no piece is told of meanwhile")
        t.equal(daemon.children()["disk"], pid, "disk was left alone")
    finally:
        os.kill(pid, signal.SIGCONT)
    base = slowest(daemon)
    t.diag(f"status, 99 of 100: {p99:.2f} ms while disk is stopped, "
        f"{base:.2f} ms afterwards")
    t.ok(p99 < max(20, 3 * base), "status is as fast as ever",
        f"{p99} ms, {base} ms afterwards")


def test(t):
    content = t.dir("content")
    torrent = Torrent("stuck.bin", 24_000_001, PIECE).make(content)
    seed = wire.Seed(t, torrent, content, rate=2_000_000)
    daemon = mimd.Mimd(t).start()
    daemon.add(torrent.save(t.root + "/x.torrent"))
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"] > 0, 15,
        "the first piece")
    watch = Watch(t, daemon, torrent, content)
    t.wait(lambda: watch.blocks > 2, 15, "the first uploads")
    stuck(t, daemon, torrent, seed, watch)
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(daemon.root), None, "bit-exact")
    t.equal(seed.accepted, 1, "the seed stayed connected")
    t.equal(watch.gone, None, "the leech stayed connected")
    t.wait(lambda: len(watch.haves) == torrent.npieces, 10,
        "the leech to be told of all")
    t.equal(watch.lies(daemon.root), [], "all that it was told is true")
    t.equal(watch.wrong, [], "all that it was sent is right")
    t.wait(lambda: daemon.ctl("status")["stalled"] == 0, 20,
        "the stall to end")
    t.match(daemon.log(), "disk answers again", "the log tells of its end")


mimtest.main(test)
