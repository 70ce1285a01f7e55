#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# No room for state: what runs goes on, nothing is claimed that is not there,
# and records are written again when there is room.

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 3_000_001
PIECE = 1 << 14


def fill(path):
    with open(path, "wb", buffering=0) as f:
        for chunk in (1 << 16, 1 << 12):
            try:
                while True:
                    f.write(bytes(chunk))
            except OSError:
                pass


def complaints(daemon):
    return [x for x in daemon.log().splitlines() if "No space left" in x and
        "not added" not in x]


def test(t):
    content = t.dir("content")
    wanted = Torrent("wanted", SIZE, PIECE).make(content)
    other = Torrent("other", SIZE, PIECE).make(content)
    announce = tracker.Tracker(interval=1800)
    seed = wire.Seed(t, wanted, content, rate=2_000_000)
    announce.fixed = [seed.peer]
    state = t.volume("mimd/state", "256k")
    filler = os.path.join(state, "filler")
    daemon = mimd.Mimd(t, user=mimd.SPARE_USER)
    os.chmod(state, 0o777)
    daemon.start()
    daemon.add(wanted.save(t.root + "/wanted.torrent", announce.url))
    t.wait(lambda: daemon.torrent(wanted.infohash)["have"], 20, "a piece")
    fill(filler)

    daemon.wait_state(wanted.infohash, "seeding", 30)
    t.equal(wanted.wrong(daemon.root), None, "the download ends, bit-exact")
    t.wait(lambda: "No space left" in daemon.log(), 20, "the log to say it")
    status, _, err = daemon.run("add",
        other.save(t.root + "/other.torrent"))
    t.ok(status == 1 and "state directory" in err and "No space" in err,
        "a new torrent is refused, and why", err)
    t.match(daemon.log(), "other: not added: state directory: No space",
        "so says the log")
    daemon.ctl("limit", wanted.infohash, "up", "1000K")
    t.wait(lambda: len(daemon.torrents()) == 1, 20, "the refused one to go")
    os.kill(daemon.processes()["parent"]["pid"], signal.SIGKILL)
    daemon.proc.wait()

    # The record is an old one: what it claims is there, the rest is found.
    daemon.start()
    daemon.wait_state(wanted.infohash, "seeding", 30)
    t.equal([row["name"] for row in daemon.torrents()], ["wanted"],
        "after a crash it is there, the refused one is not")
    daemon.ctl("limit", wanted.infohash, "up", "2000K")
    t.wait(lambda: len(complaints(daemon)) >= 2, 20,
        "the log to say it again")
    t.ok(len(complaints(daemon)) <= 3, "each run says it once",
        complaints(daemon))
    t.equal(sum(r["restarts"] for r in daemon.processes().values()), 0,
        "no child died of it")

    os.unlink(filler)
    daemon.ctl("limit", wanted.infohash, "up", "3000K")
    t.wait(lambda: "written again" in daemon.log(), 20,
        "records to be written again")
    t.equal(daemon.stop(), 0, "ends in order")
    mark = len(daemon.log())
    daemon.start()
    row = daemon.wait_state(wanted.infohash, "seeding", 10)
    t.equal(row["have"], SIZE, "all of it counts after a restart")
    t.ok("check" not in daemon.log()[mark:], "without a look at its data",
        daemon.log()[mark:])


mimtest.main(test)
