#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The disk child, and the whole daemon, are killed at any moment of moves from
# one file system to another: the data are whole at one place, nothing is left
# at the other, and it seeds on.

import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import File, Torrent

KILLS = 8
# What a move of this takes, about, and how long after its end to kill.
TIME, AFTER = 0.35, 0.1


def left(root, torrent):
    """What is beneath a place that the torrent is not in."""
    found = []
    for at, dirs, names in os.walk(root):
        found += [os.path.join(at, n) for n in names + dirs]
    return found


def ask(daemon, where):
    return subprocess.Popen([mimtest.program("mimctl"), "-s", daemon.socket,
        "move", "1", where], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=mimd.CTL_ENV)


def kill_disk(daemon):
    daemon.kill_child("disk")


def kill_all(daemon):
    parent = daemon.processes()["parent"]["pid"]
    children = list(daemon.children().values())
    os.kill(parent, signal.SIGKILL)
    daemon.proc.wait()
    while any(map(mimtest.alive, children)):
        time.sleep(0.01)
    daemon.start()


def settle(t, daemon, torrent, places):
    """Until it seeds again; returns where it is then."""
    row = daemon.wait_state(torrent.infohash, "seeding", 30)
    # A new disk child says what it had before the order is sent to it.
    time.sleep(0.3)
    row = daemon.wait_state(torrent.infohash, "seeding", 30)
    t.ok(row["dir"] in places, "it is at one of the two places", row)
    return row["dir"]


def test(t):
    seed = int(os.environ.get("SEED") or time.time())
    t.diag(f"SEED={seed} gives these moments again")
    random.seed(seed)
    places = [t.volume("one", "64m"), t.volume("two", "64m")]
    daemon = mimd.Mimd(t, root=places[0])
    daemon.write_conf(daemon.conf +
        f"download directory \"{places[1]}\"\n")
    torrent = Torrent("killed", [("big", 16_000_001), File("sparse",
        200_000_000, data=[(50_000_000, 3_000_000)])] +
        [(f"d{i % 3}/{i}", 100_000 + i) for i in range(30)],
        1 << 18).make(places[0])
    mimtest.own(*places)
    announce = tracker.Tracker(interval=1)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    daemon.start()
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 30)
    at = places[0]
    begun = time.monotonic()
    daemon.ctl("move", "1", places[1])
    t.diag(f"a move takes {time.monotonic() - begun:.2f} s")
    span = time.monotonic() - begun + AFTER
    at = places[1]
    went = 0
    for i in range(KILLS):
        kill = kill_all if i % 3 == 2 else kill_disk
        where = places[1 - places.index(at)]
        ctl = ask(daemon, where)
        time.sleep(random.uniform(0, span))
        kill(daemon)
        now = settle(t, daemon, torrent, places)
        went += now != at
        at = now
        other = places[1 - places.index(at)]
        t.equal(torrent.wrong(at), None, f"{kill.__name__}: bit-exact")
        t.equal(left(other, torrent), [], "nothing is left where it was")
        ctl.wait()
    t.ok(went > 0, "some of these moves were done", went)
    held = os.stat(os.path.join(at, "killed/sparse")).st_blocks * 512
    t.ok(held < 8_000_000, "holes stay holes", held)
    leech = clients.Libtorrent(t, path)
    t.wait(lambda: leech.progress() == 1, 60, "the leech")
    t.equal(leech.progress(), 1, "it seeds on")


mimtest.main(test)
