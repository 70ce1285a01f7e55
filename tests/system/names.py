#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Names of trackers, by name servers that answer well, late, wrongly or not at
# all, and that are exchanged while mimd runs.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import nameserver
import tracker
from nameserver import Name
from torrent import Torrent, bencode

SIZE = 20_000
PORT = 6969
SILENT = 150	# more names than announces may be under way
HOLD = 5		# s that an answer is kept at least
ANSWERS_FOR_NOBODY = (
    lambda query: b"",
    lambda query: b"\xff" * 40,
    lambda query: query.answer()[:-3],
    lambda query: bytes([query.id[0] ^ 1]) + query.answer(
        ["10.99.64.1"])[1:],
    lambda query: query.answer(["10.99.64.1"]).replace(b"\5noise",
        b"\5other"),
)


def part(handler, announce):
    """Answer, and hang up: the next announce needs the address again."""
    handler.answer(bencode(handler.server.tracker.reply(announce)),
        Connection="close")


class World:
    def __init__(self, t):
        self.t = t
        self.n = 0
        self.trackers = [tracker.Tracker(t.addr(), PORT,
            paths={"/announce": part}) for _ in range(2)]
        self.six = tracker.Tracker(mimtest.TEST_ADDR6, PORT)
        here, self.elsewhere = (x.server.server_address[0]
            for x in self.trackers)
        self.zone = {
            "plain.test": Name(here),
            "six.test": Name(mimtest.TEST_ADDR6),
            "long.test": Name(here, ttl=3600),
            "short.test": Name(here, ttl=1),
            "broken.test": Name(rcode=nameserver.SERVFAIL),
            "empty.test": Name(),
            "big.test": Name(here, truncated=True),
            "noise.test": Name(here, noise=ANSWERS_FOR_NOBODY),
            "after.test": Name(here),
            "moved.test": Name(silent=True),
        }
        self.zone |= {f"silent{i}.test": Name(silent=True)
            for i in range(SILENT)}
        self.server = nameserver.NameServer(t.addr(), self.zone)
        self.silent = nameserver.NameServer(t.addr(),
            default=Name(silent=True))
        self.next = nameserver.NameServer(t.addr(), default=Name(here))
        nameserver.lend_etc(t)
        nameserver.use(self.server.addr)
        self.daemon = mimd.Mimd(t).start()

    def add(self, *names):
        """A torrent with these trackers."""
        self.n += 1
        torrent = Torrent(f"t{self.n}", SIZE, 1 << 15, str(self.n)) \
            .make(self.t.dir("content"))
        self.daemon.add(torrent.save(f"{self.t.root}/{torrent.name}.torrent",
            *[f"http://{name}:{PORT}/announce" for name in names]))
        return torrent

    def rows(self, torrent):
        return self.daemon.torrent(torrent.infohash, "-t")["trackers"]

    def told(self, torrent, server=None):
        """Wait until its tracker has heard of a torrent."""
        for_whom = torrent.infohash
        self.t.wait(lambda: (server or self.trackers[0]).of(for_whom), 45,
            lambda: f"an announce of {self.rows(torrent)}")

    def failed(self, torrent):
        return self.t.wait(lambda: self.rows(torrent)[0]["error"], 45,
            "an error")


def answers(t, w):
    errors = {"none.test": "no such name",
        "broken.test": "no name server could answer",
        "empty.test": "the name has no address"}
    failing = {name: w.add(name) for name in errors}
    for name in ("plain.test", "big.test", "noise.test"):
        w.told(w.add(name))
        t.ok(True, f"{name}: is found")
    t.ok(w.server.asked("big.test", transport="tcp") > 0,
        "big.test: what is cut off comes by TCP")
    w.told(w.add("six.test"), w.six)
    t.ok(True, "six.test: an IPv6 address will do")
    for name, torrent in failing.items():
        t.equal(w.failed(torrent), f"{name}: {errors[name]}",
            f"{name}: says why")


def times(t, w, short):
    """The first answer for short is out of date by now."""
    w.told(w.add("long.test"))
    t.equal(w.server.asked("long.test"), 1, "an answer holds for its TTL")
    w.zone["short.test"] = Name(w.elsewhere)
    time.sleep(max(0, short.time + HOLD + 0.5 - time.monotonic()))
    w.told(w.add("short.test"), w.trackers[1])
    t.ok(w.server.asked("short.test") >= 2,
        "and no longer: a tracker that has moved is found")


def silence(t, w):
    """Look-ups that nobody answers hold nobody up."""
    for i in range(0, SILENT, 50):
        torrent = w.add(*[f"silent{j}.test" for j in range(i, i + 50)])
    t.wait(lambda: all(w.server.asked(f"silent{i}.test")
        for i in range(SILENT)), 30, "all to be asked for")
    w.told(w.add("after.test"))
    t.equal({row["error"] for row in w.rows(torrent)}, {None},
        "a name is found while others are waited for")


def exchange(t, w):
    nameserver.use(w.silent.addr)
    moved = w.add("moved.test")
    t.wait(lambda: w.silent.asked("moved.test"), 45, "the new one to be asked")
    t.ok(True, "another resolv.conf is followed")
    nameserver.use(w.next.addr)
    w.told(moved)
    t.match(w.daemon.log(), "resolv.conf changed", "the log says so")
    nameserver.use(w.silent.addr, w.next.addr)
    torrents = []

    def second():
        """Sooner or later the next name is asked of both."""
        torrents.append(w.add(f"again{len(torrents)}.test"))
        return w.silent.asked(f"again{len(torrents) - 1}.test")

    t.wait(second, 45, "both to be asked", 0.5)
    w.told(torrents[-1])
    t.ok(True, "the second server is asked where the first is silent")


def test(t):
    w = World(t)
    long, short = w.add("long.test"), w.add("short.test")
    w.told(long)
    w.told(short)
    answers(t, w)
    silence(t, w)
    times(t, w, w.trackers[0].of(short.infohash)[0])
    exchange(t, w)
    t.equal(w.daemon.processes()["resolver"]["restarts"], 0,
        "the resolver child lived on")
    t.equal(w.daemon.stop(), 0, "stops with exit status 0")


mimtest.main(test)
