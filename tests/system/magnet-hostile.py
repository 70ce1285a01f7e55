#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Metadata is served, but not without end; a link to what turns out to be
# private.  (Peers that lie about metadata: hostile-leech.py.)

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from metaseed import (DATA, EXTENDED, META_ID, REJECT, REQUEST, RESERVED,
    MetaSeed, link)
from torrent import Torrent, bdecode, bencode, decode_at

PIECE = 1 << 15


def make(t, name, extra=300_000, private=False):
    more = {"x-filler": random.randbytes(extra)}
    if private:
        more["private"] = 1
    return Torrent(name, 3_000_000, PIECE, extra=more).make(
        t.dir(f"content-{name}"))


def content(t, torrent):
    return os.path.join(t.root, f"content-{torrent.name}")


def requests(t, daemon):
    """A peer that never has enough of our metadata."""
    torrent = make(t, "asked")
    os.rename(torrent.path(content(t, torrent), torrent.files[0]),
        f"{daemon.root}/asked")
    daemon.add(torrent.save(f"{t.root}/asked.torrent",
        "http://127.0.0.1:9/a"), "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    info = bencode(torrent.info)
    blocks = -(-len(info) // wire.BLOCK)
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    w.send_handshake(reserved=RESERVED)
    w.read_handshake()
    w.msg(EXTENDED, b"\0" + bencode({"m": {"ut_metadata": META_ID}}))
    number, size = None, None
    while number is None:
        kind, body = w.read_msg()
        if kind == EXTENDED and body[0] == 0:
            hello = bdecode(body[1:])
            number = hello[b"m"][b"ut_metadata"]
            size = hello[b"metadata_size"]
    t.equal(size, len(info), "metadata_size is told")

    def ask(piece):
        w.msg(EXTENDED, bytes([number]) + bencode({"msg_type": REQUEST,
            "piece": piece}))

    def hear():
        while True:
            kind, body = w.read_msg()
            if kind == EXTENDED and body[0] == META_ID:
                head, at = decode_at(body[1:], 0)
                return head[b"msg_type"], body[1 + at:]

    got = b""
    for piece in range(blocks):
        ask(piece)
        kind, data = hear()
        got += data
    t.ok(got == info, "metadata is served, bit-exact")
    for piece in (blocks, 2 ** 31, 2 ** 32 - 1):
        ask(piece)
        t.equal(hear()[0], REJECT, f"block {piece} is rejected")
    kinds = []
    for i in range(1000):
        ask(i % blocks)
    for i in range(1000):
        kinds.append(hear()[0])
    t.ok(kinds.count(DATA) <= 3 * blocks + 5, "who asks on and on is refused",
        (kinds.count(DATA), blocks))
    t.diag(f"1000 requests: {kinds.count(DATA)} served, "
        f"{kinds.count(REJECT)} rejected")
    w.close()


def private(t, daemon):
    torrent = make(t, "private", private=True)
    root = content(t, torrent)
    mine, stranger = (MetaSeed(t, torrent, root) for _ in range(2))
    announce = tracker.Tracker(interval=2)
    announce.fixed = [mine.peer]
    daemon.ctl("add", link(torrent, stranger.peer, tracker=announce.url))
    t.wait(lambda: announce.of(torrent.infohash), 10, "the announce")
    t.ok(int(announce.of(torrent.infohash)[0]["left"]) > 0,
        "left is not 0 while it is unknown")
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(daemon.root), None, "private: bit-exact")
    t.equal(stranger.sent, 0, "whom no tracker named gives no payload")
    t.equal(stranger.accepted, 1, "and is not connected to again")


def test(t):
    daemon = mimd.Mimd(t).start()
    requests(t, daemon)
    private(t, daemon)


mimtest.main(test)
