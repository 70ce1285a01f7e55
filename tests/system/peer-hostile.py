#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Peers that break the protocol or lie; mim completes from an honest one.

import os
import random
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 24_000_001
PIECE = 1 << 18
HONEST_RATE = 2_500_000		# slow: the others have all the time they want


def greet(w):
    """Both handshakes, whoever called."""
    w.send_handshake()
    w.read_handshake()


def oversized(w, n):
    greet(w)
    w.send(struct.pack(">I", 0xffffffff) + b"\x07")
    flood(w, b"x" * 65536)


def long_block(w, n):
    greet(w)
    w.bitfield(n)
    w.send(struct.pack(">IB", 9 + (1 << 20), wire.PIECE))
    flood(w, b"x" * 65536)


def flood(w, data):
    for _ in range(4096):
        w.send(data)


def bitfield_long(w, n):
    greet(w)
    w.msg(wire.BITFIELD, b"\xff" * (n // 8 + 100))
    w.until_gone()


def bitfield_short(w, n):
    greet(w)
    w.msg(wire.BITFIELD, b"\xff")
    w.until_gone()


def bitfield_spare(w, n):
    greet(w)
    w.msg(wire.BITFIELD, b"\xff" * -(-n // 8))
    w.until_gone()


def have_beyond(w, n):
    greet(w)
    w.msg(wire.HAVE, struct.pack(">I", n))
    w.msg(wire.HAVE, struct.pack(">I", 0xffffffff))
    w.until_gone()


def unrequested(w, n):
    """Blocks that nobody asked for, right in form."""
    greet(w)
    w.bitfield(n)
    w.msg(wire.UNCHOKE)
    for i in range(2000):
        w.block(i % (n - 1), (i % 16) * wire.BLOCK, bytes(wire.BLOCK))


def requests(w, n):
    """Asks for what cannot be had, in heaps."""
    greet(w)
    w.msg(wire.INTERESTED)
    for _ in range(20000):
        w.request(random.randrange(1 << 32), random.randrange(1 << 32),
            random.randrange(1 << 32))
    w.until_gone()


def wrong_sizes(w, n):
    """Known messages with bodies too short or too long."""
    greet(w)
    for kind in range(9):
        w.msg(kind, b"\0" * (3 if kind != wire.HAVE else 7))
    w.until_gone()


def half_handshake(w, n):
    w.send(wire.PROTOCOL[:11])
    time.sleep(30)


def other_protocol(w, n):
    w.send(b"GET / HTTP/1.0\r\n\r\n" * 8)
    w.until_gone()


def other_torrent(w, n):
    w.send_handshake(infohash=bytes(20))
    w.read_handshake()
    w.until_gone()


def silent_choke(w, n):
    """Has everything and never gives any."""
    greet(w)
    w.bitfield(n)
    for _ in range(300):
        w.msg(wire.CHOKE)
        w.msg(wire.UNCHOKE)
        time.sleep(0.1)


def never_reads(w, n):
    w.send_handshake()
    w.bitfield(n)
    time.sleep(30)


# Must not stay connected; the rest may, as they harm nobody.
BREAKERS = [oversized, long_block, bitfield_long, bitfield_short,
    bitfield_spare, have_beyond, wrong_sizes, other_protocol, other_torrent]
PESTS = [unrequested, requests, half_handshake, silent_choke, never_reads]


def call_in(t, daemon, torrent, script, ended):
    """The same from the other side: script as an incoming peer."""
    try:
        w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            timeout=25)
        script(w, torrent.npieces)
    except wire.Gone:
        ended.add(script.__name__)
    except TimeoutError:
        pass


def banned(t, daemon, torrent, addr):
    """Does mimd refuse to shake hands with this address?"""
    try:
        w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            addr=addr, timeout=3)
        w.send_handshake()
        w.read_handshake()
        return False
    except (wire.Gone, OSError):
        return True


def test(t):
    content = t.dir("content")
    torrent = Torrent("wanted", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    daemon = mimd.Mimd(t, conf="max peers 200 per torrent 100\n").start()
    honest = wire.Seed(t, torrent, content, rate=HONEST_RATE)
    liars = [wire.Liar(t, torrent, content, rate=4 * HONEST_RATE)
        for _ in range(2)]
    scripts = BREAKERS + PESTS
    out = {s.__name__: wire.Listener(t, torrent.infohash,
        lambda w, s=s: s(w, torrent.npieces)) for s in scripts}
    announce.fixed = [x.peer for x in out.values()] + \
        [x.peer for x in liars] + [honest.peer]
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    ended = set()
    for script in scripts:
        threading.Thread(target=call_in, daemon=True,
            args=(t, daemon, torrent, script, ended)).start()

    t.wait(lambda: all(x.sent for x in liars), 15,
        "the liars to be asked")
    t.wait(lambda: {s.__name__ for s in BREAKERS} <= ended, 30,
        "those that broke the protocol to be dropped: " +
        " ".join(s.__name__ for s in BREAKERS if s.__name__ not in ended))
    t.ok(True, "who breaks the protocol is dropped")
    row = daemon.wait_state(torrent.infohash, "seeding", 90)
    t.equal(torrent.wrong(daemon.root), None,
        "bit-exact, from the honest peer")
    t.ok(all(x.accepted for x in out.values()), "mimd met all of them",
        [name for name, x in out.items() if not x.accepted])
    for liar in liars:
        t.ok(banned(t, daemon, torrent, liar.addr),
            "who sent corrupt pieces is banned")
        t.ok(liar.accepted <= 3, "and not called any more", liar.accepted)
        t.ok(liar.sent < SIZE / 2, "nor asked for much", liar.sent)
    t.ok(not banned(t, daemon, torrent, honest.addr),
        "the honest peer is not banned")
    t.ok(row["downloaded"] < 3 * SIZE, "little was wasted", row)
    restarts = {r: x["restarts"] for r, x in daemon.processes().items()}
    t.equal(sum(restarts.values()), 0, "no child died of it")
    t.ok(mimtest.sanitized() or
        daemon.processes()["peer"]["memory"] < 96 << 20, "peer stayed small",
        daemon.processes()["peer"])


mimtest.main(test, timeout=180)
