#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Files that are not wanted: they do not appear, what of them is in pieces of
# others is kept apart and served, and a change of mind fetches nothing twice.

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import metaseed
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

PIECE = 1 << 16
FILES = [("a", 3 * PIECE + 30_000), ("b", 9_000), ("sub/c", 4 * PIECE),
    ("d.txt", 3 * PIECE - 500), ("empty", 0), ("sub/e.txt", 2 * PIECE + 77)]
SIZE = dict(FILES)


class Case:
    """A torrent, a seed of it, and a mimd that is to have some files."""

    def __init__(self, t, name, rate=None, seed=wire.Seed):
        self.t = t
        content = t.dir(name + "-content")
        self.torrent = Torrent(name, FILES, PIECE).make(content)
        self.content = os.path.join(content, name)
        self.seed = seed(t, self.torrent, content)
        self.seed.rate = rate
        self.announce = tracker.Tracker(interval=1800)
        self.announce.fixed = [self.seed.peer]
        self.path = self.torrent.save(f"{t.root}/{name}.torrent",
            self.announce.url)
        self.daemon = mimd.Mimd(t, name).start()
        self.top = os.path.join(self.daemon.root, name)

    def row(self, *flags):
        return self.daemon.torrent(self.torrent.infohash, *flags)

    def done(self, timeout=30):
        self.daemon.wait_state(self.torrent.infohash, "seeding", timeout)

    def files(self, what, which):
        self.daemon.ctl("files", self.torrent.infohash, what, which)

    def there(self):
        """The files on disk, and which of them are not as they should be."""
        found = sorted(os.path.relpath(os.path.join(dir, name), self.top)
            for dir, _, names in os.walk(self.top) for name in names)
        return found, [f for f in found if mimtest.read_bytes(
            os.path.join(self.top, f)) != mimtest.read_bytes(
            os.path.join(self.content, f))]

    def parts(self):
        return [f for f in os.listdir(self.daemon.root)
            if f.endswith(".part")]

    def part_space(self):
        return os.stat(os.path.join(self.daemon.root,
            self.parts()[0])).st_blocks

    def asked(self):
        return sorted(self.seed.requests)


def only_some(t):
    """Two files of six, their neighbours' bytes kept apart."""
    case = Case(t, "some")
    case.daemon.add(case.path, "-o", "0,2")
    case.done()
    t.equal(case.there(), (["a", "sub/c"], []),
        "only what is wanted appears, bit-exact")
    t.equal(len(case.parts()), 1, "the rest of its pieces is kept apart")
    row = case.row("-f")
    t.equal((row["wanted"], row["progress"], row["size"]),
        (SIZE["a"] + SIZE["sub/c"], 1.0, case.torrent.size),
        "the size of what is wanted is told")
    t.equal([f["priority"] for f in row["files"]],
        ["normal", "skip"] * 2 + ["skip"] * 2, "and which files are skipped")
    t.equal(len(case.asked()), len(set(case.asked())), "nothing came twice")

    other = mimd.Mimd(t, "other").start()
    other.add(case.torrent.save(t.root + "/other.torrent"), "-o", "2")
    other.ctl("peers", case.torrent.infohash, "add",
        f"{case.daemon.addr}:6881")
    other.wait_state(case.torrent.infohash, "seeding", 30)
    t.equal(mimtest.read_bytes(f"{other.root}/some/sub/c"),
        mimtest.read_bytes(f"{case.content}/sub/c"),
        "pieces with bytes of skipped files are served")
    return case


