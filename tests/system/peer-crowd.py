#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Two thousand peers that want nothing cost little and keep nobody out.

import contextlib
import os
import resource
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 8_000_001
PIECE = 1 << 18
IDLE = int(os.environ.get("IDLE", 2000))
HONEST = 4


def seed(t, name, conf):
    daemon = mimd.Mimd(t, name, conf=conf)
    torrent = Torrent("crowd", SIZE, PIECE).make(daemon.root)
    announce = tracker.Tracker(interval=1800)
    daemon.start()
    daemon.add(torrent.save(f"{t.root}/{name}.torrent", announce.url), "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    return daemon, torrent


def crowd(t, daemon, torrent, addr):
    """Idle peers: both handshakes, then silence."""
    idle = []
    for _ in range(IDLE):
        w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
            addr=addr)
        w.send_handshake()
        idle.append(w)
        # One address may not have more handshakes under way.
        if len(idle) > 32:
            with contextlib.suppress(wire.Gone):	# all places taken
                idle[-32].read_handshake()
    return idle


def usage(pid):
    """Memory of its own (KiB) and processor time (ms)."""
    text = mimtest.read_text(f"/proc/{pid}/status")
    fields = mimtest.read_text(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()
    return (int(text.split("RssAnon:")[1].split()[0]),
        (int(fields[11]) + int(fields[12])) * 10)


def served(t, daemon, torrent):
    """Do honest leeches get all of it, side by side?"""
    got = [0] * HONEST

    def fetch(i):
        def on_block(piece, begin, data):
            if data == torrent.read(daemon.root, piece, begin, len(data)):
                got[i] += len(data)
        try:
            wire.leech(wire.connect(t, (daemon.addr, daemon.port),
                torrent.infohash), torrent, range(torrent.npieces), on_block)
        except (wire.Gone, TimeoutError):
            pass

    threads = [threading.Thread(target=fetch, args=(i,))
        for i in range(HONEST)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def test(t):
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    addr = t.addr()

    roomy, torrent = seed(t, "roomy",
        f"max peers {IDLE + 100} per torrent {IDLE + 100}\n")
    pid = roomy.children()["peer"]
    before, _ = usage(pid)
    idle = crowd(t, roomy, torrent, addr)
    t.wait(lambda: roomy.torrent(torrent.infohash)["peers"] == IDLE, 20,
        "all to be connected")
    time.sleep(1)
    after, cpu = usage(pid)
    time.sleep(3)
    cpu = usage(pid)[1] - cpu
    each = (after - before) * 1024 // IDLE
    t.diag(f"{IDLE} idle peers: {each} bytes each, {cpu} ms in 3 s")
    t.ok(each < 2048, "an idle connection is small", each)
    t.ok(cpu <= 60, "and costs no time", cpu)
    t.equal(served(t, roomy, torrent), [SIZE] * HONEST,
        "others are served beside them")
    for w in idle:
        w.close()
    roomy.stop()

    full, torrent = seed(t, "full", "max peers 80 per torrent 60\n")
    idle = crowd(t, full, torrent, addr)
    t.wait(lambda: full.torrent(torrent.infohash)["peers"] == 60, 10,
        "all places to be taken")
    time.sleep(5.5)
    t.equal(served(t, full, torrent), [SIZE] * HONEST,
        "idle peers make way when all places are taken")
    t.equal(full.processes()["peer"]["restarts"], 0, "by the same process")


mimtest.main(test)
