#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Unfinished torrents live in a directory of their own and go to theirs when
# they are complete; a torrent that goes takes nothing with it that is not its
# own.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent


def files(root):
    return sorted(os.path.relpath(os.path.join(at, n), root)
        for at, dirs, names in os.walk(root) for n in names)


def home(t, daemon, announce, unfinished, done):
    """A real download: apart at first, then with the others."""
    content = t.dir("content")
    torrent = Torrent("film", [("film.bin", 6_000_000), ("s/sub", 1000)],
        1 << 18).make(content)
    seed = wire.Seed(t, torrent, content, rate=3_000_000)
    announce.fixed = [seed.peer]
    daemon.add(torrent.save(t.root + "/film.torrent", announce.url))
    row = t.wait(lambda: (lambda r: r["have"] > 0 and r)(
        daemon.torrent(torrent.infohash)), 20, "the first pieces")
    t.equal(row["dir"], unfinished, "unfinished: it is in its directory")
    t.ok(os.path.exists(f"{unfinished}/film/film.bin"),
        "unfinished: and so are its files")
    t.equal(files(done), [], "unfinished: nothing is where it will be")
    row = t.wait(lambda: (lambda r: r["dir"] == done and r)(
        daemon.torrent(torrent.infohash)), 30, "its move when complete")
    daemon.wait_state(torrent.infohash, "seeding", 10)
    t.equal(torrent.wrong(done), None, "complete: bit-exact where it belongs")
    t.equal(files(unfinished), [], "complete: nothing is left behind")
    daemon.stop()
    daemon.start()
    row = daemon.wait_state(torrent.infohash, "seeding", 10)
    t.equal(row["dir"], done, "complete: there it stays")
    return torrent


def named(t, daemon, announce, unfinished, own_dir):
    """With -d it goes there; data that are there are used there."""
    content = t.dir("content")
    torrent = Torrent("book", 700_000, 1 << 16).make(content)
    seed = wire.Seed(t, torrent, content)
    announce.fixed = [seed.peer]
    path = torrent.save(t.root + "/book.torrent", announce.url)
    daemon.add(path, "-P", "-d", own_dir)
    t.equal(daemon.torrent(torrent.infohash)["dir"], unfinished,
        "add -d: first in the directory of the unfinished")
    daemon.ctl("start", "2")
    t.wait(lambda: daemon.torrent(torrent.infohash)["dir"] == own_dir, 20,
        "its move")
    t.equal(torrent.wrong(own_dir), None, "add -d: then where -d said")
    daemon.ctl("remove", "2")
    daemon.add(path, "-d", own_dir)
    row = daemon.wait_state(torrent.infohash, "seeding", 10)
    t.equal((row["dir"], row["downloaded"]), (own_dir, 0),
        "data that are there are used there")
    return torrent


def in_the_way(t, daemon, announce, unfinished, done):
    """Its place is taken: it stays, seeds, and says so."""
    content = t.dir("content")
    torrent = Torrent("taken", [("a", 100_000), ("b", 5)], 1 << 16).make(
        content)
    seed = wire.Seed(t, torrent, content)
    announce.fixed = [seed.peer]
    daemon.add(torrent.save(t.root + "/taken.torrent", announce.url), "-P")
    os.makedirs(f"{done}/taken")
    with open(f"{done}/taken/b", "w") as f:
        f.write("mine!")
    number = daemon.torrent(torrent.infohash)["id"]
    daemon.ctl("start", str(number))
    row = t.wait(lambda: (lambda r: r["error"] and r)(
        daemon.torrent(torrent.infohash)), 20, "its complaint")
    t.match(row["error"], "taken/b: is there already", "a place that is "
        "taken: status says so")
    t.equal((row["state"], row["dir"]), ("seeding", unfinished),
        "a place that is taken: it seeds from where it is")
    with open(f"{done}/taken/b") as f:
        t.equal(f.read(), "mine!", "a place that is taken: is as it was")
    t.equal(torrent.wrong(unfinished), None, "a place that is taken: whole")
    os.unlink(f"{done}/taken/b")
    row = t.wait(lambda: (lambda r: r["dir"] == done and r)(
        daemon.torrent(torrent.infohash)), 60, "it to be tried again")
    t.equal(torrent.wrong(done), None,
        "when it is free the torrent goes there by itself")


