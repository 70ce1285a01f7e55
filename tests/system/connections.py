#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Which connections are made and kept: no second one to a peer, none to
# ourselves, none from seed to seed; who fails is tried less and less; when
# all places are taken, the useless make way and the good stay.

import functools
import os
import re
import signal
import socket
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

SIZE = 2_000_001
PIECE = 1 << 17
EXTENDED = 20


class Ring:
    """A torrent, who speaks of it, and a mimd that has or wants it."""

    def __init__(self, t, name, seed=False, conf="", fixed=(), limits=()):
        self.t = t
        self.daemon = mimd.Mimd(t, name, conf=conf, limits=limits)
        self.root = self.daemon.root if seed else t.dir("content-" + name)
        self.torrent = Torrent(name, SIZE, PIECE).make(self.root)
        self.announce = tracker.Tracker(interval=1800)
        self.announce.fixed = list(fixed)
        self.path = self.torrent.save(f"{t.root}/{name}.torrent",
            self.announce.url)
        if seed:
            self.begin("-c")
            self.daemon.wait_state(self.torrent.infohash, "seeding", 20)

    def begin(self, *flags):
        self.daemon.start()
        self.daemon.run("log", "debug")
        self.daemon.add(self.path, *flags)

    def call(self, addr=None, peer_id=None):
        """Past the handshake; (wire, mimd's id)."""
        w = wire.connect(self.t, (self.daemon.addr, self.daemon.port),
            self.torrent.infohash, addr=addr)
        w.send(wire.PROTOCOL + bytes(8) + w.infohash +
            (peer_id or b"-TT0001-" + os.urandom(12)))
        return w, w.read_handshake()[1]

    def peers(self):
        return self.daemon.torrent(self.torrent.infohash)["peers"]


def gone(w, timeout=20):
    w.sock.settimeout(timeout)
    try:
        w.until_gone()
    except wire.Gone:
        return True
    except TimeoutError:
        return False


def duplicates(t):
    ring = Ring(t, "twice", seed=True)
    peer_id = b"-TT0001-" + os.urandom(12)
    first, _ = ring.call(peer_id=peer_id)
    t.wait(lambda: ring.peers() == 1, 20, "the first")
    second, _ = ring.call(peer_id=peer_id)
    t.ok(gone(second), "a second connection with the same id is closed")
    t.ok(not gone(first, 0.3), "the first stays")

    # Seeds, at least those that do not speak of upload only.
    seed, _ = ring.call()
    seed.bitfield(ring.torrent.npieces)
    t.ok(gone(seed), "seed and seed part")

    # A whole crowd with one id costs nobody his place.
    for _ in range(20):
        ring.call(peer_id=peer_id)
    t.ok(not gone(first, 0.3), "whatever comes with its id")


