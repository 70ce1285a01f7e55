#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Files of the state directory that are not what they should be: the daemon
# starts, keeps them under another name, says so in a line, checks the torrent.

import hashlib
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
from torrent import Torrent

SIZE = 50_001
PIECE = 1 << 14
VERSION_AT, ID_AT = 8, 16	# in a record


def seal(data):
    """A record whose checksum is right."""
    return data + hashlib.sha1(data).digest()


class World:
    def __init__(self, t):
        self.t = t
        self.daemon = mimd.Mimd(t, user=mimd.SPARE_USER)
        self.torrents = {}

    def add(self, name):
        torrent = Torrent(name, SIZE, PIECE).make(self.daemon.root)
        self.daemon.add(torrent.save(f"{self.t.root}/{name}.torrent"))
        self.torrents[name] = torrent

    def path(self, name, kind="resume"):
        folder = "resume" if kind == "resume" else "torrents"
        return os.path.join(self.daemon.state, folder,
            f"{self.torrents[name].infohash}.{kind}")

    def read(self, name, kind="resume"):
        with open(self.path(name, kind), "rb") as f:
            return f.read()

    def write(self, name, data, kind="resume"):
        with open(self.path(name, kind), "wb") as f:
            f.write(data)

    def replace(self, name, make, kind="resume"):
        os.unlink(self.path(name, kind))
        make(self.path(name, kind))

    def seeds(self, name):
        return self.daemon.state_of(self.torrents[name].infohash) == "seeding"


def huge(path):
    with open(path, "wb") as f:
        f.truncate(65 << 20)


def unreadable(path):
    with open(path, "wb") as f:
        f.write(b"x")
    os.chmod(path, 0)


# What is done to a record, and what the log says of it.
RECORDS = {
    "corrupt": "damaged",
    "truncated": "of a wrong length",
    "swapped": "of another torrent",
    "swapped2": "of another torrent",
    "future": "of an unknown version",
    "empty": "too short",
    "directory": "not a regular file",
    "fifo": "not a regular file",
    "symlink": "symbolic link",
    "huge": "too large",
    "unreadable": "Permission denied",
}
SPECIAL = ("fifo", "symlink")	# have nothing in them to keep
TORRENTS = {
    "t-truncated": "",
    "t-other": "of another torrent",
    "t-directory": "not a regular file",
    "t-huge": "too large",
}


def damage(w):
    data = w.read("corrupt")
    w.write("corrupt", data[:40] + bytes([data[40] ^ 1]) + data[41:])
    w.write("truncated", w.read("truncated")[:-30])
    one, two = w.read("swapped"), w.read("swapped2")
    w.write("swapped", two)
    w.write("swapped2", one)
    data = w.read("future")[:-20]
    w.write("future", seal(data[:VERSION_AT] + struct.pack("<I", 99) +
        data[VERSION_AT + 4:]))
    w.write("empty", b"")
    w.replace("directory", os.mkdir)
    w.replace("fifo", os.mkfifo)
    w.replace("symlink", lambda path: os.symlink("/etc/passwd", path))
    w.replace("huge", huge)
    w.replace("unreadable", unreadable)
    # Beside those: two of one number, a lost record, and leavings.
    number = w.read("good")[ID_AT:ID_AT + 4]
    data = w.read("twin")[:-20]
    w.write("twin", seal(data[:ID_AT] + number + data[ID_AT + 4:]))
    os.unlink(w.path("lost"))
    shutil.copy(w.path("good"), w.path("good") + ".tmp")
    shutil.copy(w.path("good", "torrent"), w.path("good", "torrent") + ".tmp")
    os.mkdir(os.path.join(w.daemon.state, "torrents", "README"))
    os.mkdir(w.path("corrupt") + ".bad")
    with open(os.path.join(w.daemon.state, "dht.nodes"), "wb") as f:
        f.write(b"mimnodes" + struct.pack("<I", 99) + bytes(80))

    w.write("t-truncated", w.read("t-truncated", "torrent")[:-7], "torrent")
    w.write("t-other", w.read("good", "torrent"), "torrent")
    w.replace("t-directory", os.mkdir, "torrent")
    w.replace("t-huge", huge, "torrent")
    os.unlink(w.path("t-lost", "torrent"))


def judge(t, w):
    rows = w.daemon.torrents()
    log = w.daemon.log()
    there = {row["infohash"] for row in rows}
    for name, why in RECORDS.items():
        path = w.path(name)
        lines = [x for x in log.splitlines() if os.path.basename(path) in x]
        done = "removed" if name in SPECIAL else "set aside"
        t.ok(len(lines) == 1 and why in lines[0] and done in lines[0]
            and "checked" in lines[0], f"record, {name}: one line says it",
            lines)
        if name in SPECIAL:
            continue
        aside = path + (".bad1" if name == "corrupt" else ".bad")
        t.ok(os.path.lexists(aside), f"record, {name}: it is kept")
    for name, why in TORRENTS.items():
        path = w.path(name, "torrent")
        lines = [x for x in log.splitlines() if os.path.basename(path) in x]
        t.ok(len(lines) == 1 and why in lines[0] and "set aside" in lines[0],
            f".torrent, {name}: one line says it", lines)
        t.ok(os.path.lexists(path + ".bad") and
            os.path.lexists(w.path(name) + ".bad") and
            w.torrents[name].infohash not in there,
            f".torrent, {name}: it is kept, with its record")
    t.match(log, w.torrents["t-lost"].infohash +
        r"\.resume: set aside .*its \.torrent is not there",
        "a record whose .torrent is lost is reported")
    t.match(log, r"dht\.nodes: set aside as dht\.nodes\.bad: "
        "of an unknown version", "nodes of the DHT of a later version, too")
    t.match(log, "two torrents of number", "one number twice is reported")
    ids = [row["id"] for row in rows]
    t.equal(len(ids), len(set(ids)), "every torrent has a number of its own")
    t.equal([x for folder in ("torrents", "resume") for x in
        os.listdir(os.path.join(w.daemon.state, folder))
        if x.endswith(".tmp")], [], "temporary files are gone")


def test(t):
    w = World(t)
    w.daemon.start()
    names = ["good", "twin", "lost", *RECORDS, *TORRENTS, "t-lost"]
    for name in names:
        w.add(name)
    t.wait(lambda: all(map(w.seeds, names)), 30, "all torrents to seed")
    t.equal(w.daemon.stop(), 0, "ends in order")
    damage(w)
    w.daemon.start()
    left = [name for name in names if not name.startswith("t-")]
    t.wait(lambda: all(map(w.seeds, left)), 30, "all others to seed again")
    t.equal(len(w.daemon.torrents()), len(left), "and nothing else")
    judge(t, w)

    t.equal(w.daemon.stop(), 0, "ends in order")
    mark = len(w.daemon.log())
    w.daemon.start()
    t.wait(lambda: all(map(w.seeds, left)), 30, "all to seed once more")
    t.ok("disk:" not in w.daemon.log()[mark:], "nothing is wrong any more",
        w.daemon.log()[mark:])


mimtest.main(test)