def remove(t, daemon, torrent, done):
    """Only its own files go, and the directories that are empty then."""
    top = f"{done}/{torrent.name}"
    with open(f"{top}/s/note", "w") as f:
        f.write("not the torrent's")
    os.link(f"{top}/film.bin", f"{done}/another name")
    daemon.ctl("remove", "-D", "1")
    t.equal([f for f in files(done) if f.startswith("film")],
        ["film/s/note"], "remove -D: a foreign file stays")
    t.ok(os.path.getsize(f"{done}/another name") == 6_000_000,
        "remove -D: so does another name of a file of its own")


def remove_replaced(t, daemon, announce, own_dir):
    """What others put in place of its files and directories."""
    outside = t.dir("outside")
    torrent = Torrent("odd", [("a", 1000), ("d/b", 2000), ("e/c", 3000),
        ("f", 400)], 1 << 14).make(own_dir)
    torrent.make(outside)
    mimtest.own(own_dir)
    mimtest.own(outside)
    daemon.add(torrent.save(t.root + "/odd.torrent", announce.url), "-d",
        own_dir)
    row = daemon.wait_state(torrent.infohash, "seeding", 10)
    daemon.ctl("stop", str(row["id"]))
    # So that the record says which files these are.
    daemon.stop()
    daemon.start()
    daemon.wait_state(torrent.infohash, "stopped", 10)
    top = f"{own_dir}/odd"
    # A directory that leads elsewhere now, a file that is another one now,
    # and one that is a link.
    os.unlink(f"{top}/d/b")
    os.rmdir(f"{top}/d")
    os.symlink(f"{outside}/odd/d", f"{top}/d")
    with open(f"{top}/new", "w") as f:
        f.write("mine")
    os.rename(f"{top}/new", f"{top}/a")
    os.unlink(f"{top}/f")
    os.symlink(f"{outside}/odd/f", f"{top}/f")
    status, out, err = daemon.run("remove", "-D", str(row["id"]))
    t.equal(status, 6, "what was replaced is left: done in part")
    t.match(err, "odd/a: left there", "and mimctl names it")
    t.equal(torrent.wrong(outside), None, "nothing went through a link")
    with open(f"{top}/a") as f:
        t.equal(f.read(), "mine", "a file that took its place is left")
    t.ok(os.path.islink(f"{top}/f") and os.path.islink(f"{top}/d"),
        "so are links")
    t.ok(not os.path.exists(f"{top}/e"), "its own are gone")


def shared(t, daemon, announce, own_dir):
    """Two torrents, one directory; and the very same files."""
    one = Torrent("both", [("x", 1000)], 1 << 14).make(own_dir)
    two = Torrent("both", [("y", 1000)], 1 << 14, seed="two").make(own_dir)
    same = Torrent("both", [("x", 1000)], 1 << 15).make(t.dir("content"))
    mimtest.own(own_dir)
    for torrent in (one, two):
        daemon.add(torrent.save(t.root + "/s.torrent", announce.url), "-d",
            own_dir)
        daemon.wait_state(torrent.infohash, "seeding", 10)
    status, out, err = daemon.run("add", "-d", own_dir,
        same.save(t.root + "/s.torrent", announce.url))
    t.match(err, "would be those of torrent",
        "files of another torrent are nobody else's")
    status, out, err = daemon.run("rename",
        str(daemon.torrent(one.infohash)["id"]), "0", "y")
    t.match(err, "would be those of torrent", "nor by a new name")
    daemon.ctl("remove", "-D", str(daemon.torrent(one.infohash)["id"]))
    t.equal(two.wrong(own_dir), None, "the other's files stay")
    t.equal(os.listdir(f"{own_dir}/both"), ["y"], "and nothing else")


def test(t):
    unfinished = t.volume("unfinished", "32m")
    done = t.dir("done", mimtest.SERVICE_USER)
    daemon = mimd.Mimd(t)
    own_dir = os.path.join(daemon.root, "own")
    daemon.write_conf(daemon.conf +
        f"incomplete directory \"{unfinished}\"\n"
        f"on complete move to \"{done}\"\n")
    announce = tracker.Tracker(interval=1)
    daemon.start()
    film = home(t, daemon, announce, unfinished, done)
    named(t, daemon, announce, unfinished, own_dir)
    in_the_way(t, daemon, announce, unfinished, done)
    remove(t, daemon, film, done)
    remove_replaced(t, daemon, announce, own_dir)
    shared(t, daemon, announce, own_dir)


mimtest.main(test)
