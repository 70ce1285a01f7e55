#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# One port for all: the DHT gets its datagrams and peer the others, whichever
# child has been replaced, and TCP is there, too.  uTP is refused, so that
# libtorrent comes by TCP at once; and nodes of the DHT are told by PORT.

import os
import socket
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

PING = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"
SYN = struct.pack(">BBHIIIHH", 0x41, 0, 0xabcd, 1, 0, 0, 0x9abc, 0)
RESET = struct.pack(">BBHIIIHH", 0x31, 0, 0xabcd, 0, 0, 0, 0, 0x9abc)
JUNK = (SYN[:-1], RESET, SYN + b"\0", b"\0", b"GET / HTTP/1.0\r\n\r\n")
SOURCES = 20
PORT = 9			# the message
DHT_BIT = 0x01			# of the last reserved byte
BITS = bytes([0, 0, 0, 0, 0, 0x10, 0, 0x04 | DHT_BIT])
ENOUGH = 30


def udp(addr, target=None):
    """Connected, it hears that address and port alone."""
    sock = socket.socket(socket.AF_INET6 if ":" in addr else socket.AF_INET,
        socket.SOCK_DGRAM)
    sock.bind((addr, 0))
    if target:
        sock.connect(target)
    return sock


def answered(sock, packet, good):
    """Does a good answer come back within a second?  Others may be late."""
    end = time.monotonic() + 1
    try:
        sock.send(packet)
        while (left := end - time.monotonic()) > 0:
            sock.settimeout(left)
            if good(sock.recv(2048)):
                return True
    except OSError:			# late, or nobody is there yet
        pass
    return False


def refused(sock):
    return answered(sock, SYN, lambda packet: packet == RESET)


def both(sock):
    """Do both children answer this socket?"""
    return answered(sock, PING, lambda packet: packet[:1] == b"d") and \
        refused(sock)


def both_new(addr, target):
    """Do they answer a socket of its own?"""
    with udp(addr, target) as sock:
        return both(sock)


def steered(t, mim, what):
    for addr, target in ((mimtest.TEST_ADDR, (mim.addr, mim.port)),
        (mimtest.TEST_ADDR6, (mim.host.addr6, mim.port))):
        t.wait(lambda: both_new(addr, target), ENOUGH,
            f"the DHT and peer at {target}, {what}")
    t.ok(True, f"each gets its datagrams, {what}")


def by_content(t, mim):
    """Of many sources, which a hash would give to either."""
    target = (mim.addr, mim.port)
    for i in range(SOURCES):
        with udp(t.addr(), target) as sock:
            t.wait(lambda: both(sock), ENOUGH, f"both at source {i}")
    t.ok(True, "whatever the source is")
    with udp(t.addr(), target) as sock:
        for packet in JUNK:
            sock.send(packet)
        sock.settimeout(ENOUGH)
        sock.send(SYN)
        t.equal(sock.recv(2048), RESET, "what is no attempt of uTP is not "
            "answered")


class Talker:
    """A peer with a node of the DHT, which is merely a socket."""

    def __init__(self, t, mim, torrent):
        self.addr = t.addr()
        self.node = udp(self.addr)
        self.wire = wire.connect(t, (mim.addr, mim.port), torrent.infohash,
            self.addr)
        self.wire.send_handshake(reserved=BITS)
        self.bit = self.wire.read(68)[27] & DHT_BIT
        self.wire.msg(PORT, struct.pack(">H", self.node.getsockname()[1]))

    def told(self):
        """The messages up to PORT, or up to the end."""
        rows = []
        try:
            while not rows or rows[-1][0] != PORT:
                rows.append(self.wire.read_msg())
        except wire.Gone:
            pass
        return rows


