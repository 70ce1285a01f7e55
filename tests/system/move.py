#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Data that are moved: within a file system and across, found after they were
# moved by hand, renamed.  Whatever comes in between, they are whole at one
# place, and nothing of anybody else's is touched.

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent


def files(root):
    """All files beneath root, and empty directories."""
    found = []
    for at, dirs, names in os.walk(root):
        rel = os.path.relpath(at, root)
        found += [os.path.normpath(os.path.join(rel, n)) for n in names]
        if not dirs and not names and rel != ".":
            found.append(rel + "/")
    return sorted(found)


def is_at(t, daemon, torrent, where, what):
    row = daemon.torrent(torrent.infohash)
    t.equal(row["dir"], where, f"{what}: status names the place")
    t.equal(torrent.wrong(where), None, f"{what}: bit-exact there")
    return row


def refused(t, daemon, pattern, what, *args):
    status, out, err = daemon.run(*args)
    t.equal(status, 1, f"{what}: is refused")
    t.match(err, pattern, f"{what}: says why")
    t.equal(len(err.strip().splitlines()), 1, f"{what}: in one line")


def within(t, daemon, torrent, other):
    """One file system: a rename, and foreign files stay."""
    old = daemon.root
    inode = os.stat(f"{old}/{torrent.name}/a.bin").st_ino
    with open(f"{old}/{torrent.name}/note", "w") as f:
        f.write("not the torrent's")
    daemon.ctl("move", "1", old + "/sub/dir")
    row = is_at(t, daemon, torrent, old + "/sub/dir", "within")
    t.equal(row["state"], "seeding", "within: seeds on at once")
    t.equal(os.stat(f"{old}/sub/dir/{torrent.name}/a.bin").st_ino, inode,
        "within: a rename")
    t.equal(os.listdir(f"{old}/{torrent.name}"), ["note"],
        "within: a foreign file stays, emptied directories go")
    os.unlink(f"{old}/{torrent.name}/note")
    os.rmdir(f"{old}/{torrent.name}")
    refused(t, daemon, "not inside", "a place beneath no root", "move", "1",
        "/tmp")
    daemon.ctl("move", "1", old)
    is_at(t, daemon, torrent, old, "back")
    return row


def across(t, daemon, torrent, other):
    daemon.ctl("move", "1", other + "/x")
    is_at(t, daemon, torrent, other + "/x", "across")
    t.equal([f for f in files(daemon.root) if f != "sub/dir/"], [],
        "across: nothing is left at the old place")
    t.equal(sorted(files(other)), sorted(f"x/{torrent.name}/{f.path}"
        for f in torrent.files), "across: nothing else is at the new one")
    t.equal(daemon.state_of(torrent.infohash), "seeding",
        "across: not even a check is needed")
    daemon.ctl("move", "1", daemon.root)
    is_at(t, daemon, torrent, daemon.root, "across and back")


def clash(t, daemon, torrent, other):
    """Somebody's file is in the way: all stays as it was."""
    path = f"{other}/{torrent.name}/b"
    os.makedirs(path)
    with open(path + "/d.bin", "w") as f:
        f.write("mine")
    refused(t, daemon, "d.bin: is there already", "a file in the way",
        "move", "1", other)
    is_at(t, daemon, torrent, daemon.root, "a file in the way")
    with open(path + "/d.bin") as f:
        t.equal(f.read(), "mine", "a file in the way: is as it was")
    t.equal(files(other), [f"{torrent.name}/b/d.bin", "x/"], "a file in the way: nothing beside it")
    shutil.rmtree(f"{other}/{torrent.name}")


def full(t, daemon, torrent, small):
    refused(t, daemon, "needs .* MiB", "no space", "move", "1", small)
    is_at(t, daemon, torrent, daemon.root, "no space")
    t.equal(files(small), [], "no space: nothing is left there")
    t.equal(daemon.torrent(torrent.infohash)["error"], None,
        "no space: that is no error of the torrent")


