#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The limits that a seed sets its peers, with the smallest cache there is.

import os
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 6_000_001
PIECE = 1 << 18


class Ring:
    """What the tests below share: a seed, and how to call it."""

    def __init__(self, t, name="mimd", limits=()):
        self.t = t
        self.daemon = mimd.Mimd(t, name, cache="1M", limits=limits,
            conf="max peers 100 per torrent 90\n")
        self.torrent = Torrent("limits", SIZE, PIECE).make(self.daemon.root)
        self.announce = tracker.Tracker(interval=1800)
        self.daemon.start()
        self.daemon.add(self.torrent.save(f"{t.root}/{name}.torrent",
            self.announce.url), "-c")
        self.daemon.wait_state(self.torrent.infohash, "seeding", 20)

    def call(self):
        return wire.connect(self.t, (self.daemon.addr, self.daemon.port),
            self.torrent.infohash)

    def greet(self, peer_id=None):
        """A connection past the handshake; (wire, mimd's id)."""
        w = self.call()
        w.send(wire.PROTOCOL + bytes(8) + w.infohash +
            (peer_id or b"-TT0001-" + os.urandom(12)))
        return w, w.read_handshake()[1]

    def pid(self):
        return self.daemon.children()["peer"]


def dropped(w):
    try:
        w.until_gone()
    except wire.Gone:
        return True
    except TimeoutError:
        return False


def unchoked(ring):
    w, _ = ring.greet()
    w.msg(wire.INTERESTED)
    while w.read_msg()[0] != wire.UNCHOKE:
        pass
    return w


def answers(w, ring, piece=0, begin=0):
    """Does it send a block when asked?"""
    try:
        w.request(piece, begin, 1000)
        while True:
            kind, body = w.read_msg()
            if kind == wire.PIECE:
                return body[8:] == ring.torrent.read(ring.daemon.root, piece,
                    begin, 1000)
    except (wire.Gone, TimeoutError):
        return False


def identities(t, ring):
    w, own = ring.greet()
    t.ok(dropped(ring.greet(own)[0]), "it does not talk to itself")
    twin = b"-TT0001-twintwintwin"
    first, _ = ring.greet(twin)
    t.equal(first.read_msg()[0], wire.BITFIELD, "a peer is welcome")
    t.ok(dropped(ring.greet(twin)[0]), "but not twice")
    first.msg(wire.INTERESTED)
    t.equal(first.read_msg()[0], wire.UNCHOKE, "the first stays")


def invalid_requests(t, ring):
    w = unchoked(ring)
    for _ in range(300):
        w.request(0, PIECE - 100, 1000)
    t.ok(answers(w, ring), "300 requests beyond a piece are let pass")
    w.request(0, PIECE - 100, 1000)
    t.ok(dropped(w), "one more is not")


def floods(t, ring):
    def keepalive(w):
        w.send(bytes(4))

    def have(w):
        w.msg(wire.HAVE, struct.pack(">I", 1))

    def bitfield(w):
        w.bitfield(ring.torrent.npieces, missing=(1, 2))

    def flutter(w):
        w.msg(wire.CHOKE)
        w.msg(wire.UNCHOKE)

    for act, few, many in ((keepalive, 500, 2500), (have, 500, 2500),
        (bitfield, 5, 40), (flutter, 500, 2500)):
        w = unchoked(ring)
        for _ in range(few):
            act(w)
        fine = answers(w, ring)
        try:
            for _ in range(many):
                act(w)
            gone = dropped(w)
        except wire.Gone:
            gone = True
        t.ok(fine and gone, f"a flood ends the connection: {act.__name__}",
            (fine, gone))


def slow_readers(t, ring):
    """64 slots; sixty peers that hold half a block each."""
    held = []
    for _ in range(60):
        w = unchoked(ring)
        w.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for i in range(64):
            w.request(i % (ring.torrent.npieces - 1), i // 16 * wire.BLOCK,
                wire.BLOCK)
        held.append(w)
    time.sleep(0.5)
    cpu = cpu_ms(ring.pid())
    time.sleep(1)
    t.ok(cpu_ms(ring.pid()) - cpu < 300, "slow readers cost no time")
    data = {}
    w = ring.call()
    wire.leech(w, ring.torrent, reversed(range(ring.torrent.npieces)),
        lambda piece, begin, block: data.update({(piece, begin): block}))
    t.ok(all(ring.torrent.read(ring.daemon.root, p, b, len(d)) == d
        for (p, b), d in data.items()) and
        sum(map(len, data.values())) == SIZE,
        "with sixty slow readers and 64 slots one more gets all of it")
    for w in held:
        w.close()


def cpu_ms(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 10


def shared_kib(pid):
    text = mimtest.read_text(f"/proc/{pid}/status")
    return int(text.split("RssShmem:")[1].split()[0])


def half_open(t, ring):
    """Addresses where nobody is: some are called, never all at once."""
    other = Torrent("nobody", 1_000_000, PIECE).make(t.dir("nobody"))
    announce = tracker.Tracker(interval=1800)
    announce.fixed = [(f"10.99.{100 + i // 100}.{1 + i % 100}", 6881)
        for i in range(300)]
    ring.daemon.add(other.save(t.root + "/y.torrent", announce.url))

    def syn_sent():
        text = subprocess.run([*ring.daemon.host.prefix, "cat",
            "/proc/net/tcp"], capture_output=True, text=True).stdout
        return sum(line.split()[3] == "02" for line in text.splitlines()[1:])

    most = 0
    end = time.monotonic() + 3
    while time.monotonic() < end:
        most = max(most, syn_sent())
        time.sleep(0.02)
    t.ok(20 <= most <= 64, "at most 64 connects are under way", most)
    ring.daemon.ctl("remove", other.infohash)


def descriptors(t):
    """Out of descriptors: no spinning, and on as soon as there are some."""
    ring = Ring(t, "poor", ("--nofile=120",))
    pid = ring.pid()
    calls = [ring.call() for _ in range(160)]
    before = cpu_ms(pid)
    time.sleep(2)
    t.ok(cpu_ms(pid) - before < 200, "no spinning without descriptors",
        cpu_ms(pid) - before)
    t.ok(1 <= ring.daemon.log().count("accept") <= 2,
        "but a line in the log", ring.daemon.log())
    for w in calls[:-10]:
        w.close()
    try:
        calls[-1].send_handshake()
        calls[-1].read_handshake()
        t.ok(True, "the next are served when others leave")
    except (wire.Gone, TimeoutError) as e:
        t.ok(False, "the next are served when others leave", e)


def test(t):
    ring = Ring(t)
    lazy = [ring.call() for _ in range(3)]
    lazy[1].send(wire.PROTOCOL)
    lazy[2].send(wire.PROTOCOL + bytes(8) + lazy[2].infohash)
    began = time.monotonic()

    identities(t, ring)
    invalid_requests(t, ring)
    floods(t, ring)
    slow_readers(t, ring)
    t.ok(shared_kib(ring.pid()) > 200, "the cache is in memory",
        shared_kib(ring.pid()))
    half_open(t, ring)
    descriptors(t)

    for w in lazy:
        w.sock.settimeout(max(1, began + 22 - time.monotonic()))
    t.ok(all([dropped(w) for w in lazy]),
        "who does not finish the handshake is dropped")
    t.wait(lambda: shared_kib(ring.pid()) < 100,
        began + 30 - time.monotonic(), "the cache to be given back")
    t.ok(True, "an idle cache is given back")
    t.equal(ring.daemon.processes()["peer"]["restarts"], 0,
        "the same process served all along")


mimtest.main(test)
