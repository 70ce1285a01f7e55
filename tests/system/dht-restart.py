#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# What the DHT knows outlives its child and mim: no name is asked again, the
# id stays, and three nodes that were kept lead to all the others.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import krpc
import mimd
import mimtest

HASH = "5c" * 20
PORT = 6881
FIRST, LEFT, MORE = 12, 3, 24	# nodes: known at first, still there, later
MET = 10			# of the later ones, make a table


class World:
    def __init__(self, t):
        self.t = t
        self.net = krpc.Net(t)
        self.router = self.net.node(known=False)
        self.first = self.net.add(FIRST)
        self.probe = self.net.node(known=False)
        self.daemon = mimd.Mimd(t, conf="lsd no\n" + self.router.conf)

    def begin(self):
        since = time.monotonic()
        self.daemon.start()
        return since

    def id(self):
        answer = self.probe.persist((self.daemon.addr, PORT), "ping")
        return answer and answer[b"r"][b"id"]

    def announces(self, since=0):
        return self.net.asked("announce_peer", HASH, self.daemon.addr, since)

    def again(self, since, what):
        """The torrent is announced anew, by what was known."""
        t = self.t
        t.wait(lambda: self.announces(since), 60, f"an announce: {what}")
        t.diag(f"{what}: {self.announces(since)[0].time - since:.1f} s to "
            "the next announce")
        t.equal(self.id(), self.own, f"{what}: the id is the same")
        t.equal([q.method for q in self.router.asked if q.time >= since], [],
            f"{what}: no name of mimd.conf is asked")


def child_killed(t, w):
    before = w.daemon.children()["dht"]
    since = time.monotonic()
    w.daemon.kill_child("dht")
    t.wait(lambda: w.daemon.children().get("dht") not in (None, before), 15,
        "another child")
    w.again(since, "the child killed")


def few_left(t, w):
    """Of those that were known most are gone, and many are new."""
    t.equal(w.daemon.stop(), 0, "mim ends")
    w.net.retire(w.first[LEFT:])
    new = w.net.add(MORE)
    w.daemon.write_conf(w.daemon.conf.replace(w.router.conf,
        "dht bootstrap none\n"))
    since = w.begin()
    t.wait(lambda: sum(bool(node.asked) for node in new) >= MET, 60,
        "new nodes to be met")
    t.diag(f"{LEFT} nodes of {FIRST} led to {MET} others in "
        f"{time.monotonic() - since:.1f} s")
    w.again(since, "mim started again")


def test(t):
    w = World(t)
    w.begin()
    w.daemon.ctl("add", HASH)
    t.wait(w.announces, 30, "an announce")
    t.ok(w.router.asked, "it began with the name in mimd.conf")
    w.own = w.id()
    t.wait(lambda: os.path.exists(w.daemon.state + "/dht.nodes"), 30,
        "nodes to be saved")
    child_killed(t, w)
    few_left(t, w)
    w.daemon.crash()
    w.again(w.begin(), "mim killed")


mimtest.main(test)
