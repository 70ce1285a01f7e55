#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Trackers in three tiers that die and come back; trackers that the user adds,
# removes and replaces; announces that the user wants.

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
from torrent import Torrent


def dead(handler, announce):
    handler.answer(b"gone", 500)


class Switched(tracker.Tracker):
    """A tracker that can be dead, and counts what it hears while alive."""

    def switch(self, alive):
        self.paths = {} if alive else {"/announce": dead}

    def heard(self, torrent, event="started"):
        return len(self.of(torrent.infohash, event))


def rows(daemon, torrent):
    return daemon.torrent(torrent.infohash, "-tv")["trackers"]


def urls(daemon, torrent):
    return [row["url"] for row in rows(daemon, torrent)]


def again(t, daemon, torrent):
    """Stop and start it: all trackers may be asked at once."""
    daemon.ctl("stop", torrent.infohash)
    daemon.wait_state(torrent.infohash, "stopped", 10)
    daemon.ctl("start", torrent.infohash)


def die_and_return(t, daemon, torrent, a, b, c):
    for one in (a, b, c):
        one.switch(False)
    daemon.add(torrent.save(f"{t.root}/t.torrent", a.url, b.url, c.url))
    t.wait(lambda: [r["state"] for r in rows(daemon, torrent)] ==
        ["failed"] * 3, 20, "all to fail")
    t.ok(a.heard(torrent) >= 1 and b.heard(torrent) >= 1 and
        c.heard(torrent) >= 1, "one after the other is asked")
    before = b.heard(torrent)
    b.switch(True)
    t.wait(lambda: rows(daemon, torrent)[1]["state"] == "waiting", 60,
        "the second tier to be used")
    t.ok(b.heard(torrent) > before, "one that comes back is used again")
    others = a.heard(torrent), c.heard(torrent)
    a.switch(True)
    again(t, daemon, torrent)
    t.wait(lambda: rows(daemon, torrent)[0]["state"] == "waiting", 20,
        "the first tier to be used")
    t.wait(lambda: b.heard(torrent, "stopped") == 1, 10, "stopped")
    t.ok(a.heard(torrent) > others[0], "the first tier first, once it works")
    t.equal(c.heard(torrent), others[1], "and nobody else")


def reload_tiers(t, daemon, torrent, b, c):
    c.switch(True)
    before = b.heard(torrent), c.heard(torrent)
    daemon.write_conf(daemon.conf.replace("tiers first", "tiers all"))
    daemon.ctl("reload")
    t.wait(lambda: [r["state"] for r in rows(daemon, torrent)] ==
        ["waiting"] * 3, 20, "one of each tier")
    t.ok(b.heard(torrent) > before[0] and c.heard(torrent) > before[1],
        "tiers all: a reload is enough")


def ask(t, daemon, torrent, a):
    status, out, err = daemon.run("announce", torrent.infohash)
    t.equal(status, 1, "an announce too soon is refused")
    t.match(err, r"next announce allowed in \d+ s", "and says when")
    daemon.ctl("stop", torrent.infohash)
    daemon.wait_state(torrent.infohash, "stopped", 10)
    status, out, err = daemon.run("announce", torrent.infohash)
    t.match(err, "does not run", "one that is stopped is not announced")
    daemon.ctl("start", torrent.infohash)


def edit(t, daemon, torrent, a, b, c):
    t.wait(lambda: [r["state"] for r in rows(daemon, torrent)] ==
        ["waiting"] * 3, 20, "it runs again")
    before = b.heard(torrent, "stopped")
    daemon.ctl("trackers", torrent.infohash, "del", b.url)
    t.equal(urls(daemon, torrent), [a.url, c.url], "a tracker is removed")
    t.wait(lambda: b.heard(torrent, "stopped") > before, 10,
        "it is told stopped")
    status, _, err = daemon.run("trackers", torrent.infohash, "add", a.url)
    t.ok(status == 1 and "already" in err, "one that is there is refused", err)
    status, _, err = daemon.run("trackers", torrent.infohash, "add",
        "ftp://x.example/")
    t.ok(status == 2 and "http" in err, "so is one of no use", err)
    before = b.heard(torrent)
    daemon.ctl("trackers", torrent.infohash, "add", b.url)
    t.wait(lambda: b.heard(torrent) > before, 10, "one added is used")
    t.equal(urls(daemon, torrent), [a.url, c.url, b.url], "and the last")
    daemon.ctl("trackers", torrent.infohash, "set", c.url, a.url)
    t.equal(urls(daemon, torrent), [c.url, a.url], "all are replaced")
    kept = [c.url, a.url]
    t.equal(daemon.stop(), 0, "it stops")
    daemon.start()
    t.equal(urls(daemon, torrent), kept, "they are kept over a restart")
    before = a.heard(torrent)
    t.ok(daemon.kill_child("tracker"), "the tracker process dies")
    t.wait(lambda: a.heard(torrent) > before, 20, "the next knows them, too")
    daemon.ctl("trackers", torrent.infohash, "del",
        a.server.server_address[0])
    t.equal(urls(daemon, torrent), [], "by their host all go")
    daemon.ctl("trackers", torrent.infohash, "add", b.url)
    daemon.kill_child("disk")
    t.wait(lambda: daemon.processes()["disk"]["restarts"] == 1 and
        daemon.state_of(torrent.infohash) == "downloading", 20,
        "the disk process to be back")
    t.equal(urls(daemon, torrent), [b.url], "a list outlives the disk process")
    record = os.path.join(daemon.state, "resume",
        torrent.infohash + ".resume")
    # Eight bytes of a string stand behind each key of 16.
    t.wait(lambda: str(b.port).encode() in
        open(record, "rb").read().replace(b"\x10\0\0\0", b""), 20,
        "the record to be written")
    os.kill(daemon.proc.pid, signal.SIGKILL)
    daemon.proc.wait()
    daemon.start()
    t.equal(urls(daemon, torrent), [b.url], "and a kill")


def private(t, daemon, torrent, a, b):
    daemon.add(torrent.save(f"{t.root}/p.torrent", a.url))
    status, _, err = daemon.run("trackers", torrent.infohash, "add", b.url)
    t.ok(status == 1 and "private" in err, "none is added if private", err)
    daemon.ctl("trackers", torrent.infohash, "set", b.url)
    t.wait(lambda: b.heard(torrent) == 1, 10, "one that replaces it is used")
    t.equal(urls(daemon, torrent), [b.url], "alone")


def test(t):
    content = t.dir("content")
    trackers = [Switched() for _ in range(3)]
    daemon = mimd.Mimd(t, conf="announce tiers first\n").start()
    torrent = Torrent("t", 100_000, 1 << 15).make(content)
    die_and_return(t, daemon, torrent, *trackers)
    reload_tiers(t, daemon, torrent, *trackers[1:])
    ask(t, daemon, torrent, trackers[0])
    edit(t, daemon, torrent, *trackers)
    private(t, daemon, Torrent("p", 100_000, 1 << 15,
        extra={"private": 1}).make(content), *trackers[:2])


mimtest.main(test)
