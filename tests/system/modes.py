#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# mimctl set: pieces in their order, first and last ones first, and super
# seeding; the modes outlive peer and the daemon.

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

PIECE = 1 << 16
RATE = 1_500_000


def order(seed, first=0, end=None):
    """Pieces in the order in which they were first asked for."""
    return list(dict.fromkeys(piece for piece, _, _ in
        seed.requests[first:end]))


class Seed(wire.Seed):
    """Knows with which of its requests each connection began."""

    def __init__(self, *args, **kw):
        self.begins = []
        super().__init__(*args, **kw)

    def run(self, sock):
        self.begins.append(len(self.requests))
        super().run(sock)


def fetch(t, name, files, *modes):
    """Download a torrent with these modes on; returns it, seed and daemon."""
    content = t.dir(name + "-content")
    torrent = Torrent(name, files, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    seed = Seed(t, torrent, content, rate=RATE)
    announce.fixed = [seed.peer]
    daemon = mimd.Mimd(t, name).start()
    path = torrent.save(f"{t.root}/{name}.torrent", announce.url)
    daemon.add(path, "-P")
    for mode in modes:
        daemon.ctl("set", torrent.infohash, mode, "yes")
    daemon.ctl("start", torrent.infohash)
    return torrent, seed, daemon


def sequential(t):
    torrent, seed, daemon = fetch(t, "sequential", 4_000_000, "sequential")
    t.wait(lambda: len(order(seed)) > 20, 20, "some pieces")
    t.equal(order(seed)[:20], list(range(20)), "pieces come in their order")
    os.kill(daemon.children()["peer"], signal.SIGKILL)
    daemon.wait_state(torrent.infohash, "seeding", 40)
    t.equal(len(seed.begins), 2, "the next peer child connects again")
    before = order(seed, 0, seed.begins[1])
    after = order(seed, seed.begins[1])
    t.ok(len(before) + len(after) >= torrent.npieces, "peer was restarted")
    t.equal(after, sorted(after), "also from the next peer child")
    t.equal(torrent.wrong(daemon.root), None, "bit-exact")
    daemon.stop()


def first_last(t):
    files = [("a", 10 * PIECE), ("b", 20 * PIECE), ("c", 10 * PIECE + 5)]
    torrent, seed, daemon = fetch(t, "first-last", files, "first-last")
    daemon.wait_state(torrent.infohash, "seeding", 40)
    t.equal(sorted(order(seed)[:6]), [0, 9, 10, 29, 30, 40],
        "the first and last pieces of files come first")
    daemon.stop()
    return torrent, daemon


def in_backoff(t, daemon, torrent):
    """What is set while disk waits to be started is saved by a stop."""
    for _ in range(2):
        disk = t.wait(lambda: daemon.children().get("disk"), 20, "disk")
        os.kill(disk, signal.SIGKILL)
        t.wait(lambda: daemon.children().get("disk") != disk, 10,
            "its death to be seen")
    daemon.ctl("set", torrent.infohash, "first-last", "yes")
    t.equal(daemon.stop(), 0, "a stop while disk waits to be started")
    daemon.start()
    t.ok(daemon.torrent(torrent.infohash)["first_last"],
        "what was set then is kept")
    daemon.ctl("set", torrent.infohash, "first-last", "no")


def priorities(t):
    files = [("a", 10 * PIECE), ("b", 9 * PIECE + 9), ("c", 10 * PIECE - 9),
        ("d", 11 * PIECE)]
    torrent, seed, daemon = fetch(t, "priorities", files)
    daemon.ctl("stop", torrent.infohash)
    daemon.ctl("files", torrent.infohash, "low", "all")
    daemon.ctl("files", torrent.infohash, "normal", "1,3")
    daemon.ctl("files", torrent.infohash, "high", "2-2")
    have = daemon.torrent(torrent.infohash)["have"] // PIECE
    disk = daemon.children()["disk"]
    os.kill(disk, signal.SIGKILL)
    t.wait(lambda: daemon.children().get("disk", disk) != disk, 10,
        "a new disk child")
    # It has hardly begun, and not been told yet what its record lacks.
    daemon.stop()
    daemon.start()
    row = daemon.torrent(torrent.infohash, "-f")
    t.equal([f["priority"] for f in row["files"]],
        ["low", "normal", "high", "normal"], "priorities outlive a restart")
    in_backoff(t, daemon, torrent)
    seed.requests.clear()
    daemon.ctl("start", torrent.infohash)
    daemon.wait_state(torrent.infohash, "seeding", 40)
    got = order(seed)
    t.diag(f"{have} pieces before, then {got}")
    high = [i for i, p in enumerate(got) if 19 <= p < 29]
    low = [i for i, p in enumerate(got) if p < 10]
    rest = [i for i, p in enumerate(got) if 10 <= p < 19 or p >= 29]
    t.ok(max(high) < min(rest) and max(rest) < min(low),
        "files of high priority first, of low priority last", got)
    t.equal(daemon.ctl("files", "all", "high", "4", check=False)[0], 1,
        "a file that is none")
    t.equal(daemon.ctl("files", "all", "high", "3-1", check=False)[0], 2,
        "a list that is none")
    daemon.stop()


def shown(wire_, npieces):
    """The pieces that a peer says it has until it falls silent."""
    have = set()
    try:
        while True:
            wire_.sock.settimeout(1.5 if have else 20)
            kind, body = wire_.read_msg()
            if kind == wire.HAVE:
                have.add(int.from_bytes(body, "big"))
            elif kind == wire.BITFIELD:
                have |= {i for i in range(npieces)
                    if body[i // 8] & 0x80 >> i % 8}
    except TimeoutError:
        return have


def look(t, torrent, daemon):
    peer = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    peer.send_handshake()
    peer.read_handshake()
    have = shown(peer, torrent.npieces)
    peer.close()
    return len(have)


def super_seeding(t, torrent, daemon):
    daemon.start()
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.match(daemon.run("status", torrent.infohash)[1],
        r"modes +first-last", "modes are kept over a restart, and shown")
    t.equal(look(t, torrent, daemon), torrent.npieces, "a seed shows all")
    daemon.ctl("set", torrent.infohash, "super-seeding", "yes")
    t.ok(look(t, torrent, daemon) < 4, "a super seed shows little")
    daemon.ctl("set", torrent.infohash, "super-seeding", "no")
    t.equal(look(t, torrent, daemon), torrent.npieces,
        "until that is switched off")


def test(t):
    sequential(t)
    priorities(t)
    torrent, daemon = first_last(t)
    super_seeding(t, torrent, daemon)
    t.equal(daemon.ctl("set", "all", "sequential", "maybe", check=False)[0],
        2, "a value that is none")
    t.equal(daemon.ctl("set", "9", "sequential", "yes", check=False)[0], 3,
        "a torrent that is none")


mimtest.main(test)
