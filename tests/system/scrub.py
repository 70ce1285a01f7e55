#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Scrub: a byte that turns on disk beneath a seed, without a trace in the
# file's times, is found, served no more, told to peers, and fetched again.

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent, bencode

PIECE = 1 << 17
BAD = 21			# the piece that rots
DONTHAVE = 7			# our number for that message


def flip(path, offset):
    """Turn a byte, and let nobody see it from outside."""
    st = os.stat(path)
    with open(path, "r+b") as f:
        f.seek(offset)
        byte = f.read(1)[0]
        f.seek(offset)
        f.write(bytes([byte ^ 0x10]))
        f.flush()
        os.fsync(f.fileno())
    os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))


def greet(t, seed, torrent):
    """A leech that knows donthave, and is unchoked."""
    w = wire.connect(t, (seed.addr, seed.port), torrent.infohash, timeout=20)
    w.send_handshake(reserved=wire.BOTH_BITS)
    w.read_handshake()
    w.msg(wire.HAVE_NONE)
    w.ext(0, bencode({"m": {"lt_donthave": DONTHAVE}}))
    w.until(wire.HAVE_ALL)
    w.msg(wire.INTERESTED)
    w.until(wire.UNCHOKE)
    return w


def until_lost(w):
    """The piece of the next donthave."""
    while True:
        kind, body = w.until(wire.EXTENDED)
        if body[0] == DONTHAVE:
            return int.from_bytes(body[1:], "big")


def reload(daemon, every):
    daemon.write_conf(daemon.conf + f"scrub {every}\n")
    daemon.ctl("reload")


def found(t, daemon, torrent):
    w = greet(t, daemon, torrent)
    offset = 1_000_003
    path = os.path.join(daemon.root, torrent.name, "b", "c.bin")
    flip(path, BAD * PIECE + 17 - offset)
    w.request(BAD, 0, wire.BLOCK)
    t.equal(w.until(wire.PIECE, wire.REJECT)[0], wire.PIECE,
        "nothing is seen from outside: it is still served")
    reload(daemon, "every 2s")
    t.equal(until_lost(w), BAD, "donthave names the piece")
    w.request(BAD, 0, wire.BLOCK)
    t.equal(w.until(wire.PIECE, wire.REJECT)[0], wire.REJECT,
        "it is not served any more")
    w.request(BAD + 1, 0, wire.BLOCK)
    t.equal(w.until(wire.PIECE, wire.REJECT)[0], wire.PIECE,
        "its neighbour is, on the same connection")
    row = daemon.wait_state(torrent.infohash, "downloading", 20)
    t.equal(torrent.size - row["have"], PIECE, "one piece is missing")
    t.match(row["error"], f"damaged on disk.*piece {BAD} of .*b/c.bin",
        "the error says which, and of what file")
    summary = daemon.ctl("show", "summary")["torrents"][0]
    t.equal(summary["reason"], "damaged", "the summary says why")
    t.match(daemon.run("show", "summary")[1], "b/c.bin", "and of what file")
    t.match(daemon.log(), f"damaged on disk.*piece {BAD} of",
        "so does the log")
    w.close()


def shared(t, daemon, torrent, seed):
    """It rots where nothing may be written, until that is over."""
    path = os.path.join(daemon.root, torrent.name, "a.bin")
    other = os.path.join(t.root, "library")
    os.link(path, other)
    w = greet(t, daemon, torrent)
    flip(path, 2 * PIECE + 5)
    t.equal(until_lost(w), 2, "a piece of a shared file is lost")
    row = t.wait(lambda: (r := daemon.torrent(torrent.infohash))["error"] and
        "written" in r["error"] and r, 20, "the error that says so")
    t.equal((row["state"], torrent.size - row["have"]), ("downloading",
        PIECE), "no error of the torrent: all but the piece is had")
    t.match(row["error"], r"^1 piece \(128\.0K\) missing or damaged and not "
        r"fetched, for \S+/rotten/a.bin cannot be written: has other hard "
        r"links; see", "it says what, how much, where and why")
    summary = daemon.ctl("show", "summary")["torrents"][0]
    t.equal((summary["reason"], summary["text"]), ("damaged", row["error"]),
        "so does the summary, and nothing else")
    w.request(2, 0, wire.BLOCK)
    t.equal(w.until(wire.PIECE, wire.REJECT)[0], wire.REJECT,
        "the piece is not served")
    w.request(1, 0, wire.BLOCK)
    t.equal(w.until(wire.PIECE, wire.REJECT)[0], wire.PIECE,
        "its neighbour is, on the same connection")
    w.close()
    daemon.ctl("start", torrent.infohash)
    t.equal(daemon.stop(), 0, "a clean end")
    asked = len(seed.requests)
    daemon.start()
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    row = t.wait(lambda: (r := daemon.torrent(torrent.infohash))["error"] and
        r, 20, "the error after a restart")
    t.match(row["error"], "^1 piece .*/a.bin cannot be written", "the same")
    t.equal(len(seed.requests), asked, "and nobody was asked for it")
    os.unlink(other)
    daemon.ctl("start", torrent.infohash)
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal(torrent.wrong(daemon.root), None, "fetched as soon as it may be")
    t.equal(daemon.torrent(torrent.infohash)["error"], None, "no error left")


def test(t):
    daemon = mimd.Mimd(t)
    torrent = Torrent("rotten", [("a.bin", 1_000_003),
        ("b/c.bin", 7_000_000)], PIECE).make(daemon.root)
    for f in torrent.files:
        shutil.chown(torrent.path(daemon.root, f), mimtest.SERVICE_USER)
    path = torrent.save(t.root + "/x.torrent")
    daemon.start()
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    found(t, daemon, torrent)

    # The record knows: a piece that was lost is not served after a restart.
    t.equal(daemon.stop(), 0, "a clean end")
    daemon.start()
    row = daemon.wait_state(torrent.infohash, "downloading", 10)
    t.equal(torrent.size - row["have"], PIECE, "after a restart it is missing")

    other = t.dir("good")
    torrent.make(other)
    seed = wire.Seed(t, torrent, other)
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal({r[0] for r in seed.requests}, {BAD}, "it alone is fetched again")
    t.equal(torrent.wrong(daemon.root), None, "bit-exact")
    t.wait(lambda: daemon.torrent(torrent.infohash)["error"] is None, 20,
        "the error to go")

    # It goes on by itself: the next is found as well.
    flip(os.path.join(daemon.root, torrent.name, "a.bin"), 5)
    t.wait(lambda: len({r[0] for r in seed.requests}) == 2, 20,
        "the next damage to be found")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal(torrent.wrong(daemon.root), None, "bit-exact once more")

    shared(t, daemon, torrent, seed)

    # A file that is not there is no rot: nothing is written in its place.
    os.unlink(os.path.join(daemon.root, torrent.name, "a.bin"))
    row = daemon.wait_state(torrent.infohash, "error", 20)
    t.match(row["error"], "a.bin", "a missing file is an error, not rot")
    t.ok(not os.path.exists(os.path.join(daemon.root, torrent.name,
        "a.bin")), "and nobody made another")


mimtest.main(test)
