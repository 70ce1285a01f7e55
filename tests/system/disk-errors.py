#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Files and directories that are not as they should be: read-only, not ours,
# with other names, changed or gone.  Each stops its torrent alone, with a
# reason; what passes by itself is tried again, and nothing false is served.

import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

PIECE = 1 << 15


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def data(root, torrent, i=0):
    return torrent.path(root, torrent.files[i])


def sha1(path):
    with open(path, "rb") as f:
        return hashlib.sha1(f.read()).hexdigest()


class World:
    def __init__(self, t):
        self.t = t
        self.content = t.dir("content")
        self.announce = tracker.Tracker()
        self.root = t.dir("root", mimtest.SERVICE_USER)
        self.n = 0

    def torrent(self, name, files):
        self.n += 1
        return Torrent(name, files, PIECE, seed=str(self.n)).make(self.content)

    def add(self, daemon, torrent, *flags):
        seed = wire.Seed(self.t, torrent, self.content)
        self.announce.known[torrent.infohash] = [seed.peer]
        path = torrent.save(f"{self.t.root}/{torrent.name}.torrent",
            self.announce.url)
        daemon.add(path, *flags)


def errors(daemon, torrent, pattern, t, what, timeout=20):
    row = daemon.wait_state(torrent.infohash, "error", timeout)
    t.match(row["error"] or "", pattern, what)
    return row


def test_read_only(t, w, daemon, good):
    sub = t.dir("root/ro", mimtest.SERVICE_USER)
    mount("--bind", sub, sub)
    mount("-o", "remount,bind,ro", sub)
    torrent = w.torrent("readonly", 400_000)
    w.add(daemon, torrent, "-d", sub)
    errors(daemon, torrent, "Read-only file system",
        t, "a file system that is read-only: says so")
    t.equal(daemon.state_of(good.infohash), "seeding", "others go on")
    mount("-o", "remount,bind,rw", sub)
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(sub), None, "goes on by itself when it is not")


def test_denied(t, w, daemon):
    sub = t.dir("root/denied")
    torrent = w.torrent("denied", 400_000)
    w.add(daemon, torrent, "-d", sub)		# it is root's
    errors(daemon, torrent, "Permission denied",
        t, "a directory that may not be written to: says so")
    os.chmod(sub, 0o777)
    daemon.run("start", torrent.infohash)
    daemon.wait_state(torrent.infohash, "seeding", 9)
    t.equal(torrent.wrong(sub), None, "start tries again at once")


def test_shared(t, w, daemon):
    linked = w.torrent("linked", [("a", 200_000), ("b", 200_000)])
    os.makedirs(os.path.dirname(data(w.root, linked)), mode=0o777)
    os.chmod(os.path.dirname(data(w.root, linked)), 0o777)
    library = os.path.join(w.root, "library")
    with open(library, "wb") as f:
        f.write(b"other" * 10_000)
    before = sha1(library)
    os.chmod(library, 0o666)
    os.link(library, data(w.root, linked))
    w.add(daemon, linked)
    errors(daemon, linked, "/a: has other hard links",
        t, "a file with another name: says so")
    t.equal(sha1(library), before, "it was not written to")

    foreign = w.torrent("foreign", 200_000)
    with open(data(w.root, foreign), "wb") as f:
        f.write(b"mine")
    os.chmod(data(w.root, foreign), 0o666)
    w.add(daemon, foreign)
    errors(daemon, foreign, "belongs to another user",
        t, "another user's file: says so")
    with open(data(w.root, foreign), "rb") as f:
        t.equal(f.read(), b"mine", "it was not written to")

    daemon.write_conf(daemon.conf + "write shared files yes\n")
    daemon.run("reload")
    for torrent in linked, foreign:
        daemon.run("start", torrent.infohash)
        daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal((linked.wrong(w.root), foreign.wrong(w.root)), (None, None),
        "both are, once that is asked for")


def cut(path):
    os.truncate(path, 100_000)


def replace(path):
    with open(path + ".new", "wb") as f:
        f.write(bytes(os.stat(path).st_size))
    st = os.stat(path)
    os.chown(path + ".new", st.st_uid, st.st_gid)
    os.rename(path + ".new", path)


def write_into(path):
    with open(path, "r+b") as f:
        f.seek(150_000)
        f.write(b"rot")


def false_blocks(t, w, daemon, torrent):
    """Ask for all pieces, until it hangs up or all are there."""
    false = []

    def on_block(piece, begin, data):
        if data != torrent.read(w.content, piece, begin, len(data)):
            false.append((piece, begin))

    try:
        peer = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            timeout=3)
        wire.leech(peer, torrent, range(torrent.npieces), on_block)
    except (OSError, wire.Gone):
        pass
    return false


def test_changed(t, w, daemon):
    torrents = {}
    for change in cut, replace, write_into, os.unlink:
        name = change.__name__
        torrents[change] = w.torrent(name, [("x", 90_000), ("y", 300_000),
            ("z", 90_000)])
        w.add(daemon, torrents[change])
    for torrent in torrents.values():
        daemon.wait_state(torrent.infohash, "seeding", 20)
    # From here on all is in the records.
    daemon.stop()
    daemon.start()
    for change, torrent in torrents.items():
        name = torrent.name
        daemon.wait_state(torrent.infohash, "seeding", 20)
        change(data(w.root, torrent, 1))
        t.equal(false_blocks(t, w, daemon, torrent), [],
            f"{name}: nothing false is served")
        row = errors(daemon, torrent, "/y: (changed or was removed|No such)",
            t, f"{name}: says so")
        t.ok(row["have"] < torrent.size, f"{name}: is had no more",
            row["have"])
        daemon.run("check", torrent.infohash)
        daemon.wait_state(torrent.infohash, "seeding", 20)
        t.equal(torrent.wrong(w.root), None, f"{name}: check repairs it")


def test(t):
    w = World(t)
    daemon = mimd.Mimd(t, root=w.root).start()
    good = w.torrent("good", 300_000)
    w.add(daemon, good)
    daemon.wait_state(good.infohash, "seeding", 20)
    test_read_only(t, w, daemon, good)
    test_denied(t, w, daemon)
    test_changed(t, w, daemon)
    test_shared(t, w, daemon)
    t.equal(daemon.state_of(good.infohash), "seeding",
        "one that had no part in it seeds on")


mimtest.main(test)
