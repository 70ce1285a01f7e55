#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Between scripted peers: holepunch messages are relayed (BEP 55), and who is
# connected hears of it when "pex" is switched (BEP 10, 11); "encryption" counts
# for the next who call.

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent, bdecode, bencode

PUNCH = 44			# the id of ut_holepunch of these peers
RENDEZVOUS, CONNECT, ERROR = range(3)
NOT_CONNECTED, NO_SUPPORT, NO_SELF = 2, 3, 4


class Peer:
    """Says where it listens, and perhaps that it knows holepunching."""

    def __init__(self, t, daemon, torrent, port, punches=True):
        self.addr = (t.addr(), port)
        self.wire = wire.connect(t, (daemon.addr, daemon.port),
            torrent.infohash, addr=self.addr[0])
        self.wire.send_handshake(reserved=wire.EXT_BIT)
        self.wire.read_handshake()
        m = {"ut_pex": 1}
        if punches:
            m["ut_holepunch"] = PUNCH
        self.wire.ext(0, bencode({"m": m, "p": port}))
        self.ids = self.handshake()

    def extended(self, number):
        while True:
            _, body = self.wire.until(wire.EXTENDED)
            if body[0] == number:
                return body[1:]

    def handshake(self):
        """What the next one of mimd's says of messages."""
        return bdecode(self.extended(0))[b"m"]

    def ask(self, addr):
        self.wire.ext(self.ids[b"ut_holepunch"],
            struct.pack(">BB4sH", RENDEZVOUS, 0, socket.inet_aton(addr[0]),
            addr[1]))

    def told(self):
        """(what, address, error)"""
        body = self.extended(PUNCH)
        what, family, ip, port = struct.unpack(">BB4sH", body[:8])
        error, = struct.unpack(">I", body[8:]) if body[8:] else (0,)
        return what, (socket.inet_ntoa(ip), port), error


def holepunch(t, daemon, torrent):
    a = Peer(t, daemon, torrent, 7001)
    b = Peer(t, daemon, torrent, 7002)
    deaf = Peer(t, daemon, torrent, 7003, punches=False)
    a.ask(b.addr)
    t.equal(a.told(), (CONNECT, b.addr, 0), "who asks is told to connect")
    t.equal(b.told(), (CONNECT, a.addr, 0), "and so is the other")
    for addr, error, what in (
        (("10.99.77.7", 7), NOT_CONNECTED, "nobody we know"),
        (deaf.addr, NO_SUPPORT, "one that does not know how"),
        (a.addr, NO_SELF, "itself")):
        a.ask(addr)
        t.equal(a.told(), (ERROR, addr, error), f"an error: {what}")
    return a


def switch(t, daemon, peer):
    t.ok(peer.ids[b"ut_pex"] > 0, "pex is on")
    conf = daemon.conf
    daemon.write_conf(conf + "pex no\n")
    daemon.ctl("reload")
    t.equal(peer.handshake()[b"ut_pex"], 0, "it is switched off at once")
    daemon.write_conf(conf)
    daemon.ctl("reload")
    t.ok(peer.handshake()[b"ut_pex"] > 0, "and on again")


def refuses_plain(t, daemon, torrent):
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    try:
        w.send_handshake()
        w.read_handshake()
        return False
    except wire.Gone:
        return True
    finally:
        w.close()


def encryption(t, daemon, torrent):
    t.ok(not refuses_plain(t, daemon, torrent), "plain ones may call")
    daemon.write_conf(daemon.conf.replace("encryption allow",
        "encryption require"))
    daemon.ctl("reload")
    t.wait(lambda: refuses_plain(t, daemon, torrent), 10, "the new setting")
    t.ok(True, "a reload is enough to refuse them")


def test(t):
    daemon = mimd.Mimd(t).start()
    torrent = Torrent("small", 1_000_000, 1 << 15).make(daemon.root)
    daemon.add(torrent.save(t.root + "/x.torrent"), "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    peer = holepunch(t, daemon, torrent)
    switch(t, daemon, peer)
    encryption(t, daemon, torrent)


mimtest.main(test)