def read_only(t, daemon, torrent, other):
    subprocess.run(["mount", "-o", "remount,ro", other], check=True)
    refused(t, daemon, "Read-only", "a read-only place", "move", "1",
        other + "/y")
    is_at(t, daemon, torrent, daemon.root, "a read-only place")
    subprocess.run(["mount", "-o", "remount,rw", other], check=True)


def rename(t, daemon, torrent):
    name = torrent.name
    daemon.ctl("rename", "1", "another name")
    torrent.name = "another name"
    row = is_at(t, daemon, torrent, daemon.root, "rename")
    t.equal(row["name"], "another name", "rename: status has the name")
    t.ok(not os.path.exists(f"{daemon.root}/{name}"), "rename: the old one "
        "is gone")
    daemon.ctl("rename", "1", "1", "new/c.dat")
    torrent.files[1].path = "new/c.dat"
    row = daemon.torrent(torrent.infohash, "-f")
    t.equal(row["files"][1]["path"], "another name/new/c.dat",
        "rename: of a file")
    t.equal(row["files"][1]["progress"], 1.0, "rename: the file is there")
    is_at(t, daemon, torrent, daemon.root, "rename of a file")
    refused(t, daemon, "another file of the torrent", "another file's name",
        "rename", "1", "0", "new/C.DAT")
    refused(t, daemon, "not a name", "a name that climbs", "rename", "1",
        "0", "../a")
    refused(t, daemon, "not a name", "a path as a name", "rename", "1",
        "a/b")
    refused(t, daemon, "no file of that number", "a file that is not", "rename", "1",
        "99", "a")
    daemon.stop()
    daemon.start()
    daemon.wait_state(torrent.infohash, "seeding", 10)
    row = is_at(t, daemon, torrent, daemon.root, "rename, after a restart")
    t.equal(row["name"], "another name", "the name is kept")


def locate(t, daemon, torrent, other):
    refused(t, daemon, "not there", "nothing to be found", "locate", "1",
        other)
    is_at(t, daemon, torrent, daemon.root, "nothing to be found")
    shutil.move(f"{daemon.root}/{torrent.name}", other)
    mimtest.own(other)
    daemon.ctl("locate", "1", other)
    daemon.wait_state(torrent.infohash, "seeding", 10)
    is_at(t, daemon, torrent, other, "locate")
    shutil.copytree(f"{other}/{torrent.name}",
        f"{daemon.root}/{torrent.name}")
    with open(f"{daemon.root}/{torrent.name}/a.bin", "r+b") as f:
        f.seek(1000)
        good = f.read(3)
        f.seek(1000)
        f.write(b"rot")
    mimtest.own(daemon.root)
    daemon.ctl("locate", "1", daemon.root)
    row = daemon.wait_state(torrent.infohash, "downloading", 10)
    t.equal(torrent.size - row["have"], torrent.piece_length,
        "locate: what is doubtful is checked")
    with open(f"{daemon.root}/{torrent.name}/a.bin", "r+b") as f:
        f.seek(1000)
        f.write(good)
    daemon.ctl("check", "1")
    daemon.wait_state(torrent.infohash, "seeding", 10)


def seeds(t, torrent, path):
    leech = clients.Libtorrent(t, path)
    t.wait(lambda: leech.progress() == 1, 30, "the leech")
    t.equal(leech.progress(), 1, "it seeds from where it is now")
    leech.close()


def test(t):
    daemon = mimd.Mimd(t)
    other, small = t.volume("other", "96m"), t.volume("small", "18m")
    daemon.write_conf(daemon.conf + f"download directory \"{other}\"\n"
        f"download directory \"{small}\"\n")
    torrent = Torrent("moved", [("a.bin", 4_000_003), ("b/c.bin", 900_000),
        ("b/d.bin", 17), ("empty", 0)], 1 << 18).make(daemon.root)
    mimtest.own(daemon.root)
    announce = tracker.Tracker(interval=1)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    daemon.start()
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    within(t, daemon, torrent, other)
    across(t, daemon, torrent, other)
    clash(t, daemon, torrent, other)
    full(t, daemon, torrent, small)
    read_only(t, daemon, torrent, other)
    rename(t, daemon, torrent)
    locate(t, daemon, torrent, other)
    seeds(t, torrent, path)


mimtest.main(test)
