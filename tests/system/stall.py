#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Disk stands still for a while, and children die of a signal, in the middle
# of a download: the parent answers, the download goes on.

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import evil
import mimd
import mimtest

RATE = 3_000_000
STOP = 3			# seconds


def stall(t, world, daemon):
    """Disk does not run: status does not wait for it, nor is it killed."""
    pid = daemon.children()["disk"]
    probe = evil.Probe(daemon)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(STOP)
    row = daemon.torrent(world.torrent.infohash)
    os.kill(pid, signal.SIGCONT)
    probe.end()
    t.ok(probe.quick(), "disk stopped: status is answered at once", probe)
    t.equal(row["state"], "downloading", "and says what is so")
    t.equal(daemon.children()["disk"], pid, "disk was left alone")
    t.wait(lambda: daemon.torrent(world.torrent.infohash)["have"] >
        row["have"], 20, "the transfer to go on")
    t.equal(world.seed.accepted, 1, "the peer stayed connected")


def kill(t, world, daemon, role, sig):
    before = daemon.children()
    probe = evil.Probe(daemon)
    os.kill(before[role], sig)
    t.wait(lambda: daemon.children().get(role, before[role]) != before[role],
        15, f"a new {role}")
    probe.end()
    others = [r for r in mimd.CHILDREN if r != role and
        daemon.children().get(r) != before[r]]
    t.equal(others, [], f"{role}, {sig.name}: it came back, others stayed")
    t.ok(probe.quick(), f"{role}, {sig.name}: status is answered at once",
        probe)
    t.match(daemon.log(), f"{role}: killed by signal {sig.value}",
        f"{role}, {sig.name}: the log says so")


def test(t):
    world = evil.World(t, size=30_000_001, rate=RATE)
    daemon = mimd.Mimd(t, "mimd", user=mimd.SPARE_USER,
        conf="dht yes\ndht bootstrap none\n").start()
    daemon.allowed = "killed by signal 11"
    daemon.add(world.path)
    t.wait(lambda: (daemon.torrent(world.torrent.infohash) or
        {"have": 0})["have"], 15, "the first piece")
    stall(t, world, daemon)
    t.wait(lambda: "dht" in daemon.children(), 15, "the DHT")
    for role in mimd.CHILDREN:
        kill(t, world, daemon, role, signal.SIGSEGV)
    for role in mimd.CHILDREN:
        kill(t, world, daemon, role, signal.SIGKILL)
    daemon.wait_state(world.torrent.infohash, "seeding", 60)
    t.equal(world.torrent.wrong(daemon.root), None, "bit-exact")
    t.ok("broke the rules" not in daemon.log(), "nobody was blamed for it")


mimtest.main(test)
