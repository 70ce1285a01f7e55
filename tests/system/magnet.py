#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Magnet links: from and to other clients, over restarts of mimd and of each
# of its children.

import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from metaseed import MetaSeed, link
from torrent import Torrent

PIECE = 1 << 14


def make(t, name, size=6_000_000, extra=200_000):
    """extra: bytes of metadata that nobody needs."""
    return Torrent(name, [("a.bin", size), ("b/c.bin", 17)], PIECE,
        extra={"x-filler": random.randbytes(extra)}).make(
        t.dir(f"content-{name}"))


def content(t, torrent):
    return os.path.join(t.root, f"content-{torrent.name}")


def seeds(t, announce):
    """A client of each kind with a torrent of its own."""
    transmission = clients.Transmission(t, root=None)
    found = []
    for name, port in ("transmission", transmission.PORT), \
        ("libtorrent", clients.Libtorrent.PORT), \
        ("aria2", clients.Aria2.PORT):
        torrent = make(t, "of-" + name)
        path = torrent.save(f"{t.root}/{name}.torrent", announce.url)
        root = content(t, torrent)
        if name == "transmission":
            transmission.root = root
            transmission.add(path)
            t.wait(lambda: transmission.progress() == 1, 20, name)
            # Now and then it would not announce by itself for a minute.
            transmission.rpc("torrent-reannounce")
            t.wait(lambda: announce.of(torrent.infohash), 30,
                "Transmission's announce")
            client = transmission
        elif name == "libtorrent":
            client = clients.Libtorrent(t, path, seed=True, root=root)
        else:
            client = clients.Aria2(t, path, seed=True, root=root)
        found.append((name, torrent, (client.addr, port)))
    return found


def fetch(t, daemon, announce):
    for i, (name, torrent, addr) in enumerate(seeds(t, announce)):
        begin = time.monotonic()
        # x.pe alone, and a tracker alone.
        if i == 0:
            text = link(torrent, tracker=announce.url)
        else:
            text = link(torrent, addr)
        daemon.ctl("add", text)
        daemon.ctl("wait", "-e", "metadata", "-t", "50", torrent.infohash)
        t.diag(f"metadata from {name}: {time.monotonic() - begin:.1f} s")
        row = daemon.wait_state(torrent.infohash, "seeding", 30)
        t.equal(row["name"], torrent.name, f"{name}: the name is the real one")
        t.equal(torrent.wrong(daemon.root), None,
            f"from {name} by magnet link: bit-exact")


def serve(t, announce):
    """mimd is the only seed, of a torrent that the others know by a link."""
    daemon = mimd.Mimd(t, "only").start()
    torrent = make(t, "ours")
    path = torrent.save(f"{t.root}/ours.torrent", announce.url)
    os.rename(torrent.path(content(t, torrent), torrent.files[0])[:-6],
        f"{daemon.root}/ours")
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.wait(lambda: announce.of(torrent.infohash, "started"), 10, "announce")
    text = link(torrent, tracker=announce.url)
    transmission = clients.Transmission(t, name="tr-leech")
    transmission.add(text)
    libtorrent = clients.Libtorrent(t, text, name="lt-leech")
    aria2 = clients.Aria2(t, text, name="aria2-leech")
    second = mimd.Mimd(t, "second").start()
    second.ctl("add", text)
    t.wait(lambda: libtorrent.progress() == 1, 60, "libtorrent's leech")
    t.equal(torrent.wrong(libtorrent.root), None, "to libtorrent: bit-exact")
    t.wait(lambda: transmission.progress() == 1, 60, "Transmission's leech")
    t.equal(torrent.wrong(transmission.root), None,
        "to Transmission: bit-exact")
    t.wait(aria2.done, 60, "aria2's leech")
    t.equal(torrent.wrong(aria2.root), None, "to aria2: bit-exact")
    second.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(second.root), None, "to mimd: bit-exact")


