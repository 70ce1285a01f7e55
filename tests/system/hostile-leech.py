#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Hostile peers (tests/system/hostile) while mim fetches: called by it, and
# calling; liars; a flood of addresses that lead nowhere; and peers of a magnet
# link that have nothing but lies.  What an honest peer has comes all the same.

import os
import random
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import hostile
import metaseed
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent, bencode

SIZE = 16_000_001
PIECE = 1 << 18
RATE = 2_500_000		# slow: the others have all the time they want
SECONDS = 7
PORT = 6999			# where they are called
SHARE = 600			# PEX_SHARE of mimd
MEMORY = 16 << 20
LINKS = 12


class Attempts:
    """Peers that mim calls, by its packets to addresses where nobody is."""

    def __init__(self, t, mim):
        self.addrs = set()
        self.mim = socket.inet_aton(mim.addr)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
            socket.htons(3))
        self.sock.bind(("br0", 0))
        t.closers.append(self.sock.close)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                p = self.sock.recv(2048)
            except OSError:
                return
            if p[12:14] == b"\x08\x00" and p[26:30] == self.mim:
                self.addrs.add(p[30:34])

    def told(self):
        """Of those that floods.c makes up."""
        return [a for a in self.addrs if 100 <= a[2] < 120]


def banned(t, daemon, torrent, addr):
    """Does mimd refuse to shake hands with this address?"""
    try:
        w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            addr=addr, timeout=20)
        w.send_handshake()
        w.read_handshake()
        return False
    except (wire.Gone, ConnectionError):
        return True


def leech(t, daemon):
    content = t.dir("content")
    torrent = Torrent("wanted", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    honest = wire.Seed(t, torrent, content, rate=RATE)
    liars = [wire.Liar(t, torrent, content, rate=4 * RATE)
        for _ in range(2)]
    attempts = Attempts(t, daemon)
    watch = hostile.Watch(daemon)
    seed = int(os.environ.get("SEED") or time.time())
    called = hostile.Hostile(t, daemon, torrent, ["wrong", "floods",
        "mutations"], SECONDS, port=PORT, seed=seed)
    called.told.wait(10)
    announce.fixed = [x.peer for x in liars] + [honest.peer] + called.peers
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    t.wait(lambda: honest.sent > 0, 20, "the honest peer to be asked")
    begun, sent = time.monotonic(), honest.sent
    calling = hostile.Hostile(t, daemon, torrent, ["floods", "mutations",
        "mse"], SECONDS, seed=seed)
    rows = called.wait()
    rate = (honest.sent - sent) / (time.monotonic() - begun)
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None,
        "bit-exact, from the honest peer")
    hostile.judge(t, calling.wait(), "calling")
    watch.end()
    met = [row for row in rows if row.connections]
    hostile.judge(t, met, "called")
    t.diag(f"SEED={seed}; {watch}")
    t.diag(f"{rate / 1e6:.2f} MB/s came meanwhile from an honest peer that "
        f"sends {RATE / 1e6:.2f} at most")
    t.ok(len(met) > len(rows) / 2, "mim called most of them", len(met))
    t.ok(mimtest.sanitized() or watch.grown() < MEMORY, "peer stays small",
        watch.grown())
    # Itself a thread of this script, it gets no more than the machine leaves.
    t.ok(rate > RATE / 10 or mimtest.sanitized(),
        "an honest peer is not starved", rate)
    t.diag(f"PEX: {len(attempts.told())} of the made up peers were tried")
    t.ok(len(attempts.told()) <= SHARE, "no more are tried than are kept")
    t.equal([x.addr for x in liars if not banned(t, daemon, torrent, x.addr)],
        [], "who sent corrupt pieces is banned")


def metadata(t, daemon):
    """Links; all but one have nobody that is honest."""
    watch = hostile.Watch(daemon)
    torrents = []
    announce = tracker.Tracker(interval=1800)
    for i in range(LINKS):
        torrent = Torrent(f"link{i}", 1_000_000, 1 << 15,
            extra={"x-filler": random.randbytes(300_000)}).make(
            t.dir(f"link{i}"))
        peers = hostile.Hostile(t, daemon, torrent, ["metadata"] if i else
            ["metadata", "floods"], SECONDS, port=PORT,
            size=len(bencode(torrent.info)))
        peers.told.wait(10)
        torrents.append((torrent, peers))
    torrent, peers = torrents[0]
    honest = metaseed.MetaSeed(t, torrent, t.dir("link0"))
    announce.fixed = peers.peers + [honest.peer]
    begun = time.monotonic()
    daemon.ctl("add", metaseed.link(torrent, tracker=announce.url))
    for other, peers in torrents[1:]:
        daemon.ctl("add", metaseed.link(other, *peers.peers))
    daemon.ctl("wait", "-e", "metadata", "-t", "60", torrent.infohash)
    took = time.monotonic() - begun
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None, "metadata: bit-exact")
    for other, peers in torrents:
        peers.wait()
        daemon.ctl("remove", other.infohash)
    watch.end()
    t.diag(f"metadata came in {took:.1f} s, among {LINKS} links to lies; "
        f"disk grew by {watch.grown('disk') >> 10} KiB; {watch}")
    if not mimtest.sanitized():
        t.ok(watch.grown() < MEMORY and watch.grown("disk") < 48 << 20,
            "links to noise cost little memory",
            (watch.grown(), watch.grown("disk")))
        t.wait(lambda: daemon.processes()["disk"]["memory"] -
            watch.first["disk"]["memory"] < 8 << 20, 10,
            "disk to give memory back")
    t.equal(watch.restarts(), 0, "no child died of it")


def test(t):
    daemon = mimd.Mimd(t, cache="8M",
        conf="max peers 600 per torrent 400\n").start()
    leech(t, daemon)
    metadata(t, daemon)


mimtest.main(test)
