#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The fast extension (BEP 6) and the small extended messages (BEP 10, 21, 54),
# with libtorrent and with peers that are scripts.

import hashlib
import os
import re
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent, bdecode, bencode

SIZE = 6_000_001
PIECE = 1 << 17
SET = (1 << 20) // PIECE		# pieces that a newcomer may have
UPLOAD_ONLY, DONTHAVE = 11, 12		# our ids for them


def allowed_set(addr, infohash, npieces, k):
    """BEP 6's own words."""
    x = bytes(int(b) for b in addr.split(".")[:3]) + b"\0" + infohash
    found = []
    while len(found) < k:
        x = hashlib.sha1(x).digest()
        for i in range(5):
            piece = struct.unpack_from(">I", x, 4 * i)[0] % npieces
            if piece not in found and len(found) < k:
                found.append(piece)
    return found


def call(t, daemon, torrent, addr=None):
    """A connection past the handshakes, speaking both extensions."""
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
        addr=addr)
    w.send_handshake(reserved=wire.BOTH_BITS)
    w.read_handshake()
    w.ext(0, bencode({"m": {"upload_only": UPLOAD_ONLY,
        "lt_donthave": DONTHAVE}, "v": "script"}))
    return w


def first_words(t, seed, torrent):
    addr = t.addr()
    w = call(t, seed, torrent, addr)
    kind, body = w.read_msg()
    t.equal((kind, body[:1]), (wire.EXTENDED, b"\0"),
        "the extension handshake comes first")
    said = bdecode(body[1:])
    t.match(said[b"v"].decode(), r"^mim \d", "it names the client")
    t.equal(said[b"p"], seed.port, "and its port")
    t.equal(said[b"reqq"], 8192, "and how many requests it takes")
    t.equal(said[b"yourip"], bytes(int(b) for b in addr.split(".")),
        "and our address")
    t.equal(said[b"upload_only"], 1, "and that it has all")
    t.ok(b"lt_donthave" in said[b"m"] and b"upload_only" in said[b"m"],
        "and what it speaks", said)
    t.equal(w.read_msg(), (wire.HAVE_ALL, b""), "a seed says have-all")
    w.msg(wire.HAVE_NONE)
    r = struct.pack(">III", 3, 16384, 16384)
    w.msg(wire.REQUEST, r)
    t.equal(w.until(wire.REJECT, wire.PIECE), (wire.REJECT, r),
        "a choked peer's request is rejected")
    w.msg(wire.INTERESTED)
    w.until(wire.UNCHOKE)
    w.msg(wire.REQUEST, r)
    t.equal(w.until(wire.REJECT, wire.PIECE)[1][8:],
        torrent.read(seed.root, 3, 16384, 16384), "an unchoked one's is not")
    bad = struct.pack(">III", 3, PIECE - 10, 16384)
    w.msg(wire.REQUEST, bad)
    t.equal(w.until(wire.REJECT, wire.PIECE), (wire.REJECT, bad),
        "one beyond the piece is")
    w.ext(said[b"m"][b"upload_only"], b"\1")
    try:
        w.until_gone()
    except wire.Gone:
        t.ok(True, "who only uploads parts from a seed")


def each_request_is_answered(t, seed, torrent):
    """Many requests and cancels at once: a block or a reject for each."""
    w = call(t, seed, torrent)
    w.msg(wire.HAVE_NONE)
    w.msg(wire.INTERESTED)
    w.until(wire.UNCHOKE)
    asked = [(p, b) for p in range(20) for b in range(0, PIECE, wire.BLOCK)]
    out = b"".join(struct.pack(">IBIII", 13, kind, p, b, wire.BLOCK)
        for p, b in asked for kind in (wire.REQUEST, wire.CANCEL)
        if kind == wire.REQUEST or p % 2)
    w.send(out)
    blocks, rejects = set(), set()
    while len(blocks | rejects) < len(asked):
        kind, body = w.until(wire.PIECE, wire.REJECT)
        (blocks if kind == wire.PIECE else rejects).add(
            struct.unpack_from(">II", body))
    t.equal((blocks & rejects, blocks | rejects), (set(), set(asked)),
        "each request is answered once")
    t.ok(all(p % 2 for p, _ in rejects), "rejects are for the cancelled")
    t.ok(len(rejects) > 0, "of which there are some", len(rejects))
    w.close()