def ports(t, mim, public, private):
    """Said by and to a peer that is a script."""
    secret = Talker(t, mim, private)
    secret.wire.msg(PORT, b"x")		# too short: this is the end
    t.equal([row for row in secret.told() if row[0] == PORT], [],
        "a private torrent's peers are told of no node")
    t.equal(secret.bit, 0, "nor that there is one")
    talker = Talker(t, mim, public)
    rows = talker.told()
    t.equal(rows[-1], (PORT, struct.pack(">H", mim.port)),
        "others are told")
    t.equal(talker.bit, DHT_BIT, "after the handshake has said so")
    t.ok(wire.HAVE_ALL in [kind for kind, _ in rows],
        "and after what there is to have", rows)
    talker.node.settimeout(ENOUGH)
    packet, source = talker.node.recvfrom(2048)
    t.equal((packet[:1], source), (b"d", (mim.addr, mim.port)),
        "the node that a peer tells of is asked")
    secret.node.setblocking(False)
    t.equal(answer_now(secret.node), None,
        "but not that of a private torrent's")


def answer_now(sock):
    try:
        return sock.recv(2048)
    except BlockingIOError:
        return None


class Called(wire.Listener):
    """A peer that mim connects to, and which waits with its handshake."""

    def __init__(self, t, infohash):
        self.early = self.bit = self.said = None
        super().__init__(t, infohash, self.listen)

    def listen(self, peer):
        self.bit = peer.read(68)[27] & DHT_BIT
        peer.sock.settimeout(1)
        try:
            self.early = peer.read(1)
        except TimeoutError:
            self.early = b""
        peer.sock.settimeout(ENOUGH)
        peer.send_handshake(reserved=BITS)
        self.said = peer.until(PORT)[1]
        peer.until_gone()


def calls(t, mim, announce):
    """mim connects: nothing but the handshake until it has the other's."""
    torrent = Torrent("wanted", 100_000, 1 << 14).make(t.dir("elsewhere"))
    peer = Called(t, torrent.infohash)
    announce.known[torrent.infohash] = [peer.peer]
    mim.add(torrent.save(t.root + "/wanted.torrent", announce.url))
    t.wait(lambda: peer.said, ENOUGH, "PORT of mim, which connected")
    t.equal((peer.bit, peer.early, peer.said),
        (DHT_BIT, b"", struct.pack(">H", mim.port)),
        "PORT waits for the other's handshake")


def libtorrent(t, mim, torrent, announce):
    """It has no node to start from, and no patience but for uTP."""
    announce.known[torrent.infohash] = [(mim.addr, mim.port)]
    log = t.root + "/libtorrent.log"
    client = clients.Libtorrent(t, t.root + "/public.torrent",
        log=log + ".peers", enable_dht=True, dht_bootstrap_nodes="",
        in_enc_policy=0, out_enc_policy=0, enable_outgoing_utp=True,
        utp_connect_timeout=600_000, peer_connect_timeout=600)
    t.wait(lambda: client.progress() == 1, ENOUGH, "libtorrent's leech")
    t.equal(torrent.wrong(client.root), None,
        "libtorrent, refused by uTP, comes by TCP")
    said = mimtest.read_text(log + ".peers")
    t.match(said, r"==> ENCRYPTED|RC4|encrypted", "encrypted")
    t.match(said, rf"<== DHT_PORT \[ p: {mim.port}", "it is told of our node")
    t.wait(lambda: client.status.get("nodes"), ENOUGH,
        "a node in libtorrent's table")
    t.ok(True, "and has it in its table")


def test(t):
    content = t.dir("content")
    os.chmod(content, 0o777)
    announce = tracker.Tracker(interval=600)
    announce.introduces = False
    public = Torrent("public", 1_000_000, 1 << 16).make(content)
    private = Torrent("private", 1_000_000, 1 << 16,
        extra={"private": 1}).make(content)
    mim = mimd.Mimd(t, root=content, conf="dht yes\ndht bootstrap none\n"
        "lsd no\n").start()
    for torrent in (public, private):
        mim.add(torrent.save(f"{t.root}/{torrent.name}.torrent",
            announce.url), "-c")
        mim.wait_state(torrent.infohash, "seeding", ENOUGH)
    steered(t, mim, "at first")
    by_content(t, mim)
    t.together(lambda: ports(t, mim, public, private),
        lambda: calls(t, mim, announce),
        lambda: libtorrent(t, mim, public, announce))
    for role in ("dht", "peer"):
        t.ok(mim.kill_child(role), f"the end of {role}")
        steered(t, mim, f"after the end of {role}")
    Talker(t, mim, public)
    t.ok(True, "and TCP is at the port, too")


mimtest.main(test)
