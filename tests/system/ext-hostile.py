#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Each message of the extensions (BEP 6, 10, 21, 54) at a wrong length and a
# wrong time, and in floods: peer stays small, and serves who is honest.

import os
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent, bdecode, bencode

SIZE = 16_000_001
PIECE = 1 << 18
FLOOD_S = 8
MEMORY = 40 << 20		# more than before the floods


class Ring:
    def __init__(self, t):
        self.t = t
        self.daemon = mimd.Mimd(t, cache="8M",
            conf="max peers 400 per torrent 300\n")
        self.torrent = Torrent("target", SIZE, PIECE).make(self.daemon.root)
        announce = tracker.Tracker(interval=1800)
        self.daemon.start()
        self.path = self.torrent.save(t.root + "/x.torrent", announce.url)
        self.daemon.add(self.path, "-c")
        self.daemon.wait_state(self.torrent.infohash, "seeding", 20)
        self.stop = threading.Event()
        self.sent = {}			# messages, by script

    def greet(self, reserved=wire.BOTH_BITS, timeout=10):
        w = wire.connect(self.t, (self.daemon.addr, self.daemon.port),
            self.torrent.infohash, timeout=timeout)
        w.send_handshake(reserved=reserved)
        w.read_handshake()
        return w

    def memory(self):
        return self.daemon.processes()["peer"]["memory"]


def index(n):
    return struct.pack(">I", n)


def block(piece, begin=0, length=wire.BLOCK):
    return struct.pack(">III", piece, begin, length)


def raw(size, kind, body=b""):
    """A message that says it is so long."""
    return struct.pack(">IB", size, kind) + body


def wrong_messages(n):
    """(what, bytes, reserved bits): each must end the connection."""
    both, plain = wire.BOTH_BITS, bytes(8)
    right = [(wire.SUGGEST, index(1)), (wire.HAVE_ALL, b""),
        (wire.HAVE_NONE, b""), (wire.REJECT, block(1)),
        (wire.ALLOWED_FAST, index(1))]
    for kind, body in right:
        yield f"{kind} without the bit", raw(len(body) + 1, kind, body), plain
        yield f"{kind} too long", raw(len(body) + 2, kind, body + b"\0"), both
        yield f"{kind} very long", raw(1 << 31, kind, body), both
        if body:
            yield f"{kind} too short", raw(len(body), kind, body[1:]), both
            yield f"{kind} beyond the end", raw(len(body) + 1, kind,
                index(n) + body[4:]), both
    yield "extended without an id", raw(1, wire.EXTENDED), both
    yield "extended and too long", raw(65539, wire.EXTENDED, b"\0"), both
    yield "extended of 4 GiB", raw(0xffffffff, wire.EXTENDED, b"\0"), both


def wrong(t, ring):
    kept = []
    rows = list(wrong_messages(ring.torrent.npieces))
    for what, data, reserved in rows:
        w = ring.greet(reserved, timeout=3)
        try:
            w.send(data)
            w.until_gone()
        except wire.Gone:
            pass
        except TimeoutError:
            kept.append(what)
        w.close()
    t.equal(kept, [], f"each of {len(rows)} wrong messages ends it")


# Floods: each makes messages until the other side hangs up.

def handshakes(ring):
    """Bombs of many shapes."""
    bombs = [b"d1:ml" + b"i0e" * 5000 + b"ee", b"l" * 16000, b"d" * 16000,
        b"d1:md" + b"".join(b"%d:%dzi%de" % (len(str(i)) + 1, i, i)
            for i in range(10000, 11500)) + b"ee",
        b"d1:v15000:" + b"\xff" * 15000 + b"e", b"99999999999:",
        b"d1:v99999999:e", b"i" + b"9" * 16000 + b"e", b"\0" * 16000,
        bencode({"m": {"ut_pex": 1, "lt_donthave": 2, "upload_only": 3},
            "reqq": 1 << 40, "p": 1 << 20, "metadata_size": 1 << 50})]
    while True:
        for bomb in bombs:
            yield raw(len(bomb) + 2, wire.EXTENDED, b"\0" + bomb)


def long_handshakes(ring):
    while True:
        yield raw(65538, wire.EXTENDED, b"\0" + bytes(65536))


def unknown_ids(ring):
    while True:
        for number in range(1, 256):
            yield raw(1002, wire.EXTENDED, bytes([number]) + bytes(1000))


def flutter(first, second):
    def make(ring):
        while True:
            yield first
            yield second
    return make


def every_index(kind):
    def make(ring):
        while True:
            for i in range(ring.torrent.npieces):
                yield raw(5, kind, index(i))
    return make


def rejects(ring):
    while True:
        for i in range(ring.torrent.npieces):
            yield raw(13, wire.REJECT, block(i))


