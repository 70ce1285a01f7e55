#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Peers with manners of their own: each must still be of use, and know what
# we are about.

import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 3_000_001
PIECE = 1 << 17


class Scripted(wire.Seed):
    """Notes what mim says; lacks what is in missing; answers in turns."""

    missing = ()

    def __init__(self, t, torrent, root):
        self.seen = []		# kinds of messages
        self.haves = set()
        super().__init__(t, torrent, root)

    def serve(self, w):
        w.read_handshake()
        w.send_handshake()
        self.start(w)
        while True:
            kind, body = w.read_msg()
            self.seen.append(kind)
            if kind == wire.HAVE:
                self.haves.add(struct.unpack(">I", body)[0])
            elif kind == wire.REQUEST:
                self.answer(w, struct.unpack(">III", body))

    def start(self, w):
        w.bitfield(self.torrent.npieces, self.missing)
        w.msg(wire.UNCHOKE)

    def answer(self, w, r):
        self.requests.append(r)
        w.block(*r[:2], self.block_of(*r))
        self.sent += r[2]


class EarlyUnchoke(Scripted):
    """Unchokes who is not interested; tells its pieces one by one."""

    def start(self, w):
        w.msg(wire.UNCHOKE)
        time.sleep(0.2)
        for piece in range(self.torrent.npieces):
            w.msg(wire.HAVE, struct.pack(">I", piece))


class Choker(Scripted):
    """Forgets what was asked whenever it chokes, and chokes often."""

    chokes = 0

    def answer(self, w, r):
        if len(self.requests) % 40 == 20 and self.chokes < 4:
            self.chokes += 1
            w.msg(wire.CHOKE)
            time.sleep(0.2)
            w.sock.settimeout(0.1)
            try:		# all that was under way is forgotten
                while True:
                    w.read_msg()
            except TimeoutError:
                pass
            w.sock.settimeout(30)
            w.msg(wire.UNCHOKE)
            self.requests.append(r)
        else:
            super().answer(w, r)


class Refuser(Scripted):
    """Refuses a while as BitComet does, with blocks of no length."""

    refused = 0
    until = None

    def answer(self, w, r):
        self.until = self.until or time.monotonic() + 2
        if time.monotonic() < self.until:
            self.refused += 1
            w.msg(wire.PIECE, struct.pack(">II", *r[:2]))
        else:
            super().answer(w, r)


class Partial(Scripted):
    missing = (0, 1, 2)


def download(t, content, kinds, timeout=15):
    """From a peer of each kind, by a mimd of its own; (peers, mimd)."""
    torrent = Torrent("wanted", SIZE, PIECE).make(content)
    peers = [kind(t, torrent, content) for kind in kinds]
    announce = tracker.Tracker(interval=1800)
    announce.fixed = [p.peer for p in peers]
    name = kinds[0].__name__
    daemon = mimd.Mimd(t, name).start()
    daemon.add(torrent.save(f"{t.root}/{name}.torrent", announce.url))
    if kinds != [Partial]:
        row = daemon.wait_state(torrent.infohash, "seeding", timeout)
        t.ok(row["downloaded"] >= SIZE, f"{name}: the sum is there at once",
            row)
        t.equal(torrent.wrong(daemon.root), None, f"{name}: bit-exact")
    return torrent, peers, daemon


def test(t):
    content = t.dir("content")
    _, (early,), _ = download(t, content, [EarlyUnchoke])
    t.equal(early.seen[0], wire.INTERESTED, "interest comes before requests")
    _, (choker,), _ = download(t, content, [Choker])
    t.equal(choker.chokes, 4, "what a choke dropped is asked for again")
    _, (refuser,), _ = download(t, content, [Refuser])
    t.ok(1 <= refuser.refused < 30, "who refuses is not pestered",
        refuser.refused)

    torrent, (partial,), daemon = download(t, content, [Partial])
    t.wait(lambda: wire.NOT_INTERESTED in partial.seen, 10,
        "interest to end with what the peer has")
    t.equal([k for k in partial.seen
        if k in (wire.INTERESTED, wire.NOT_INTERESTED)],
        [wire.INTERESTED, wire.NOT_INTERESTED], "interest is exact")
    t.equal(partial.haves, set(range(3, torrent.npieces)),
        "each piece is announced")

    # Seeds part, but each knows first that the other is one.
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    w.send_handshake()
    w.read_handshake()
    w.bitfield(torrent.npieces)
    w.msg(wire.UNCHOKE)
    haves = 0
    try:
        while True:
            kind, body = w.read_msg()
            if kind == wire.BITFIELD:
                haves += sum(b.bit_count() for b in body)
            elif kind == wire.HAVE:
                haves += 1
            elif kind == wire.REQUEST:
                r = struct.unpack(">III", body)
                w.block(*r[:2], torrent.read(content, *r))
    except wire.Gone:
        pass
    t.equal(haves, torrent.npieces, "the last piece is announced to a seed")
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    w.send_handshake()
    w.bitfield(torrent.npieces)
    w.read_handshake()
    t.equal(w.read_msg()[0], wire.BITFIELD, "seed meets seed: both tell")
    try:
        w.until_gone()
    except wire.Gone:
        t.ok(True, "and part")


mimtest.main(test)
