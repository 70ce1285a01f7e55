#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Children that flood their parent with messages of a valid form, or take
# none: the parent answers all the while, stays small, and logs little.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import evil
import mimtest

# role, attack, what its end is logged with (None: it may live)
FLOODS = [
    ("peer", "log", "floods the log"),
    ("disk", "log", "floods the log"),
    ("resolver", "resolved", None),
    ("disk", "progress", None),
    ("peer", "stats", None),
    ("tracker", "lookup", "does not read its messages"),
]
MEMORY_MAX = 48 << 20		# queues are bounded: chan.h
LINES_MAX = 200


def flood(t, role, attack, end):
    what = f"{role}, {attack}"
    daemon = evil.Evil(t, role, attack).start()
    probe = evil.Probe(daemon)
    daemon.arm().kill_child(role)
    memory = 0
    begin = time.monotonic()
    while time.monotonic() - begin < (60 if end else 2.5):
        if end and end in daemon.log() and daemon.children().get(role):
            break
        memory = max(memory, daemon.processes()["parent"]["memory"])
        time.sleep(0.1)
    probe.end()
    t.ok(probe.quick(), f"{what}: status is answered at once", probe)
    t.ok(memory < MEMORY_MAX, f"{what}: the parent stays small", memory)
    killed = [x for x in daemon.log().splitlines() if "is killed" in x]
    t.ok(len(killed) == (end is not None) and
        all(role in x and end in x for x in killed),
        f"{what}: {end or 'is borne'}", killed)
    t.equal(daemon.restarts(), {role: 2 if end else 1},
        f"{what}: nobody else was replaced")
    lines = daemon.log().count("\n")
    t.ok(lines < LINES_MAX, f"{what}: few lines are logged", lines)
    t.ok("\x1b" not in daemon.log(), f"{what}: no escape in the log")
    t.equal(daemon.stop(), 0, f"{what}: ends in order")


def rows(t):
    """Peers without end, of a torrent that runs."""
    world = evil.World(t)
    daemon = evil.Evil(t, "peer", "rows").arm().start()
    probe = evil.Probe(daemon)
    daemon.add(world.path)
    daemon.wait_state(world.torrent.infohash, "seeding", 30)
    probe.end()
    t.equal(world.torrent.wrong(daemon.root), None, "rows: bit-exact")
    t.ok(probe.quick(), "rows: status is answered at once", probe)
    memory = daemon.processes()["parent"]["memory"]
    t.ok(memory < MEMORY_MAX, "rows: the parent stays small", memory)
    peers = daemon.torrent(world.torrent.infohash, "-p")["peers"]
    t.ok(len(peers) <= 1024, "rows: and keeps few of them", len(peers))


def test(t):
    for role, attack, end in FLOODS:
        flood(t, role, attack, end)
    rows(t)


mimtest.main(test)
