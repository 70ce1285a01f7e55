#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Liars among honest peers that share pieces with them: the liars are banned,
# nobody else is, and what they cost is bounded.  Who is suspected has to prove
# itself alone, also if it leaves and comes again.

import os
import random
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

MIB = 1 << 20


class Sometimes(wire.Seed):
    """A seed that lies in some blocks, and hangs up after so many lies."""

    def __init__(self, *args, part=1.0, leave=None, **kw):
        self.part = part
        self.leave = leave
        self.lies = 0
        self.lock = threading.Lock()
        super().__init__(*args, **kw)

    def block_of(self, piece, begin, length):
        data = super().block_of(piece, begin, length)
        if random.random() >= self.part:
            return data
        with self.lock:
            self.lies += 1
            if self.leave is not None and self.lies > self.leave:
                raise wire.Gone("said enough")
        return bytes([data[0] ^ 1]) + data[1:]


class Swarm:
    """A torrent, honest seeds and liars, and a mimd that downloads it."""

    def __init__(self, t, name, size, piece_length):
        self.t = t
        self.name = name
        self.content = t.dir(name + "-content")
        self.torrent = Torrent(name, size, piece_length).make(self.content)
        self.announce = tracker.Tracker(interval=1800)
        self.honest = []
        self.liars = []

    def add(self, n, rate):
        self.honest += [wire.Seed(self.t, self.torrent, self.content,
            rate=rate) for _ in range(n)]

    def add_liar(self, rate, **kw):
        self.liars.append(Sometimes(self.t, self.torrent, self.content,
            rate=rate, **kw))

    def download(self, name, timeout):
        """Returns the seconds it took and the bytes sent for nothing."""
        peers = self.honest + self.liars
        random.shuffle(peers)
        self.announce.fixed = [p.peer for p in peers]
        path = self.torrent.save(f"{self.t.root}/{name}.torrent",
            self.announce.url)
        self.daemon = mimd.Mimd(self.t, name).start()
        begin = time.monotonic()
        self.daemon.add(path)
        self.daemon.wait_state(self.torrent.infohash, "seeding", timeout)
        took = time.monotonic() - begin
        waste = sum(p.sent for p in peers) - self.torrent.size
        self.t.equal(self.torrent.wrong(self.daemon.root), None,
            f"{name}: bit-exact")
        return took, waste

    def banned(self):
        return re.findall(r"(\S+): banned", self.daemon.log())

    def judge(self, name):
        """Every liar that sent enough is banned, once, and no one else."""
        banned = self.banned()
        self.t.equal([x for x in banned if x not in
            [p.addr for p in self.liars]], [], f"{name}: no honest peer is "
            "banned")
        self.t.equal(sorted(banned), sorted(p.addr for p in self.liars),
            f"{name}: the liars are, and the log says so once")


def crowd(t, name, **liar):
    """One liar among twenty peers, too slow for pieces of their own."""
    swarm = Swarm(t, name, 24 * MIB + 77777, 4 * MIB)
    swarm.add(19, 180_000)
    swarm.add_liar(180_000, **liar)
    took, waste = swarm.download(name, 90)
    swarm.judge(name)
    t.diag(f"{name}: {swarm.liars[0].lies} lies, wasted "
        f"{waste / MIB:.1f} of {swarm.torrent.size / MIB:.0f} MiB, "
        f"{took:.1f} s")
    # All pieces may have been begun with the liar, and one be tried again.
    t.ok(waste < 1.5 * swarm.torrent.size, f"{name}: bounded waste", waste)
    swarm.daemon.stop()


def answers(t, daemon, torrent, addr):
    """Does mimd speak with this address?"""
    try:
        peer = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            addr=addr)
        peer.send_handshake()
        peer.read_handshake()
        return True
    except (wire.Gone, OSError):
        return False


def next_child(t, swarm):
    """Bans outlive the child that made them."""
    daemon = swarm.daemon
    pid = daemon.children()["peer"]
    os.kill(pid, signal.SIGKILL)
    t.wait(lambda: daemon.children().get("peer", pid) != pid, 10,
        "a new peer child")
    t.wait(lambda: answers(t, daemon, swarm.torrent, t.addr()), 10,
        "it to answer")
    t.ok(not answers(t, daemon, swarm.torrent, swarm.liars[0].addr),
        "the next peer child knows of the ban")