def donthaves(ring):
    """Has all but one, and loses and finds another over and over."""
    n = ring.torrent.npieces
    bits = bytearray(b"\xff" * (n // 8) + bytes([0xff00 >> n % 8 & 0xff]))
    bits[0] &= 0x7f
    yield raw(1 + len(bits), wire.BITFIELD, bytes(bits))
    number = ring.ids[b"lt_donthave"]
    while True:
        yield raw(6, wire.EXTENDED, bytes([number]) + index(5))
        yield raw(5, wire.HAVE, index(5))


def upload_onlies(ring):
    """It says so before it has a handshake of ours to go by."""
    number = ring.ids[b"upload_only"]
    while True:
        yield raw(3, wire.EXTENDED, bytes([number, 0]))
        yield raw(4, wire.EXTENDED, bytes([number, 1, 1]))


def requests(ring):
    """Far beyond reqq, and reads nothing."""
    yield raw(1, wire.INTERESTED)
    while True:
        for i in range(ring.torrent.npieces):
            yield raw(13, wire.REQUEST, block(i))


def choked_requests(ring):
    while True:
        for i in range(ring.torrent.npieces):
            yield raw(13, wire.REQUEST, block(i))


def request_cancel(ring):
    yield raw(1, wire.INTERESTED)
    while True:
        yield b"".join(raw(13, wire.REQUEST, block(i))
            for i in range(ring.torrent.npieces))
        yield b"".join(raw(13, wire.CANCEL, block(i))
            for i in range(ring.torrent.npieces))


FLOODS = {
    "handshake bombs": handshakes, "long handshakes": long_handshakes,
    "unknown ids": unknown_ids, "donthave": donthaves,
    "upload_only": upload_onlies, "reject": rejects,
    "suggest": every_index(wire.SUGGEST),
    "allowed fast": every_index(wire.ALLOWED_FAST),
    "have-none": flutter(raw(1, wire.HAVE_NONE), raw(1, wire.HAVE_NONE)),
    "have-none and have": flutter(raw(1, wire.HAVE_NONE),
        raw(5, wire.HAVE, index(1))),
    "requests, never read": requests, "requests while choked":
        choked_requests, "requests and cancels": request_cancel,
}
# The rest is well-behaved enough to stay, as long as it lasts.
MUST_END = ["handshake bombs", "long handshakes", "unknown ids", "donthave",
    "upload_only", "reject", "suggest", "allowed fast", "have-none",
    "requests, never read", "requests while choked"]


def flood(ring, name, ended):
    while not ring.stop.is_set():
        try:
            w = ring.greet(timeout=3)
            chunk = []
            for data in FLOODS[name](ring):
                chunk.append(data)
                ring.sent[name] = ring.sent.get(name, 0) + 1
                if len(chunk) >= 64 or len(data) > 1000:
                    w.send(b"".join(chunk))
                    chunk = []
                if ring.stop.is_set():
                    return
        except wire.Gone:
            ended.add(name)
        except (TimeoutError, OSError):
            pass
        ring.stop.wait(0.05)


def half_bodies(ring):
    """Many that begin a message and leave it at that."""
    for _ in range(100):
        try:
            w = ring.greet()
            w.send(raw(16386, wire.EXTENDED, b"\0" + b"d" * 16000))
            ring.halves.append(w)
        except (wire.Gone, OSError):
            pass


def honest(t, ring, name, meanwhile=lambda: None):
    """A libtorrent that fetches all of it; seconds that it took."""
    begun = time.monotonic()
    leech = clients.Libtorrent(t, ring.path, name)

    def done():
        meanwhile()
        return leech.progress() == 1

    t.wait(done, 60, f"the leech {name}")
    took = time.monotonic() - begun
    t.equal(ring.torrent.wrong(leech.root), None, f"{name}: bit-exact")
    mimtest.stop(leech.proc)
    return took


def floods(t, ring):
    ended = set()
    alone = honest(t, ring, "alone")
    before = ring.memory()
    threads = [threading.Thread(target=flood, args=(ring, name, ended),
        daemon=True) for name in FLOODS]
    for thread in threads:
        thread.start()
    ring.halves = []
    half_bodies(ring)
    peak, begun = [0], time.monotonic()

    def watch():
        peak[0] = max(peak[0], ring.memory())
        return time.monotonic() - begun > FLOOD_S

    among = honest(t, ring, "among", watch)
    t.wait(watch, FLOOD_S + 1, "the floods to be over", 0.1)
    ring.stop.set()
    for thread in threads:
        thread.join(10)
    for w in ring.halves:
        w.close()
    t.diag("messages sent: " + ", ".join(f"{name} {n}"
        for name, n in sorted(ring.sent.items())))
    t.diag(f"memory of peer: {before >> 10} KiB before, {peak[0] >> 10} KiB "
        f"at most, {ring.memory() >> 10} KiB now")
    t.diag(f"libtorrent fetched {SIZE} bytes in {alone:.1f} s alone, in "
        f"{among:.1f} s among {len(FLOODS)} floods and 100 half messages")
    t.equal([name for name in MUST_END if name not in ended], [],
        "floods that say nothing end")
    t.ok(mimtest.sanitized() or peak[0] - before < MEMORY,
        "peer stays small", peak[0] - before)


def test(t):
    ring = Ring(t)
    w = ring.greet()
    w.ext(0, bencode({"m": {}}))
    ring.ids = bdecode(w.until(wire.EXTENDED)[1][1:])[b"m"]
    w.close()
    pid = ring.daemon.children()["peer"]
    wrong(t, ring)
    floods(t, ring)
    t.equal(ring.daemon.children()["peer"], pid, "and lives")


mimtest.main(test, timeout=120)
