#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The DHT with the clients that people use: no tracker, no PEX, no LSD.  Each
# of them finds what mim has and mim finds what they have, by magnet link
# alone, where there is nothing but IPv4 and where there is nothing but IPv6.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import krpc
import mimd
import mimtest
from metaseed import link
from torrent import Torrent

SIZE = 300_000
PIECE = 1 << 14
NODES = 32			# of a family; Transmission is slow with few
PORT = 6881			# of mim
NAMES = {False: "IPv4", True: "IPv6"}


def make(t, name, near=None):
    """near: an id that its info-hash is to begin like."""
    torrent = Torrent(name, SIZE, PIECE).make(t.dir("content-" + name))
    pieces = torrent.info["pieces"]
    while near and bytes.fromhex(torrent.infohash)[0] >> 4 != near[0] >> 4:
        torrent.extra["x-salt"] = torrent.extra.get("x-salt", 0) + 1
        torrent.set_info(pieces)
    return torrent


def place(t, torrent):
    return f"{t.root}/content-{torrent.name}"


def save(t, torrent):
    return torrent.save(f"{t.root}/{torrent.name}.torrent")


def new_host(t):
    host = t.host()
    host.go_global()
    return host


class World:
    """Scripted nodes, and a mim for each address family."""

    def __init__(self, t):
        self.t = t
        self.net = krpc.Net(t, busy=True)
        self.nodes = {six: self.net.add(NODES, six) for six in NAMES}
        self.mims = {}
        t.together(*(lambda six=six: self.start_mim(six) for six in NAMES))

    def start_mim(self, six):
        host = new_host(self.t)
        host.only(six)
        daemon = mimd.Mimd(self.t, "mim-" + NAMES[six], host=host, port=PORT,
            conf="lsd no\n" + self.nodes[six][0].conf).start()
        self.mims[six] = daemon
        daemon.peer = (host.global6 if six else host.addr, PORT)

    def start(self, count):
        """So many nodes of each family to start from."""
        return [node.peer for family in self.nodes.values()
            for node in family[:count]]


class Kind:
    """
    A client of a kind.  theirs: what it has; ours: what the mim of a family
    has for it; leeches: by family, what tells that it has found that, which
    is when it has the metadata: some are slow to begin with the rest.
    """

    def __init__(self, world, name, near):
        t = self.t = world.t
        self.world = world
        self.name = name
        self.theirs = make(t, name, near)
        self.ours = {six: make(t, f"for-{name}-{NAMES[six]}") for six in NAMES}
        self.host = new_host(t)		# where the seed is
        self.leeches = {}

    def offer(self):
        """mim has its part, and others know."""
        for six, daemon in self.world.mims.items():
            torrent = self.ours[six]
            os.rename(torrent.path(place(self.t, torrent), torrent.files[0]),
                torrent.path(daemon.root, torrent.files[0]))
            mimtest.own(daemon.root)
            daemon.add(save(self.t, torrent), "-c")
        for six, daemon in self.world.mims.items():
            self.known(self.ours[six], daemon.peer)

    def known(self, torrent, peer):
        net = self.world.net
        # Transmission repeats a search whose packets were lost in half a
        # minute.
        self.t.wait(lambda: peer in net.announced(torrent.infohash), 120,
            lambda: f"{peer}, announced as one that has {torrent.name}: "
            f"there is {net.announced(torrent.infohash)}")

    def find(self, six):
        """mim finds what it has."""
        t, daemon, torrent = self.t, self.world.mims[six], self.theirs
        addr = self.host.global6 if six else self.host.addr
        self.known(torrent, (addr, self.PORT))
        begin = time.monotonic()
        daemon.ctl("add", link(torrent))
        daemon.wait_state(torrent.infohash, "seeding", 60)
        t.diag(f"mim found {self.name}, {NAMES[six]}: "
            f"{time.monotonic() - begin:.1f} s")
        t.equal(torrent.wrong(daemon.root), None,
            f"mim finds what {self.name} has, {NAMES[six]}")

    def found(self, six):
        """It finds what mim has."""
        begin = time.monotonic()
        self.t.wait(self.leeches[six], 60, f"{self.name}, by {NAMES[six]}")
        self.t.diag(f"{self.name} found mim, {NAMES[six]}: "
            f"{time.monotonic() - begin:.1f} s")
        self.t.ok(True, f"{self.name} finds what mim has, {NAMES[six]}")

    def run(self):
        self.offer()
        self.start()
        self.t.together(*(lambda what=what, six=six: what(six)
            for what in (self.find, self.found) for six in NAMES))


class Libtorrent(Kind):
    PORT = clients.Libtorrent.PORT

    def start(self):
        t, nodes = self.t, self.world.start(4)
        for six, torrent in self.ours.items():
            leech = clients.Libtorrent(t, link(torrent),
                name="lt-leech-" + NAMES[six], host=new_host(t), dht=nodes)
            self.leeches[six] = lambda leech=leech: leech.progress() == 1
        clients.Libtorrent(t, save(t, self.theirs), seed=True,
            root=place(t, self.theirs), host=self.host, dht=nodes)


class Transmission(Kind):
    PORT = clients.Transmission.PORT

    def start(self):
        client = clients.Transmission(self.t, host=self.host,
            root=place(self.t, self.theirs), dht=self.world.start(8))
        client.add(save(self.t, self.theirs))
        for six, torrent in self.ours.items():
            client.add(link(torrent))
            self.leeches[six] = lambda hash=torrent.infohash: \
                client.has_metadata(hash)


class Aria2(Kind):
    PORT = clients.Aria2.PORT

    def start(self):
        t, nodes = self.t, self.world.start(1)
        for six, torrent in self.ours.items():
            leech = clients.Aria2(t, link(torrent),
                name="aria2-leech-" + NAMES[six], host=new_host(t), dht=nodes,
                metadata=True)
            self.leeches[six] = leech.has_metadata
        clients.Aria2(t, save(t, self.theirs), seed=True,
            root=place(t, self.theirs), host=self.host, dht=nodes)


def stored(world, probe, kind):
    """What a client announced at mim is told to others, as it said."""
    daemon, want = world.mims[False], (kind.host.addr, kind.PORT)

    def told():
        answer = probe.ask(daemon.peer, "get_peers",
            info_hash=bytes.fromhex(kind.theirs.infohash))
        values = answer[b"r"].get(b"values", []) if answer else []
        return want in [krpc.uncompact(v) for v in values]

    world.t.wait(told, 30, f"{kind.name}'s announce at mim")
    world.t.ok(True, f"mim is told where {kind.name} is, and tells")


def own_id(node, daemon):
    return node.persist(daemon.peer, "ping")[b"r"][b"id"]


def test(t):
    world = World(t)
    probe = world.net.node(known=False)
    near = own_id(probe, world.mims[False])
    kinds = [kind(world, kind.__name__, near)
        for kind in (Transmission, Libtorrent, Aria2)]
    t.together(*(kind.run for kind in kinds))
    for kind in kinds:
        stored(world, probe, kind)
    six = world.mims[True]
    t.ok(krpc.fits(own_id(world.nodes[True][0], six), six.peer[0]),
        "where mim's address is global its id is one for that (BEP 42)")


mimtest.main(test, timeout=240)