def delay(t):
    """A poisoner among five honest peers, and the same without it."""
    times = []
    for name, liars in (("alone", 0), ("poisoned", 1), ("sometimes", 1)):
        swarm = Swarm(t, name, 32 * MIB, MIB)
        swarm.add(5, 3_000_000)
        for _ in range(liars):
            swarm.add_liar(3_000_000,
                part=1.0 if name == "poisoned" else 0.02)
        took, waste = swarm.download(name, 90)
        times.append(took)
        t.diag(f"32 MiB, {name}: {took:.2f} s, "
            f"{waste / MIB:.1f} MiB wasted, "
            f"banned {swarm.banned()}")
        swarm.judge(name)
        if name == "poisoned":
            next_child(t, swarm)
        swarm.daemon.stop()
    t.ok(max(times[1:]) < times[0] * 1.5 + 1,
        "a poisoner among five honest peers delays little", times)


class Visit:
    """A connection from addr, of a peer with some pieces that mimd may ask."""

    def __init__(self, t, daemon, torrent, content, addr, pieces):
        self.torrent = torrent
        self.content = content
        self.wire = wire.connect(t, (daemon.addr, daemon.port),
            torrent.infohash, addr=addr, timeout=60)
        self.wire.send_handshake()
        self.wire.read_handshake()
        self.wire.bitfield(torrent.npieces,
            set(range(torrent.npieces)) - set(pieces))
        self.wire.until(wire.INTERESTED)
        self.wire.msg(wire.UNCHOKE)

    def request(self):
        return struct.unpack(">III", self.wire.until(wire.REQUEST)[1])

    def answer(self, request, lie=False):
        data = self.torrent.read(self.content, *request)
        if lie:
            data = bytes([data[0] ^ 1]) + data[1:]
        self.wire.block(*request[:2], data)

    def leave(self):
        """All that was said arrives."""
        self.wire.sock.shutdown(socket.SHUT_WR)
        try:
            self.wire.until_gone()
        except wire.Gone:
            self.wire.close()


def parole(t):
    """
    Two copies of piece 0 fail, each with a block of the liar, which is gone by
    then.  When it is back it is not let finish what another began, but is
    given a piece of its own, and lies for the last time.
    """
    content = t.dir("parole-content")
    torrent = Torrent("parole", 1 << 20, 1 << 18).make(content)
    nblocks = (1 << 18) // wire.BLOCK
    liar, *honest = (t.addr() for _ in range(4))
    daemon = mimd.Mimd(t, "parole").start()
    daemon.ctl("log", "debug")

    def visit(addr, pieces):
        return Visit(t, daemon, torrent, content, addr, pieces)

    daemon.add(torrent.save(f"{t.root}/parole.torrent"))
    for copy in range(2):
        peer = visit(liar, [0])
        asked = [peer.request() for _ in range(2)]
        peer.answer(asked[copy], lie=True)
        peer.leave()
        peer = visit(honest[copy], [0])
        for _ in range(nblocks - 1):
            peer.answer(peer.request())
        peer.leave()
    t.wait(lambda: "of 3 senders 0 lied, 1 may have" in daemon.log(), 30,
        "a suspect")
    peer = visit(honest[2], [1])
    for _ in range(nblocks // 2):
        peer.answer(peer.request())
    peer.leave()

    peer = visit(liar, [1, 2, 3])
    asked = []
    for i in range(nblocks):
        asked.append(peer.request())
        peer.answer(asked[i], lie=i == 5)
    t.equal(asked, [(asked[0][0], i * wire.BLOCK, wire.BLOCK)
        for i in range(nblocks)], "who was on parole is asked for one piece")
    t.ok(asked[0][0] in (2, 3), "that nobody else began", asked[0])
    t.wait(lambda: re.search(r"(\S+): banned", daemon.log()), 30, "a ban")
    peer.leave()
    t.ok(not answers(t, daemon, torrent, liar), "it is not let in again")
    peer = visit(honest[0], range(4))
    for _ in range(4 * nblocks - nblocks // 2):
        peer.answer(peer.request())
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(re.findall(r"(\S+): banned: (.*)", daemon.log()),
        [(liar, "sent a bad piece")], "the liar is banned, at its third lie")
    t.equal(torrent.wrong(daemon.root), None, "parole: bit-exact")
    daemon.stop()


def test(t):
    random.seed(24)
    parole(t)
    t.together(lambda: crowd(t, "rarely", part=0.1),
        lambda: crowd(t, "leaves", leave=10))
    delay(t)


mimtest.main(test, timeout=300)
