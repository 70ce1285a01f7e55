#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A private torrent gives nothing to PEX, LSD and the DHT and takes nothing
# from them, while a public one beside it does: all packets are looked at.

import os
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import krpc
import mimd
import mimtest
import tracker
import wire
from metaseed import MetaSeed, link
from torrent import Torrent, bencode

EXTENDED = 20
EXT_BIT = b"\0\0\0\0\0\x10\0\0"
ETH_P_ALL = 3


class Sniffer:
    """Every packet that passes the bridge."""

    def __init__(self, t):
        self.packets = []
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
            socket.htons(ETH_P_ALL))
        self.sock.bind(("br0", 0))
        t.closers.append(self.sock.close)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                packet = self.sock.recv(65536)
            except OSError:
                return
            self.packets.append(packet)

    def announced(self, infohash):
        """LSD packets with this info-hash."""
        return [p for p in self.packets if b"BT-SEARCH" in p and
            infohash.encode().upper() in p.upper()]


class Talker:
    """A peer that speaks extensions: what is it told, by message?"""

    def __init__(self, mim, torrent, port):
        self.names = None
        self.pex = []
        self.wire = wire.Wire(socket.create_connection(
            (mim.addr, mim.port), 10), torrent.infohash)
        self.wire.send_handshake(reserved=EXT_BIT)
        self.wire.read_handshake()
        self.ext(0, bencode({"m": {"ut_pex": 7, "ut_holepunch": 8},
            "p": port}))
        threading.Thread(target=self.run, daemon=True).start()

    def ext(self, number, body):
        self.wire.msg(EXTENDED, bytes([number]) + body)

    def run(self):
        try:
            while True:
                kind, body = self.wire.read_msg()
                if kind == EXTENDED and body[0] == 0:
                    self.names = body.decode("latin-1")
                elif kind == EXTENDED and body[0] == 7:
                    self.pex.append(body[1:])
        except (wire.Gone, OSError):
            pass

    def number(self, name):
        """The id that mim gave to an extension, or None."""
        found = re.search(f"{len(name)}:{name}i(\\d+)e", self.names)
        return int(found.group(1)) if found else None


def compact(peer):
    return socket.inet_aton(peer[0]) + struct.pack(">H", peer[1])


def trial(t, mim, torrent, sniffer, private):
    """What mim does for one of the torrents."""
    word = "private" if private else "public"
    by_pex, by_lsd = (wire.Listener(t, torrent.infohash,
        lambda w: w.until_gone()) for _ in range(2))
    one = Talker(mim, torrent, 1001)
    two = Talker(mim, torrent, 1002)
    t.wait(lambda: one.names and two.names, 10, "extension handshakes")
    for name in ("ut_pex", "ut_holepunch"):
        t.equal(one.number(name) is None, private,
            f"{word}: {name} is {'not ' if private else ''}announced")
    one.ext(one.number("ut_pex") or 1, bencode({
        "added": compact(by_pex.peer), "added.f": b"\0"}))
    packet = ("BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\n"
        f"Port: {by_lsd.port}\r\nInfohash: {torrent.infohash}\r\n"
        "cookie: test\r\n\r\n\r\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((by_lsd.addr, 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
            socket.inet_aton(by_lsd.addr))
        sock.sendto(packet.encode(), ("239.192.152.143", 6771))
    if private:
        time.sleep(8)
    else:
        t.wait(lambda: by_pex.accepted and by_lsd.accepted and (one.pex or
            two.pex) and sniffer.announced(torrent.infohash), 20,
            "all that a public torrent does")
    want = not private
    no = "never " if private else ""
    t.equal(bool(by_pex.accepted), want, f"{word}: {no}connects by PEX")
    t.equal(bool(by_lsd.accepted), want, f"{word}: {no}connects by LSD")
    t.equal(bool(one.pex or two.pex), want, f"{word}: {no}sends PEX")
    mine = [p for p in sniffer.announced(torrent.infohash)
        if b"cookie: test" not in p]
    t.equal(bool(mine), want, f"{word}: {no}is announced by LSD")


def secret_link(t, mim):
    """A magnet link whose metadata says that it is private."""
    content = t.dir("secret")
    torrent = Torrent("secret", 200_000, 1 << 14,
        extra={"private": 1}).make(content)
    seed = MetaSeed(t, torrent, content)
    mim.ctl("add", link(torrent, seed.peer))
    t.wait(lambda: mim.torrent(torrent.infohash)["private"], 30,
        "the metadata of a link that turns out private")
    return torrent


def in_dht(t, mim, net, public, privates):
    """Who asks for what, also after the child was replaced."""
    t.wait(lambda: (mim.addr, mim.port) in net.announced(public.infohash), 30,
        "the public torrent in the DHT")
    t.equal(net.mentions(privates[0].infohash), [],
        "private: never in the DHT")
    since = time.monotonic()
    mim.kill_child("dht")
    t.wait(lambda: net.asked("announce_peer", public.infohash, since=since),
        30, "the public torrent in the DHT again")
    t.equal([row for torrent in privates
        for row in net.mentions(torrent.infohash) if row[0] >= since], [],
        "nor when a new child is told of all torrents")


def test(t):
    sniffer = Sniffer(t)
    net = krpc.Net(t)
    net.add(10)
    content = t.dir("content")
    announce = tracker.Tracker(interval=600)
    public = Torrent("public", 3_000_000, 1 << 16).make(content)
    private = Torrent("private", 3_000_000, 1 << 16,
        extra={"private": 1}).make(content)
    mim = mimd.Mimd(t, conf="lsd yes\n" + net.nodes[0].conf).start()
    for torrent in (public, private):
        mim.add(torrent.save(f"{t.root}/{torrent.name}.torrent",
            announce.url))
    t.wait(lambda: announce.of(private.infohash, "started"), 10, "announce")
    t.ok(mim.torrent(private.infohash)["private"], "it is private")
    trial(t, mim, private, sniffer, True)
    trial(t, mim, public, sniffer, False)
    in_dht(t, mim, net, public, [private, secret_link(t, mim)])


mimtest.main(test)