def later(t, case):
    """It stays so, and changes when the user says so."""
    before = case.asked()
    case.daemon.stop()
    case.daemon.start()
    case.done(15)
    case.daemon.ctl("check", case.torrent.infohash)
    t.wait(lambda: case.row()["state"] == "seeding", 15, "the check")
    t.equal((case.row()["progress"], case.asked()), (1.0, before),
        "a restart and a check find all of it")
    disk = case.daemon.children()["disk"]
    os.kill(disk, signal.SIGKILL)
    t.wait(lambda: case.daemon.children().get("disk", disk) != disk and
        case.row()["state"] == "seeding", 15, "the next disk child")

    case.daemon.ctl("move", case.torrent.infohash,
        case.daemon.root + "/elsewhere")
    t.wait(lambda: os.path.exists(case.daemon.root + "/elsewhere/some/a"), 15,
        "the move")
    t.equal(case.parts(), [], "the part file moves along")
    case.daemon.ctl("move", case.torrent.infohash, case.daemon.root)
    t.wait(lambda: os.path.exists(case.top + "/a") and
        case.row()["state"] == "seeding", 15, "the move back")

    space = case.part_space()
    case.files("get", "1")
    t.wait(lambda: "b" in case.there()[0], 10, "b")
    case.done()
    t.wait(lambda: case.part_space() < space, 10,
        "the part file to give back the space of b")
    t.equal((case.there(), case.asked()), ((["a", "b", "sub/c"], []), before),
        "a file whose bytes came with others is there at once")
    case.files("get", "all")
    case.done()
    t.equal(case.torrent.wrong(case.daemon.root), None,
        "all of it, when that is wanted")
    twice = [r for r in set(case.asked()) if case.asked().count(r) > 1]
    t.equal(twice, [], "and nothing twice")
    t.wait(lambda: case.parts() == [], 10, "the part file to go")
    case.files("skip", "3")
    t.equal(case.torrent.wrong(case.daemon.root), None,
        "what is skipped when it is there stays")
    row = case.row()
    t.equal(row["wanted"], case.torrent.size - SIZE["d.txt"],
        "but is not wanted")
    case.daemon.ctl("remove", case.torrent.infohash)
    case.daemon.stop()


def kills(t):
    """In the midst of it the processes die."""
    case = Case(t, "kills", rate=400_000)
    case.daemon.add(case.path, "-x", "*.txt", "-x", "a")
    t.wait(lambda: case.row()["have"] > 0, 20, "a piece")
    os.kill(case.daemon.children()["disk"], signal.SIGKILL)
    t.wait(lambda: len(case.seed.requests) > 12, 20, "more of it")
    case.daemon.crash()
    case.daemon.start()
    case.done()
    t.equal(case.there(), (["b", "empty", "sub/c"], []),
        "all that is wanted, through the end of disk and of mimd")
    case.files("get", "0")
    case.daemon.crash()
    case.daemon.start()
    if case.row("-f")["files"][0]["priority"] == "skip":
        case.files("get", "0")
    case.done()
    t.equal(case.there(), (["a", "b", "empty", "sub/c"], []),
        "and through its end in a change of mind")
    case.daemon.ctl("remove", "-D", case.torrent.infohash)
    t.wait(lambda: os.listdir(case.daemon.root) == [], 10,
        "all of it to be removed")
    t.ok(True, "the part file is removed with the rest")
    case.daemon.stop()


def magnet(t):
    """A choice for a link waits for the metadata, also over an end."""
    for name, flags, so, want in (("link", ["-x", "*.txt"], "",
        ["a", "b", "empty", "sub/c"]), ("link-so", [], "&so=1,3", ["b",
        "d.txt"]), ("link-only", ["-o", "2"], "&so=1,3", ["sub/c"]), ("link-all", ["-o",
        "all"], "&so=1,3", sorted(SIZE))):
        case = Case(t, name, seed=metaseed.MetaSeed)
        case.daemon.add(metaseed.link(case.torrent) + so, *flags)
        case.daemon.stop()
        case.daemon.start()
        case.daemon.ctl("peers", case.torrent.infohash, "add",
            "%s:%d" % case.seed.peer)
        case.done()
        t.equal(case.there(), (want, []), f"magnet link {so} {flags}")
        case.daemon.stop()


def nonsense(t):
    case = Case(t, "nonsense")
    for flags, why in ((["-o", "6"], "no file of the highest number"),
        (["-x", "*"], "none is chosen"), (["-o", "a"], "files are numbers")):
        status, _, err = case.daemon.run("add", *flags, case.path)
        t.ok(status != 0 and why in err and err.count("\n") == 1,
            f"refused: {flags}", (status, err))
    t.equal(case.daemon.torrents(), [], "and nothing is added")
    case.daemon.add(case.path, "-P")
    case.files("skip", "all")
    case.daemon.ctl("start", "all")
    case.done()
    t.equal((case.there()[0], case.seed.requests), ([], []),
        "of nothing wanted nothing comes")


def test(t):
    later(t, only_some(t))
    kills(t)
    magnet(t)
    nonsense(t)


mimtest.main(test)