def choked_newcomer(t, seed, torrent):
    """When all slots are taken the next one gets a set."""
    others = []
    for _ in range(100):
        addr = t.addr()
        w = call(t, seed, torrent, addr)
        w.msg(wire.HAVE_NONE)
        w.msg(wire.INTERESTED)
        kind, body = w.until(wire.UNCHOKE, wire.ALLOWED_FAST)
        if kind == wire.ALLOWED_FAST:
            break
        others.append(w)
    t.diag(f"{len(others)} peers were unchoked at once")
    want = allowed_set(addr, bytes.fromhex(torrent.infohash),
        torrent.npieces, SET)
    got = [struct.unpack(">I", body)[0]]
    while len(got) < SET:
        got.append(struct.unpack(">I", w.until(wire.ALLOWED_FAST)[1])[0])
    t.equal(got, want, "a choked newcomer gets the set of BEP 6")
    piece = got[0]
    other = next(p for p in range(torrent.npieces) if p not in got)
    w.request(piece, 0, wire.BLOCK)
    t.equal(w.until(wire.REJECT, wire.PIECE)[1][8:],
        torrent.read(seed.root, piece, 0, wire.BLOCK), "it is served those")
    w.request(other, 0, wire.BLOCK)
    t.equal(w.until(wire.REJECT, wire.PIECE)[0], wire.REJECT, "no others")
    answers = {wire.REJECT: 0, wire.PIECE: 0}
    for _ in range(40):
        w.request(piece, 0, wire.BLOCK)
        answers[w.until(wire.REJECT, wire.PIECE)[0]] += 1
    t.diag(f"of 40 requests for a block of a piece of "
        f"{PIECE // wire.BLOCK}, {answers[wire.PIECE]} were served")
    t.ok(answers[wire.PIECE] <= PIECE // wire.BLOCK + 4,
        "not much more than a piece of each", answers)
    for p in range(torrent.npieces - SET, torrent.npieces):
        w.msg(wire.HAVE, struct.pack(">I", p))
    w.request(got[1], 0, wire.BLOCK)
    t.equal(w.until(wire.REJECT, wire.PIECE)[0], wire.REJECT,
        "none when it has as many pieces")
    for o in others + [w]:
        o.close()


class FastSeed(wire.Seed):
    """Chokes, but allows two pieces; rejects; loses a piece for a while."""

    def __init__(self, t, torrent, root):
        self.seen = []			# (when, kind, body)
        self.choked_asks = set()	# pieces asked for while choked
        self.rejected = []
        self.choking = True
        self.lost = set()
        super().__init__(t, torrent, root)

    def serve(self, w):
        w.read_handshake()
        w.send_handshake(reserved=wire.BOTH_BITS)
        w.ext(0, bencode({"m": {}}))
        w.msg(wire.HAVE_ALL)
        for piece in (5, 7):
            w.msg(wire.ALLOWED_FAST, struct.pack(">I", piece))
        w.msg(wire.SUGGEST, struct.pack(">I", 9))
        threading.Thread(target=self.relent, args=(w,), daemon=True).start()
        while True:
            kind, body = w.read_msg()
            self.seen.append((time.monotonic(), kind, body))
            if kind == wire.EXTENDED and body[0] == 0:
                self.theirs = bdecode(body[1:])[b"m"]
            elif kind == wire.REQUEST:
                self.answer(w, struct.unpack(">III", body))

    def relent(self, w):
        """Unchoke, choke again and reject, unchoke for good."""
        time.sleep(1)
        self.choking = False
        w.msg(wire.UNCHOKE)

    def answer(self, w, r):
        self.requests.append(r)
        if self.choking:
            self.choked_asks.add(r[0])
        if r[0] == 11 and not self.rejected:
            # It has it no more, and then again: nothing is asked meanwhile.
            w.ext(self.theirs[b"lt_donthave"], struct.pack(">I", 11))
            self.rejected.append(r)
            self.lost.add(11)
            threading.Timer(1.5, self.find, (w,)).start()
        if r[0] in self.lost:
            w.msg(wire.REJECT, struct.pack(">III", *r))
            return
        w.block(*r[:2], self.block_of(*r))
        self.sent += r[2]

    def find(self, w):
        self.lost.clear()
        self.found_at = time.monotonic()
        w.msg(wire.HAVE, struct.pack(">I", 11))


