#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Super seeding (BEP 16) to three leeches of different make: little is sent
# twice, and nobody sees more than a piece or two ahead.

import os
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 20_000_001
PIECE = 1 << 18


def greet(t, seed, torrent):
    w = wire.connect(t, (seed.addr, seed.port), torrent.infohash, timeout=20)
    w.send_handshake(reserved=wire.FAST_BIT)
    w.read_handshake()
    w.msg(wire.HAVE_NONE)
    return w


def shown(w, count):
    """Pieces that it tells of: as many, and all until it falls silent."""
    pieces = []
    try:
        while True:
            w.sock.settimeout(20 if len(pieces) < count else 1)
            kind, body = w.read_msg()
            if kind == wire.HAVE:
                pieces.append(struct.unpack(">I", body)[0])
            elif kind in (wire.BITFIELD, wire.HAVE_ALL):
                return None
    except TimeoutError:
        return pieces


def first_sight(t, seed, torrent):
    a, b = greet(t, seed, torrent), greet(t, seed, torrent)
    t.equal(a.read_msg()[0], wire.HAVE_NONE, "it says that it has nothing")
    of_a, of_b = shown(a, 2), shown(b, 2)
    t.ok(len(of_a) == len(of_b) == 2, "and then shows two pieces",
        (of_a, of_b))
    t.ok(not set(of_a) & set(of_b), "others to others", (of_a, of_b))
    a.msg(wire.INTERESTED)
    a.until(wire.UNCHOKE)
    a.request(of_b[0], 0, wire.BLOCK)
    t.equal(a.until(wire.PIECE, wire.REJECT)[0], wire.REJECT,
        "what was not shown is not to be had")
    a.request(of_a[0], 0, wire.BLOCK)
    t.equal(a.until(wire.PIECE, wire.REJECT)[0], wire.PIECE,
        "what was, is")
    b.msg(wire.HAVE, struct.pack(">I", of_a[0]))
    t.equal(len(shown(a, 1)), 1, "once another has a piece, one more is shown")
    a.close()
    b.close()


def end_of_it(t, seed, torrent):
    w = greet(t, seed, torrent)
    before = shown(w, 2)
    seed.ctl("set", torrent.infohash, "super-seeding", "no")
    rest = shown(w, torrent.npieces - len(before))
    t.equal(sorted(before + rest), list(range(torrent.npieces)),
        "when it ends all is told, nothing twice")
    w.close()
    w = greet(t, seed, torrent)
    t.equal(w.read_msg()[0], wire.HAVE_ALL, "and to others at once")
    w.close()


def test(t):
    content = t.dir("content")
    torrent = Torrent("first", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=5)
    path = torrent.save(t.root + "/first.torrent", announce.url)
    seed = mimd.Mimd(t, "seed", root=content, conf="rate up 4M\n").start()
    seed.add(path, "-c")
    seed.wait_state(torrent.infohash, "seeding", 20)
    seed.ctl("set", torrent.infohash, "super-seeding", "yes")
    first_sight(t, seed, torrent)
    before = seed.torrent(torrent.infohash)["uploaded"]

    leech = mimd.Mimd(t, "leech").start()
    leech.add(path)
    libtorrent = clients.Libtorrent(t, path)
    transmission = clients.Transmission(t)
    transmission.add(path)
    leech.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(leech.root), None, "mim: bit-exact")
    t.wait(lambda: libtorrent.progress() == 1, 60, "libtorrent's leech")
    t.equal(torrent.wrong(libtorrent.root), None, "libtorrent: bit-exact")
    t.wait(lambda: transmission.progress() == 1, 60, "Transmission's leech")
    t.equal(torrent.wrong(transmission.root), None,
        "Transmission: bit-exact")
    # The last statistics are a second old at most.
    time.sleep(1.1)
    sent = seed.torrent(torrent.infohash)["uploaded"] - before
    t.diag(f"the seed sent {sent / SIZE:.2f} times the torrent's size "
        "to three leeches")
    t.ok(sent < 1.5 * SIZE, "little was sent twice", sent)
    end_of_it(t, seed, torrent)


mimtest.main(test)