def simultaneous(t):
    """Two mims call each other at the same moment: one of both stays."""
    a, b = (mimd.Mimd(t, name) for name in ("a", "b"))
    content = t.dir("content-both")
    torrent = Torrent("both", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    announce.fixed = [(d.addr, d.port) for d in (a, b)]
    path = torrent.save(f"{t.root}/both.torrent", announce.url)
    for d in (a, b):
        d.start()
        d.run("log", "debug")
    threads = [threading.Thread(target=d.add, args=(path,)) for d in (a, b)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def met():
        return [d.torrent(torrent.infohash)["peers"] for d in (a, b)]
    def selves():
        return [d.log().count("that is ourselves") for d in (a, b)]
    t.wait(lambda: met() == [1, 1] and min(selves()) >= 2, 20,
        "both to have met")
    time.sleep(1.5)
    t.equal(met(), [1, 1], "once, and for good")
    t.equal(selves(), [2, 2], "each met itself once, at both ends")


def backoff(t):
    """A port where nobody listens, and one that hangs up."""
    calls = []

    def hang_up(w):
        calls.append(time.monotonic())

    nobody = wire.Listener(t, "00" * 20, hang_up)
    ring = Ring(t, "away", conf="encryption off\n", fixed=[nobody.peer])
    nobody.infohash = ring.torrent.infohash
    ring.begin()
    t.wait(lambda: len(calls) >= 2, 20, "the second call")
    gap = calls[1] - calls[0]
    t.ok(7 <= gap <= 12, "who hangs up is called again after a while", gap)
    ring.daemon.stop()


def replacement(t):
    """Four places.  One good peer, three that want nothing; one more."""
    ring = Ring(t, "full", seed=True, conf="max peers 20 per torrent 4\n")
    good, _ = ring.call()
    good.msg(wire.INTERESTED)
    while good.read_msg()[0] != wire.UNCHOKE:
        pass
    good.request(0, 0, wire.BLOCK)
    while good.read_msg()[0] != wire.PIECE:
        pass
    idle = [ring.call()[0] for _ in range(3)]
    t.wait(lambda: ring.peers() == 4, 20, "all places to be taken")
    try:
        ring.call()
        t.ok(False, "newcomers do not push out newcomers")
    except wire.Gone:
        t.ok(True, "newcomers do not push out newcomers")
    time.sleep(5.5)
    more = [ring.call()[0] for _ in range(2)]
    t.equal([gone(idle[0]), gone(idle[1]), gone(idle[2], 0.5)],
        [True, True, False], "those of no use make way, the oldest first")
    t.ok(not gone(good, 0.3) and not gone(more[0], 0.3),
        "the good one and the new ones stay")


def remembered(t):
    """Heard of by exchange alone: the next peer child knows it, too."""
    ring = Ring(t, "known", conf="encryption off\n")
    seed = wire.Seed(t, ring.torrent, ring.root, rate=300_000)
    ring.begin()
    w = wire.connect(t, (ring.daemon.addr, ring.daemon.port),
        ring.torrent.infohash)
    w.send_handshake(reserved=b"\0\0\0\0\0\x10\0\0")
    w.read_handshake()
    kind, body = w.read_msg()
    while kind != EXTENDED:
        kind, body = w.read_msg()
    pex = int(re.search(rb"6:ut_pexi(\d+)e", body)[1])
    w.msg(EXTENDED, b"\0d1:md6:ut_pexi1eee")
    peer = socket.inet_aton(seed.addr) + struct.pack(">H", seed.port)
    w.msg(EXTENDED, bytes([pex]) + b"d5:added6:" + peer + b"7:added.f1:\0e")
    t.wait(lambda: ring.daemon.torrent(ring.torrent.infohash)["downloaded"],
        15, "some payload")
    w.close()
    time.sleep(1.2)
    ring.daemon.kill_child("peer")
    ring.daemon.wait_state(ring.torrent.infohash, "seeding", 20)
    t.equal(seed.accepted, 2, "a new peer child goes on with good peers")


def early(t):
    """Who comes before disk has said what there is waits for the answer."""
    ring = Ring(t, "early", seed=True)
    disk = ring.daemon.children()["disk"]
    os.kill(disk, signal.SIGSTOP)
    ring.daemon.kill_child("peer")
    w = wire.connect(t, (ring.daemon.addr, ring.daemon.port),
        ring.torrent.infohash)
    stranger = wire.connect(t, (ring.daemon.addr, ring.daemon.port),
        "77" * 20)
    for x in (w, stranger):
        x.send_handshake()
        x.msg(wire.INTERESTED)
        x.sock.settimeout(2)
        try:
            x.read(1)
            t.ok(False, "it is not answered yet")
        except TimeoutError:
            t.ok(True, "who is early is neither answered nor sent away")
    os.kill(disk, signal.SIGCONT)
    w.sock.settimeout(20)
    w.read_handshake()
    while w.read_msg()[0] != wire.UNCHOKE:
        pass
    t.ok(True, "... but let in then, with all that it said")
    t.ok(gone(stranger, 30), "who asks for what never comes is sent away")


def scarce(t):
    """Few descriptors: fewer peers are allowed, and the log says so."""
    ring = Ring(t, "scarce", seed=True, conf="max peers 1000 per torrent "
        "1000\n", limits=["--nofile=256:256"])
    t.match(ring.daemon.log(), r"max peers 1000: descriptors for 140 only",
        "descriptors limit the peers")
    many = []
    try:
        for _ in range(200):
            many.append(ring.call(addr=mimtest.TEST_ADDR)[0])
    except wire.Gone:
        pass
    t.equal(len(many), 140, "so many are let in")
    t.equal(ring.daemon.processes()["peer"]["restarts"], 0,
        "by the same process")


def test(t):
    parts = (replacement, duplicates, simultaneous, backoff, remembered,
        early, scarce)
    t.together(*[functools.partial(part, t) for part in parts])


mimtest.main(test)