def from_fast_seed(t, content):
    torrent = Torrent("fast", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    seed = FastSeed(t, torrent, content)
    announce.fixed = [seed.peer]
    leech = mimd.Mimd(t, "leech").start()
    leech.add(torrent.save(t.root + "/fast.torrent", announce.url))
    other = call(t, leech, torrent)
    other.msg(wire.HAVE_NONE)
    leech.wait_state(torrent.infohash, "seeding", 20)
    t.equal(torrent.wrong(leech.root), None, "bit-exact from a fast seed")
    kinds = [kind for _, kind, _ in seed.seen]
    t.ok(wire.HAVE_NONE in kinds and wire.BITFIELD not in kinds,
        "who has none says so")
    t.equal(seed.choked_asks, {5, 7}, "while choked, what is allowed")
    asks = [when for when, kind, body in seed.seen if kind == wire.REQUEST
        and struct.unpack_from(">I", body)[0] == 11]
    first = min(asks)
    t.equal([a for a in asks if first + 0.5 < a < seed.found_at], [],
        "a piece that it lost is not asked for")
    t.ok(any(a > seed.found_at for a in asks), "until it has it again")
    while True:
        kind, body = other.until(wire.EXTENDED)
        if body[0] == UPLOAD_ONLY:
            break
    t.equal(body[1:], b"\1", "completion is told as upload_only")


class NarrowSeed(wire.Seed):
    """Takes three requests at a time, and says so."""

    most = 0

    def serve(self, w):
        w.read_handshake()
        w.send_handshake(reserved=wire.BOTH_BITS)
        w.ext(0, bencode({"m": {}, "reqq": 3}))
        w.msg(wire.HAVE_ALL)
        w.msg(wire.UNCHOKE)
        w.sock.settimeout(0.05)
        waiting = []
        while True:
            try:
                kind, body = w.read_msg()
                if kind == wire.REQUEST:
                    waiting.append(struct.unpack(">III", body))
            except TimeoutError:
                self.most = max(self.most, len(waiting))
                for r in waiting:
                    w.block(*r[:2], self.block_of(*r))
                waiting = []


def from_narrow_seed(t, content):
    torrent = Torrent("narrow", 1_000_000, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    seed = NarrowSeed(t, torrent, content)
    announce.fixed = [seed.peer]
    leech = mimd.Mimd(t, "narrow").start()
    leech.add(torrent.save(t.root + "/narrow.torrent", announce.url))
    leech.wait_state(torrent.infohash, "seeding", 20)
    t.equal(seed.most, 3, "no more requests than a peer's reqq")


def with_libtorrent(t, content):
    """Both directions; libtorrent's own log of messages says what it saw."""
    torrent = Torrent("lt", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    announce.introduces = True
    path = torrent.save(t.root + "/lt.torrent", announce.url)
    seed = mimd.Mimd(t, "lt-seed", root=content).start()
    seed.add(path, "-c")
    seed.wait_state(torrent.infohash, "seeding", 20)
    log = t.root + "/lt-leech.log"
    leech = clients.Libtorrent(t, path, "lt-leech", log=log)
    t.wait(lambda: leech.progress() == 1, 30, "libtorrent's leech")
    t.equal(torrent.wrong(leech.root), None, "libtorrent: bit-exact")
    said = mimtest.read_text(log)
    t.match(said, r"<== HAVE_ALL", "libtorrent saw mim's have-all")
    t.match(said, r"EXTENDED_HANDSHAKE", "and its extension handshake")
    t.equal(re.findall("(?i).*invalid.*", said), [],
        "and found nothing wrong")
    t.wait(lambda: not seed.peers(torrent.infohash), 10, "seeds to part")
    mimtest.stop(leech.proc)
    seed.stop()

    announce = tracker.Tracker(interval=1800)
    path = torrent.save(t.root + "/lt2.torrent", announce.url)
    log = t.root + "/lt-source.log"
    clients.Libtorrent(t, path, "lt-source", seed=True, root=content,
        log=log, suggest_mode=1, allowed_fast_set_size=10, up=1500000)
    fetch = mimd.Mimd(t, "lt-fetch").start()
    fetch.add(path)
    row = t.wait(lambda: [p for p in fetch.peers(torrent.infohash)
        if p["client"].startswith("libtorrent")], 20, "libtorrent's row")[0]
    t.match(row["client"], r"^libtorrent/2", "its name is the one it gives")
    fetch.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(fetch.root), None, "mim: bit-exact")
    said = mimtest.read_text(log)
    t.match(said, r"<== HAVE_NONE", "libtorrent saw mim's have-none")
    t.equal(re.findall("(?i).*invalid.*", said), [],
        "and found nothing wrong")


def test(t):
    content = t.dir("content")
    torrent = Torrent("seeded", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    seed = mimd.Mimd(t, "seed", root=content,
        conf="max peers 200 per torrent 150\n").start()
    seed.add(torrent.save(t.root + "/seeded.torrent", announce.url), "-c")
    seed.wait_state(torrent.infohash, "seeding", 20)
    first_words(t, seed, torrent)
    each_request_is_answered(t, seed, torrent)
    choked_newcomer(t, seed, torrent)
    from_fast_seed(t, content)
    from_narrow_seed(t, content)
    with_libtorrent(t, content)


mimtest.main(test)
