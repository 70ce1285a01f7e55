#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Hostile peers flood mimd with PEX: what it costs is bounded, and an honest
# peer is served meanwhile.

import os
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
from torrent import Torrent, bencode

EXT_BIT = b"\0\0\0\0\0\x10\0\0"
LIARS = 20
SECONDS = 10
SHARE = 600		# PEX_SHARE of mimd


class Liar(threading.Thread):
    """Connects again and again; tells of as many peers as there can be."""

    def __init__(self, t, mim, infohash, number):
        super().__init__(daemon=True)
        self.mim = mim
        self.infohash = infohash
        self.addr = t.addr()
        self.number = number
        self.told = self.sent = self.connections = 0
        self.until = time.monotonic() + SECONDS

    def message(self):
        """50 addresses of the test's network, each told once, and IPv6."""
        peers = b""
        for _ in range(50):
            self.told += 1
            peers += struct.pack(">BBBBH", 10, 99, 100 + self.number,
                1 + self.told % 250, 1024 + self.told)
        six = b"".join(socket.inet_pton(socket.AF_INET6,
            f"fd99::{self.number:x}:{self.told:x}:{i:x}") + b"\x1a\xe1"
            for i in range(50))
        return b"\x01" + bencode({"added": peers, "added.f": bytes(50),
            "added6": six, "added6.f": bytes(50)})

    def run(self):
        while time.monotonic() < self.until:
            try:
                self.flood()
            except (wire.Gone, OSError):
                time.sleep(0.05)

    def flood(self):
        w = wire.Wire(socket.create_connection((self.mim.addr,
            self.mim.port), 5, source_address=(self.addr, 0)), self.infohash)
        try:
            w.send_handshake(reserved=EXT_BIT)
            w.read_handshake()
            self.connections += 1
            w.msg(20, b"\0" + bencode({"m": {"ut_pex": 1}, "p": 9}))
            while time.monotonic() < self.until:
                w.msg(20, self.message())
                self.sent += 1
        finally:
            w.close()


class Attempts:
    """Peers that mimd asks for, by whom it looks for in its network."""

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
            if p[12:14] == b"\x08\x06" and p[28:32] == self.mim:
                self.addrs.add(p[38:42])


def test(t):
    content = t.dir("content")
    torrent = Torrent("flooded", 20_000_000, 1 << 18).make(content)
    announce = tracker.Tracker(interval=600)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    seed = wire.Seed(t, torrent, content, rate=3_000_000)
    announce.introduces = False
    announce.fixed = [seed.peer]
    mim = mimd.Mimd(t).start()
    mim.add(path)
    t.wait(lambda: mim.peers(torrent.infohash), 10, "the seed")
    attempts = Attempts(t, mim)
    before = mim.processes()["peer"]
    liars = [Liar(t, mim, torrent.infohash, i) for i in range(LIARS)]
    for liar in liars:
        liar.start()
    for liar in liars:
        liar.join()
    after = mim.processes()["peer"]
    sent = sum(liar.sent for liar in liars)
    grown = after["memory"] - before["memory"]
    tried = [a for a in attempts.addrs if a[2] >= 100]
    t.diag(f"{LIARS} liars, {sum(x.connections for x in liars)} "
        f"connections, {sent} messages with {100 * sent} addresses in "
        f"{SECONDS} s; tried {len(tried)}; memory grew by "
        f"{grown >> 10} KiB, CPU {after['cpu_ms'] - before['cpu_ms']} ms")
    t.ok(sent > 1000, "it is a flood", sent)
    t.ok(len(tried) <= SHARE, "no more are tried than are kept", len(tried))
    if not mimtest.sanitized():
        t.ok(grown < 4 << 20, "little memory is lost to it", grown)
    mim.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(mim.root), None,
        "the honest peer's data came meanwhile, bit-exact")


mimtest.main(test, timeout=120)
