#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Why a torrent is slow or idle, in words, and how its pieces stand.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent

SIZE = 8_000_007
PIECE = 1 << 17
RATE = 500_000			# bytes/s of the seed


def reason(daemon, torrent):
    rows = daemon.ctl("show", "summary")["torrents"]
    return {row["infohash"]: row for row in rows}[torrent.infohash]


def wait_reason(t, daemon, torrent, want, timeout=15):
    def found():
        row = reason(daemon, torrent)
        return row["reason"] == want and row["text"]
    return t.wait(found, timeout,
        lambda: f"reason {want}; it is {reason(daemon, torrent)}")


def alone(t, daemon, announce):
    """Torrents that nobody has."""
    lone = Torrent("lone", 1000, 1 << 14).make(t.dir("lone"))
    daemon.add(lone.save(t.root + "/lone.torrent"))
    t.equal(wait_reason(t, daemon, lone, "no-tracker"),
        "knows no peers, and it has no tracker to ask; the DHT is off",
        "without a tracker")
    away = Torrent("away", 2000, 1 << 14, extra={"private": 1}).make(t.dir("away"))
    daemon.add(away.save(t.root + "/away.torrent",
        "http://10.99.0.1:1/announce"))
    t.match(wait_reason(t, daemon, away, "no-tracker"),
        "^knows no peers, and it is private: its tracker fails: .",
        "private, its tracker gone")
    known = Torrent("known", 3000, 1 << 14).make(t.dir("known"))
    announce.known[known.infohash] = [("10.99.0.1", 1), ("10.99.0.1", 2)]
    daemon.add(known.save(t.root + "/known.torrent", announce.url))
    t.equal(wait_reason(t, daemon, known, "unreachable"),
        "none of the 2 peers that it knows of could be reached yet",
        "with addresses where nobody listens")
    nobody = Torrent("nobody", 4000, 1 << 14).make(t.dir("nobody"))
    daemon.add(nobody.save(t.root + "/nobody.torrent", announce.url))
    t.equal(wait_reason(t, daemon, nobody, "no-peers"),
        "knows no peers: its tracker knows of none",
        "with a tracker that knows of nobody")


def pieces(t, daemon, torrent):
    """While it downloads: runs that cover all pieces, once each."""
    got = daemon.ctl("show", "pieces", torrent.infohash)
    t.equal(got["npieces"], torrent.npieces, "show pieces counts them all")
    last = -1
    for run in got["runs"]:
        if run["first"] != last + 1:
            break
        last = run["last"]
    t.equal(last, got["npieces"] - 1, "its runs have each piece once")
    t.ok(got["begun"] > 0, "some are begun", got)
    t.ok(all(run["peers"] == 1 for run in got["runs"]),
        "the seed has each of them", got)
    status, out, err = daemon.run("show", "pieces", torrent.infohash)
    t.match(out, r"(?m)^  here  [#+>.]+$", "and they are drawn")


def test(t):
    announce = tracker.Tracker(interval=3)
    daemon = mimd.Mimd(t, conf="dht no\n").start()
    alone(t, daemon, announce)

    content = t.dir("content")
    torrent = Torrent("slow", SIZE, PIECE).make(content)
    path = torrent.save(t.root + "/slow.torrent", announce.url)
    seed = clients.Libtorrent(t, path, seed=True, root=content, up=RATE)
    daemon.add(path)
    t.match(wait_reason(t, daemon, torrent, "fine"),
        "^downloads from 1 peer$", "what goes well is said, too")
    pieces(t, daemon, torrent)
    status, out, err = daemon.run("show", "summary")
    t.ok("slow:" not in out and "lone:" in out,
        "but only what does not go well is listed unasked", out)
    t.match(out, r"^5 torrents: 5 downloading; down ", "after the totals")

    daemon.ctl("limit", torrent.infohash, "down", "100K")
    t.match(wait_reason(t, daemon, torrent, "rate"),
        "^downloads from 1 peer as fast as the rate limit lets it$",
        "held back by its limit")
    daemon.ctl("stop", torrent.infohash)
    t.wait(lambda: daemon.state_of(torrent.infohash) == "stopped", 10,
        "the stop")
    status, out, err = daemon.run("show", "pieces", torrent.infohash)
    t.equal((status, out), (1, ""), "a stopped torrent's pieces: exit 1")
    t.match(err, "^mimctl: .*only while it runs\n$", "and a line that says why")
    seed.close()
    daemon.ctl("start", torrent.infohash)
    wait_reason(t, daemon, torrent, "unreachable")
    t.ok(True, "its only peer went away: it says so")


mimtest.main(test)
