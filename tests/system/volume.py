#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A volume that comes and goes: its torrents wait and say so, nothing is ever
# written at the place where it was, and all goes on by itself when it is back.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 12_000_001
RATE = 5_000_000		# bytes/s of the seed


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def listing(path):
    return sorted(os.path.relpath(os.path.join(top, name), path)
        for top, dirs, files in os.walk(path) for name in dirs + files)


class Volume:
    """A file system that can be taken away and put back."""

    def __init__(self, t, name):
        self.store, self.point = t.dir(name + "-store"), t.dir(name)
        mount("-t", "tmpfs", "-o", "size=100m,mode=777", "none", self.store)

    def put(self):
        mount("--bind", self.store, self.point)

    def take(self):
        # As if it were not busy.
        subprocess.run(["umount", "-l", self.point], check=True)


def beneath(t):
    """A volume that is mounted in a subdirectory of a download directory."""
    content = t.dir("sub-content")
    torrent = Torrent("deep", [("one", 5_000_000), ("two", 2_000_000)],
        1 << 17).make(content)
    root = t.dir("sub-root", mimtest.SERVICE_USER)
    plain = Torrent("plain", 300_000, 1 << 15, seed=3).make(root)
    volume = Volume(t, "sub-root/tv")
    volume.put()
    announce = tracker.Tracker()
    seed = wire.Seed(t, torrent, content, rate=2_000_000)
    announce.fixed = [seed.peer]
    daemon = mimd.Mimd(t, "beneath", root=root).start()
    daemon.add(plain.save(t.root + "/plain.torrent"), "-c")
    daemon.add(torrent.save(t.root + "/deep.torrent", announce.url), "-d",
        volume.point)
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"] > 1_000_000, 30,
        "a beginning")
    volume.take()
    row = daemon.wait_state(torrent.infohash, "waiting", 15)
    t.match(row["error"] or "", "tv is not the directory that it was",
        "beneath: waits, and names the directory")
    daemon.wait_state(plain.infohash, "seeding", 15)
    daemon.stop()
    daemon.start()
    daemon.wait_state(torrent.infohash, "waiting", 15)
    daemon.wait_state(plain.infohash, "seeding", 15)
    t.equal(listing(volume.point), [], "beneath: nothing is written there")
    volume.put()
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(volume.point), None, "beneath: goes on when back")
    daemon.stop()


def within(t):
    """
    Another volume in a torrent's own directory: nothing is written to it, so
    that nothing is missed, nor made anew at its place, when it goes.
    """
    content = t.dir("in-content")
    torrent = Torrent("album", [("one", 3_000_000), ("extra/two", 3_000_000),
        ("three", 1_000_000)], 1 << 17).make(content)
    root = t.dir("in-root", mimtest.SERVICE_USER)
    for name in ("album", "album/extra"):
        t.dir("in-root/" + name, mimtest.SERVICE_USER)
    volume = Volume(t, "in-root/album/extra")
    volume.put()
    announce = tracker.Tracker()
    seed = wire.Seed(t, torrent, content)
    announce.fixed = [seed.peer]
    daemon = mimd.Mimd(t, "within", root=root).start()
    daemon.add(torrent.save(t.root + "/album.torrent", announce.url))
    row = t.wait(lambda: (r := daemon.torrent(torrent.infohash))["error"] and
        r, 30, "an error")
    t.match(row["error"], "extra/two cannot be written: .*another volume",
        "within: an error that names the file")
    t.equal(listing(volume.store), [], "within: nothing is written there")
    volume.take()
    daemon.ctl("start", torrent.infohash)
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(root), None, "within: goes on when it is gone")
    t.equal(listing(volume.store), [], "within: and none of it is there")

    # What was read from such a volume is not made anew where it was.
    subprocess.run(["mv", torrent.path(root, torrent.files[1]),
        volume.store], check=True)
    volume.put()
    daemon.ctl("check", torrent.infohash)
    daemon.wait_state(torrent.infohash, "seeding", 30)
    daemon.stop()
    volume.take()
    daemon.start()
    row = daemon.wait_state(torrent.infohash, "error", 30)
    t.match(row["error"] or "", "extra/two", "within: a file that is gone")
    t.equal(listing(volume.point), [], "within: is not made anew")
    daemon.stop()


def test(t):
    content = t.dir("content")
    torrent = Torrent("big", [("one", 5_000_000), ("two", SIZE - 5_000_000)],
        1 << 17).make(content)
    other = Torrent("small", 300_000, 1 << 15, seed=2).make(content)
    volume = Volume(t, "volume")
    volume.put()
    announce = tracker.Tracker()
    seed = wire.Seed(t, torrent, content, rate=RATE)
    announce.fixed = [seed.peer]
    daemon = mimd.Mimd(t, root=volume.point).start()
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    t.wait(lambda: daemon.torrent(torrent.infohash)["have"] > SIZE / 8, 30,
        "a beginning")

    volume.take()
    row = daemon.wait_state(torrent.infohash, "waiting", 15)
    t.match(row["error"] or "", f"{volume.point} .*mounted",
        "taken away in the middle: waits, and names the volume")
    t.ok(row["have"] > SIZE / 8, "what is there is not forgotten", row)
    status, out, err = daemon.run("add", "-P", "-d", volume.point,
        other.save(t.root + "/y.torrent"))
    t.equal(status, 0, "one can be added meanwhile")
    daemon.run("start", "all")
    daemon.wait_state(other.infohash, "waiting", 15)
    daemon.run("check", "all")
    daemon.wait_state(torrent.infohash, "waiting", 15)
    daemon.wait_state(other.infohash, "waiting", 15)
    t.equal(listing(volume.point), [], "nothing is written in its place")

    daemon.stop()
    daemon.start()
    daemon.wait_state(torrent.infohash, "waiting", 15)
    t.equal(listing(volume.point), [], "nor after a restart")

    volume.put()
    daemon.wait_state(torrent.infohash, "downloading", 15)
    t.ok(True, "back: goes on by itself")
    row = daemon.wait_state(torrent.infohash, "seeding", 40)
    t.equal(torrent.wrong(volume.point), None, "bit-exact")
    t.ok(seed.sent <= SIZE + (4 << 20), "nothing was fetched twice",
        seed.sent)

    # Another volume at the same place.
    wrong = Volume(t, "wrong")
    volume.take()
    mount("--bind", wrong.store, volume.point)
    row = daemon.wait_state(torrent.infohash, "waiting", 15)
    t.match(row["error"] or "", "is not the directory that it was",
        "another volume is not taken for it")
    subprocess.run(["umount", "-l", volume.point], check=True)
    volume.put()
    daemon.wait_state(torrent.infohash, "seeding", 15)

    # A copy of it, with its files as they were: a disk was replaced.
    subprocess.run(["cp", "-a", volume.store + "/.", wrong.store], check=True)
    volume.take()
    mount("--bind", wrong.store, volume.point)
    t.wait(lambda: "taken as the directory that it was" in daemon.log(), 15,
        "a look at its files")
    row = daemon.wait_state(torrent.infohash, "seeding", 15)
    t.equal(row["have"], SIZE, "a volume with the same files is")
    t.equal(sum(row["restarts"] for name, row in daemon.processes().items()
        if name != "disk"), 0, "no other process was started anew")
    daemon.stop()
    beneath(t)
    within(t)


mimtest.main(test)
