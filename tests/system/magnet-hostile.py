#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Metadata from peers that lie, stall, flood and boast, with one honest peer
# among them; requests without end; a link to what turns out to be private.

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from metaseed import (DATA, EXTENDED, META_ID, REJECT, REQUEST, RESERVED,
    MetaSeed, link)
from torrent import Torrent, bdecode, bencode, decode_at

PIECE = 1 << 15
MiB = 1 << 20


def make(t, name, extra=300_000, private=False):
    more = {"x-filler": random.randbytes(extra)}
    if private:
        more["private"] = 1
    return Torrent(name, 3_000_000, PIECE, extra=more).make(
        t.dir(f"content-{name}"))


def content(t, torrent):
    return os.path.join(t.root, f"content-{torrent.name}")


def memory(daemon):
    """MiB of peer's and disk's own."""
    rows = daemon.processes()
    return [round(rows[role]["memory"] / MiB, 1)
        for role in ("peer", "disk")]


def among(t, daemon, name, manners, limit):
    """One honest seed among peers of these manners."""
    torrent = make(t, name)
    root = content(t, torrent)
    others = [MetaSeed(t, torrent, root, manner) for manner in manners]
    honest = MetaSeed(t, torrent, root)
    peers = [seed.peer for seed in others + [honest]]
    random.shuffle(peers)
    begin = time.monotonic()
    daemon.ctl("add", link(torrent, *peers))
    daemon.ctl("wait", "-e", "metadata", "-t", str(limit), torrent.infohash)
    t.diag(f"{name}: {time.monotonic() - begin:.1f} s, peer and disk "
        f"{memory(daemon)} MiB")
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None, f"{name}: bit-exact")
    daemon.ctl("remove", torrent.infohash)


def bombs(t, daemon):
    """Many links, of which nobody has anything but noise."""
    before = memory(daemon)
    torrents = []
    for i in range(24):
        torrent = make(t, f"bomb{i}", extra=0)
        seeds = [MetaSeed(t, torrent, content(t, torrent), "huge")
            for _ in range(2)]
        daemon.ctl("add", link(torrent, *[s.peer for s in seeds]))
        torrents.append(torrent)
    most = [0, 0]
    end = time.monotonic() + 8
    while time.monotonic() < end:
        most = [max(pair) for pair in zip(most, memory(daemon))]
        time.sleep(0.05)
    t.ok(most[0] - before[0] < 16 and most[1] - before[1] < 40,
        "24 links to 10 MiB of noise cost little memory", (before, most))
    t.diag(f"24 bombs: peer and disk {before} MiB before, {most} at most")
    among(t, daemon, "beside bombs", ["honest"], 30)
    for torrent in torrents:
        daemon.ctl("remove", torrent.infohash)
    after = memory(daemon)
    t.diag(f"after them: {after} MiB")
    t.ok(after[0] - before[0] < 8 and after[1] - before[1] < 8,
        "and leave none behind", (before, after))


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
        f"{kinds.count(REJECT)} rejected; {memory(daemon)} MiB")
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
    t.diag(f"at first: peer and disk {memory(daemon)} MiB")
    among(t, daemon, "one liar", ["liar", "honest", "honest"], 30)
    among(t, daemon, "boasters", ["huge", "bomb"], 60)
    among(t, daemon, "refusers", ["reject"] * 3 + ["silent"] * 2, 30)
    among(t, daemon, "floods", ["flood", "junk"], 30)
    among(t, daemon, "all of them", ["liar", "liar", "huge", "bomb", "reject",
        "silent", "flood", "junk"], 90)
    bombs(t, daemon)
    requests(t, daemon)
    private(t, daemon)


mimtest.main(test, timeout=240)
