#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Files and directories that are not as they should be: read-only, not ours,
# with other names, changed or gone.  Each stops its torrent alone, with a
# reason, or only those pieces that lie in it; what passes by itself is tried
# again, and nothing false is served.

import hashlib
import os
import re
import shutil
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
        return seed

    def own_dirs(self, torrent, *dirs):
        """Those of its directories, with that above them, are made."""
        for path in ("",) + dirs:
            self.t.dir(os.path.join("root", torrent.name, path),
                mimtest.SERVICE_USER)


def touching(torrent, *paths):
    """The pieces that touch these files."""
    pieces = set()
    at = 0
    for f in torrent.files:
        if f.path in paths and f.size > 0:
            pieces |= set(range(at // PIECE, (at + f.size - 1) // PIECE + 1))
        at += f.size
    return pieces


def all_but(t, daemon, torrent, paths, why, what):
    """
    All is had but what touches these files, as its error says in the end; its
    row.
    """
    pieces = touching(torrent, *paths)
    have = torrent.size - sum(map(torrent.piece_size, pieces))
    why = rf"^{len(pieces)} pieces \(\S+\) missing or damaged and not " \
        rf"fetched, for \S+/{torrent.name}/{why}"
    row = t.wait(lambda: (r := daemon.torrent(torrent.infohash)) and
        r["have"] == have and re.search(why, r["error"] or "") and r, 60,
        lambda: f"{have} bytes, {why}: {daemon.torrent(torrent.infohash)}")
    t.equal(row["state"], "downloading", what)
    return row


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


def begin_partly(t, w, daemon):
    """Two directories of a torrent may not be written to."""
    torrent = w.torrent("partly", [("a", 250_000), ("no/b", 200_000),
        ("no/c", 100_000), ("soon/d", 250_000), ("z", 150_000)])
    w.own_dirs(torrent)
    for path in "no", "soon":
        t.dir(f"root/partly/{path}")		# root's
    seed = w.add(daemon, torrent)
    all_but(t, daemon, torrent, ("no/b", "no/c", "soon/d"), r"\S+ and 2 more "
        "cannot be written: Permission denied$", "two directories of others: "
        "the rest is had, and it says what is missing and why")
    shutil.chown(os.path.join(w.root, "partly", "soon"), mimtest.SERVICE_USER)
    return torrent, seed


def middle_partly(t, w, daemon, torrent, seed):
    row = all_but(t, daemon, torrent, ("no/b", "no/c"), "no/b and 1 more "
        "cannot be written", "what may be written again follows by itself")
    asked = [r for r in seed.requests
        if r[0] in touching(torrent, "no/b", "no/c")]
    t.equal(len(asked), len(set(asked)), "nothing that was refused was asked "
        "for again")
    t.wait(lambda: (r := daemon.ctl("show", "summary", torrent.infohash)
        ["torrents"][0])["reason"] == "damaged" and r["text"] == row["error"],
        20, "a summary that says that and no more")
    t.equal(daemon.run("wait", torrent.infohash)[0], 1, "nobody waits for it")


def end_partly(t, w, daemon, torrent, seed):
    all_but(t, daemon, torrent, ("no/b", "no/c"), "no/. and 1 more cannot be "
        "written: Permission denied", "after a restart it says the same")
    shutil.chown(os.path.join(w.root, "partly", "no"), mimtest.SERVICE_USER)
    daemon.ctl("start", torrent.infohash)
    daemon.ctl("peers", torrent.infohash, "add", "%s:%d" % seed.peer)
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal(torrent.wrong(w.root), None, "start fetches the rest at once")
    t.equal(daemon.torrent(torrent.infohash)["error"], None, "no error left")


def begin_mounted(t, w, daemon):
    """A directory of a torrent that is mounted read-only for a while."""
    torrent = w.torrent("mounted", [("a", 200_000), ("ro/b", 150_000),
        ("ro/empty", 0), ("c", 150_000)])
    w.own_dirs(torrent, "ro")
    path = os.path.join(w.root, "mounted", "ro")
    mount("--bind", path, path)
    mount("-o", "remount,bind,ro", path)
    seed = w.add(daemon, torrent)
    all_but(t, daemon, torrent, ("ro/b",), "ro/empty and 1 more cannot be "
        "written: lies on another volume", "one that is mounted there: says "
        "so")
    t.equal({r[0] for r in seed.requests} & touching(torrent, "ro/b"), set(),
        "nobody is asked for what an empty file has told of")
    subprocess.run(["umount", path], check=True)
    return torrent


def end_mounted(t, w, daemon, torrent):
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(w.root), None, "goes on by itself when it is not")


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
    all_but(t, daemon, linked, ("a",), "a cannot be written: has other hard "
        "links", "a file with another name: says so, the one beside it is had")
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


def link(path):
    os.rename(path, path + ".real")
    os.symlink(os.path.basename(path) + ".real", path)


def fifo(path):
    os.unlink(path)
    os.mkfifo(path, 0o666)


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
    for change in cut, replace, write_into, os.unlink, link, fifo:
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
        row = errors(daemon, torrent, "/y: (changed or was removed|No such|"
            "a symbolic link is|something that is not)",
            t, f"{name}: says so")
        t.ok(row["have"] < torrent.size, f"{name}: is had no more",
            row["have"])
        if change in (link, fifo):
            os.unlink(data(w.root, torrent, 1))
        daemon.run("check", torrent.infohash)
        daemon.wait_state(torrent.infohash, "seeding", 20)
        t.equal(torrent.wrong(w.root), None, f"{name}: check repairs it")


def test(t):
    w = World(t)
    daemon = mimd.Mimd(t, root=w.root).start()
    good = w.torrent("good", 300_000)
    w.add(daemon, good)
    daemon.wait_state(good.infohash, "seeding", 20)
    partly, seed = begin_partly(t, w, daemon)
    mounted = begin_mounted(t, w, daemon)
    test_denied(t, w, daemon)
    test_shared(t, w, daemon)
    middle_partly(t, w, daemon, partly, seed)
    end_mounted(t, w, daemon, mounted)
    test_read_only(t, w, daemon, good)
    test_changed(t, w, daemon)
    end_partly(t, w, daemon, partly, seed)
    t.equal(daemon.state_of(good.infohash), "seeding",
        "one that had no part in it seeds on")


mimtest.main(test)
