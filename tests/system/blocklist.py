#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Address lists: who is on one is neither let in nor called; they are read
# anew by each reload, and by each peer child.

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 3_000_001
PIECE = 1 << 17
RANGES = 500_000


def write(path, text, mode="w"):
    with open(path, mode) as f:
        f.write(text)


def let_in(t, daemon, torrent, addr):
    """Does mimd answer the handshake of who comes from there?"""
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
        addr=addr)
    try:
        w.send_handshake()
        w.read_handshake()
        return w
    except wire.Gone:
        return None


def gone(w):
    w.sock.settimeout(5)
    try:
        w.until_gone()
    except wire.Gone:
        return True
    except TimeoutError:
        return False


class Ring:
    def __init__(self, t):
        self.t = t
        self.block = f"{t.root}/block.p2p"
        self.dat = f"{t.root}/ipfilter.dat"
        self.allow = f"{t.root}/allow.txt"
        self.addrs = [t.addr() for _ in range(3)]
        write(self.block, b"# junk in names\nM\xfcller:" +
            f"{self.addrs[0]}-{self.addrs[0]}\nno such line\n".encode() +
            b"another one\n", "wb")
        write(self.dat, f"{self.addrs[1]} - {self.addrs[2]} , 000 , x\n")
        write(self.allow, f"{self.addrs[2]}/32\n")
        self.daemon = mimd.Mimd(t, conf=f"blocklist \"{self.block}\"\n"
            f"blocklist \"{self.dat}\"\nallowlist \"{self.allow}\"\n")
        self.torrent = Torrent("lists", SIZE, PIECE).make(self.daemon.root)
        self.announce = tracker.Tracker(interval=1800)
        self.path = self.torrent.save(f"{t.root}/x.torrent",
            self.announce.url)
        self.daemon.start()
        self.daemon.add(self.path, "-c")
        self.daemon.wait_state(self.torrent.infohash, "seeding", 20)

    def let_in(self, addr):
        return let_in(self.t, self.daemon, self.torrent, addr)

    def lists_read(self):
        return self.daemon.log().count("blocklist: ")

    def reload(self):
        before = self.lists_read()
        self.daemon.ctl("reload")
        self.t.wait(lambda: self.lists_read() > before, 10, "the lists")


def incoming(t, ring):
    a, b, c = ring.addrs
    t.equal([bool(ring.let_in(x)) for x in (a, b)], [False, False],
        "who is on a list is not let in")
    stays = ring.let_in(c)
    t.ok(stays, "who is exempt is")
    t.equal(ring.daemon.log().count("2 of 4 lines not understood, first line "
        "3"), 1, "broken lines are logged once, with the first's number")

    write(ring.block, "")
    ring.reload()
    first = ring.let_in(a)
    t.ok(first, "a shorter list lets others in")
    write(ring.block, f"{a}\n")
    ring.reload()
    t.ok(gone(first), "a reload closes connections that are blocked now")
    stays.sock.settimeout(0.3)
    try:
        stays.until_gone()
    except TimeoutError:
        t.ok(True, "and leaves the others alone")

    os.rename(ring.dat, ring.dat + ".away")
    before = ring.lists_read()
    status, _, err = ring.daemon.run("reload")
    t.equal(status, 1, "a list that is not there: the reload is refused")
    t.match(err, "ipfilter.dat.*No such file", "and says which")
    t.equal(ring.lists_read(), before, "nothing changes")
    ring.daemon.kill_child("peer")
    t.wait(lambda: ring.lists_read() > before, 10, "the new peer child")
    t.equal([bool(ring.let_in(x)) for x in ring.addrs], [False, False, True],
        "a new peer child has the same lists")
    os.rename(ring.dat + ".away", ring.dat)


def outgoing(t, ring):
    """A leech is told of peers; the blocked one is never called."""
    content = t.dir("content")
    torrent = Torrent("called", SIZE, PIECE).make(content)
    seeds = [wire.Seed(t, torrent, content, addr=a) for a in ring.addrs]
    announce = tracker.Tracker(interval=1800)
    announce.fixed = [s.peer for s in seeds]
    ring.daemon.add(torrent.save(f"{t.root}/y.torrent", announce.url))
    ring.daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal([s.accepted > 0 for s in seeds], [False, False, True],
        "who is on a list is not called")


def cpu_seconds(pid):
    """What a process has used; others on the machine do not count."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def large(t, ring):
    """Half a million ranges while others are served."""
    random.seed(1)
    with open(ring.block, "w") as f:
        for i in range(RANGES):
            ip = (11 << 24) + i * 4096
            f.write(f"Organisation {i}:{ip >> 24}.{ip >> 16 & 255}."
                f"{ip >> 8 & 255}.0-{ip >> 24}.{ip >> 16 & 255}."
                f"{ip >> 8 & 255}.99\n")
    before = ring.lists_read()
    pid = ring.daemon.children()["peer"]
    begin, used = time.monotonic(), cpu_seconds(pid)
    ring.daemon.ctl("reload")
    slowest = 0
    while ring.lists_read() == before:
        at = time.monotonic()
        w = ring.let_in(ring.addrs[2])
        slowest = max(slowest, time.monotonic() - at)
        w.close()
        if at - begin > 60:
            break
    took, used = time.monotonic() - begin, cpu_seconds(pid) - used
    t.ok(used < (5 if mimtest.sanitized() else 1),
        "half a million ranges are read in a second of CPU", used)
    t.ok(slowest < max(0.25, took / 2), "nobody waits for that",
        (slowest, took))
    t.match(ring.daemon.log(), f"blocklist: {RANGES + 1} ranges", "all count")
    row = ring.daemon.processes()["peer"]
    t.diag(f"read in {took * 1000:.0f} ms, slowest handshake meanwhile "
        f"{slowest * 1000:.0f} ms; peer has {row['memory'] >> 10} KiB, "
        f"{row['shared'] >> 10} shared")


def start(t, ring):
    ring.daemon.stop()
    for path, what in ((f"{t.root}/none", "No such file"),
        (t.root, "not a regular file")):
        ring.daemon.write_conf(ring.daemon.conf + f"blocklist \"{path}\"\n")
        ring.daemon.launch()
        t.equal(ring.daemon.proc.wait(10), 1, f"{what}: it does not start")
        t.match(ring.daemon.log(), f"blocklist .*{what}", "and says why")


def test(t):
    ring = Ring(t)
    incoming(t, ring)
    outgoing(t, ring)
    large(t, ring)
    start(t, ring)


mimtest.main(test)
