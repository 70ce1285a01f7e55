#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# The whole service in a memory cgroup of 64 MiB, page cache included, leeches
# and seeds 512 MiB: it is not killed, and does not come to a stand.

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
from torrent import Torrent

LIMIT = 64 << 20
SIZE = 512 << 20
PIECE = 1 << 20
STALL = 15			# seconds without progress are a stand
PORT = 7000


class Cgroup:
    """A memory cgroup, of version 2 or 1; None if there is none to be had."""

    def __init__(self, t, limit):
        self.path = None
        name = f"mimtest-{os.path.basename(t.root)}"
        for base, file, events in (
            ("/sys/fs/cgroup", "memory.max", "memory.events"),
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes",
            "memory.oom_control")):
            path = os.path.join(base, name)
            try:
                os.mkdir(path)
            except OSError:
                continue
            # What is no cgroup file system gets an empty directory.
            if not os.path.exists(os.path.join(path, file)):
                os.rmdir(path)
                continue
            with open(os.path.join(path, file), "w") as f:
                f.write(str(limit))
            self.path, self.events = path, os.path.join(path, events)
            t.closers.append(self.remove)
            return

    def enter(self, argv):
        """A command that runs argv in there."""
        return ["sh", "-c", f"echo 0 > {self.path}/cgroup.procs && "
            "exec \"$@\"", "sh", *argv]

    def kills(self):
        """Processes that were killed for want of memory."""
        with open(self.events) as f:
            for line in f:
                if line.startswith("oom_kill "):
                    return int(line.split()[1])
        return 0

    def peak(self):
        for name in ("memory.peak", "memory.max_usage_in_bytes"):
            try:
                with open(os.path.join(self.path, name)) as f:
                    return int(f.read())
            except OSError:
                continue
        return 0

    def remove(self):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.05)


class Small(mimd.Mimd):
    def launch(self):
        self.proc = self.t.spawn(self.cgroup.enter(
            [mimtest.program("mimd"), "-d", "-f", self.conf_path]),
            self.log_path, host=self.host)


def bench(name):
    return os.path.join(mimtest.BUILD, "bench", name)


def go_on(t, what, progress, done):
    """Wait for done(); progress() must not stand still for long."""
    last, at, longest = None, time.monotonic(), 0
    while not done():
        now = progress()
        if now != last:
            longest = max(longest, time.monotonic() - at)
            last, at = now, time.monotonic()
        if time.monotonic() - at > STALL:
            raise mimtest.Failure(f"{what} stands still at {now}")
        time.sleep(0.1)
    t.diag(f"{what}: longest time without progress {longest:.1f} s")


def test(t):
    group = Cgroup(t, LIMIT)
    if group.path is None:
        t.diag("no memory cgroup is to be had here")
        return
    content = t.dir("content")
    torrent = Torrent("large.bin", SIZE, PIECE).make(content)
    seed = t.addr()
    hose = subprocess.Popen([bench("firehose"), content + "/large.bin",
        str(PIECE), torrent.infohash, seed, str(PORT), "1"],
        stdout=subprocess.DEVNULL)
    t.closers.append(hose.kill)
    daemon = Small(t, cache="16M")
    daemon.cgroup = group
    daemon.start()
    daemon.add(torrent.save(t.root + "/x.torrent"))
    daemon.ctl("peers", torrent.infohash, "add", f"{seed}:{PORT}")
    children = daemon.children()
    row = lambda: daemon.torrent(torrent.infohash)
    go_on(t, "leech", lambda: row()["have"],
        lambda: row()["state"] == "seeding")
    hose.kill()
    t.equal(torrent.wrong(daemon.root), None, "bit-exact")
    sink = subprocess.Popen([bench("sink"), daemon.addr, str(daemon.port),
        torrent.infohash, str(SIZE), str(PIECE), t.addr(), "1", "64"],
        stdout=subprocess.DEVNULL)
    go_on(t, "seed", lambda: row()["uploaded"],
        lambda: sink.poll() is not None)
    t.equal(sink.returncode, 0, "all of it was seeded")
    t.equal(group.kills(), 0, "nobody was killed")
    t.equal(daemon.children(), children, "the children are the same")
    t.diag(f"at most {group.peak() >> 20} MiB of {LIMIT >> 20}")
    t.equal(daemon.stop(), 0, "it ends in order")


mimtest.main(test)