def commands(t, daemon):
    """What mimctl does with a link that nobody has the metadata of."""
    torrent = Torrent("nobody", 1000, PIECE).make()
    text = link(torrent)
    daemon.ctl("add", text)
    row = daemon.wait_state(torrent.infohash, "metadata", 5)
    t.equal(row["name"], "a link", "the name is that of the link")
    t.equal((row["size"], row["progress"]), (None, 0), "no size is known")
    status, _, err = daemon.run("add", text)
    t.equal(status, 1, "a second time it is refused")
    t.match(err, "already there as number", "and told why")
    path = torrent.save(f"{t.root}/nobody.torrent", "http://127.0.0.1:9/a")
    status, _, err = daemon.run("add", path)
    t.match(err, "already there .* magnet link", "so is its .torrent")
    daemon.ctl("stop", torrent.infohash)
    daemon.wait_state(torrent.infohash, "stopped", 5)
    t.equal(daemon.run("wait", "-e", "metadata", "-t", "0",
        torrent.infohash)[0], 7, "its metadata is not there")
    daemon.stop()
    daemon.start()
    t.equal(daemon.state_of(torrent.infohash), "stopped",
        "after a restart it is still stopped")
    daemon.ctl("start", torrent.infohash)
    daemon.wait_state(torrent.infohash, "metadata", 5)
    daemon.ctl("remove", torrent.infohash)
    t.equal(daemon.torrent(torrent.infohash), None, "it can be removed")
    t.equal([f for f in os.listdir(daemon.state + "/torrents")
        if f.startswith(torrent.infohash)], [], "and leaves nothing behind")
    daemon.ctl("add", torrent.infohash)
    daemon.wait_state(torrent.infohash, "metadata", 5)
    daemon.ctl("remove", torrent.infohash)
    status, _, err = daemon.run("add", "magnet:?xt=urn:btmh:1220" + "cd" * 32)
    t.equal(status, 1, "a v2 link is refused")
    t.match(err, "v2 only", "by name")


def killed(t, daemon):
    """Each child, and all of mimd, dies while metadata comes slowly."""
    torrent = make(t, "slowly")
    seed = MetaSeed(t, torrent, content(t, torrent), delay=0.4)
    daemon.ctl("add", link(torrent, seed.peer))
    for victim in ("disk", "peer", "tracker", "disk", "peer", "mimd"):
        time.sleep(random.uniform(0.1, 0.6))
        if victim == "mimd":
            os.kill(daemon.processes()["parent"]["pid"], 9)
            daemon.proc.wait()
            daemon.start()
        else:
            daemon.kill_child(victim)
    asked = seed.asked
    daemon.ctl("wait", "-e", "metadata", "-t", "60", torrent.infohash)
    t.ok(seed.asked > asked, "metadata came after the kills",
        (asked, seed.asked))
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None,
        "children and mimd killed while metadata came: bit-exact")
    t.wait(lambda: not [f for f in os.listdir(daemon.state + "/torrents")
        if f.endswith(".magnet")], 10, "the links to go")
    t.ok(True, "no link is left on disk")


def chain(t):
    """Two that know nothing, one behind the other: it goes from hand to hand."""
    torrent = make(t, "chain")
    first, last = (mimd.Mimd(t, name).start() for name in ("first", "last"))
    last.ctl("add", link(torrent, (first.addr, first.port)))
    first.ctl("add", link(torrent))
    t.wait(lambda: last.torrent(torrent.infohash)["peers"], 60,
        "the last to find the first")
    first.ctl("stop", torrent.infohash)
    first.ctl("remove", torrent.infohash)
    seed = MetaSeed(t, torrent, content(t, torrent), delay=0.05)
    first.ctl("add", link(torrent, seed.peer))
    for daemon in first, last:
        daemon.wait_state(torrent.infohash, "seeding", 60)
        t.equal(torrent.wrong(daemon.root), None,
            f"from hand to hand, the {daemon.name}: bit-exact")


def get(t):
    torrent = make(t, "got")
    seed = MetaSeed(t, torrent, content(t, torrent))
    out = t.dir("got")
    done = subprocess.run([mimtest.program("mimctl"), "get", "-d", out, "-o",
        "allow local trackers", link(torrent, seed.peer)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        env=mimd.CTL_ENV)
    t.equal(done.returncode, 0, "mimctl get takes a link")
    t.equal(torrent.wrong(out), None, "and gets all: bit-exact")


def offline(t):
    torrent = make(t, "offline")
    path = torrent.save(f"{t.root}/offline.torrent", "http://t.test/a")
    text = f"magnet:?xt=urn:btih:{torrent.infohash}&dn=offline" \
        "&tr=http%3A%2F%2Ft.test%2Fa"
    done = subprocess.run([mimtest.program("mimctl"), "magnet", path],
        capture_output=True, text=True, timeout=20, env=mimd.CTL_ENV)
    t.equal(done.stdout, text + "\n", "mimctl magnet prints the link")
    done = subprocess.run([mimtest.program("mimctl"), "-j", "info", text],
        capture_output=True, text=True, timeout=20, env=mimd.CTL_ENV)
    said = json.loads(done.stdout)
    t.equal((said["infohash"], said["name"], said["trackers"]),
        (torrent.infohash, "offline", ["http://t.test/a"]),
        "mimctl info tells what a link says")


def test(t):
    announce = tracker.Tracker(interval=3)
    daemon = mimd.Mimd(t).start()

    def rest():
        commands(t, daemon)
        killed(t, daemon)
        chain(t)
        get(t)
        offline(t)

    fetch(t, daemon, announce)
    t.together(rest, lambda: serve(t, announce))


mimtest.main(test)
