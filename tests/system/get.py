#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# mimctl get: no service needed; interrupted and run again it goes on; it
# leaves the file, and nothing else.

import os
import pwd
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 12_000_003
RATE = 4_000_000		# bytes/s: time to interrupt it
LEEWAY = 2 << 20		# pieces begun when it was interrupted


def processes_of(uid):
    """Pids of all that this user runs here."""
    return [int(p) for p in os.listdir("/proc") if p.isdigit() and
        mimtest.alive(int(p)) and os.stat(f"/proc/{p}").st_uid == uid]


def run(t, user, root, path, log):
    host = t.host()
    env = {"PATH": os.environ["PATH"], "HOME": root, "ASAN_OPTIONS":
        mimd.CTL_ENV["ASAN_OPTIONS"]}
    return t.spawn([mimtest.program("mimctl"), "get", "-d", root, "-o",
        "allow local trackers 10.99.0.0/16", path],
        os.path.join(t.root, log), host=host, user=user, env=env)


def fetch(t, user):
    name = user or "root"
    content = t.dir("content")
    torrent = Torrent(f"got by {name}", SIZE, 1 << 17, name).make(content)
    announce = tracker.Tracker()
    seed = wire.Seed(t, torrent, content, rate=RATE)
    announce.fixed = [seed.peer]
    path = torrent.save(f"{t.root}/{name}.torrent", announce.url)
    root = t.dir(f"{name}-files", user or "root")
    uid = pwd.getpwnam(user or mimtest.SERVICE_USER).pw_uid

    first = run(t, user, root, path, f"{name}.1.log")
    t.wait(lambda: seed.sent > SIZE / 3, 20, "a third of it")
    t.equal(first.poll(), None, f"{name}: it is at work")
    status = mimtest.stop(first, signal.SIGINT)
    t.ok(status not in (None, 0), f"{name}: interrupted, it ends", status)
    t.wait(lambda: not processes_of(uid), 20, "its processes to end")

    second = run(t, user, root, path, f"{name}.2.log")
    t.equal(second.wait(30), 0, f"{name}: again, it ends by itself")
    t.equal(torrent.wrong(root), None, f"{name}: bit-exact")
    t.ok(seed.sent < SIZE + LEEWAY, f"{name}: it went on where it was",
        seed.sent)
    t.equal(os.listdir(root), [torrent.name], f"{name}: leaves nothing else")
    t.equal(len(announce.of(torrent.infohash, "stopped")), 2,
        f"{name}: the tracker was told both times")
    time.sleep(0.2)
    t.equal(processes_of(uid), [], f"{name}: no process is left")
    with open(f"{t.root}/{name}.2.log") as f:
        t.match(f.read(), "100", f"{name}: it says that it is done")


def test(t):
    fetch(t, mimd.SPARE_USER)
    fetch(t, None)


mimtest.main(test)
