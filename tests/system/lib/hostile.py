# SPDX-License-Identifier: ISC
"""The peer that means no good (tests/system/hostile), and what it costs."""

import subprocess
import threading
import time

import mimtest
from mimtest import ip

POOL = "10.99.128.0/17"		# each of its connections has its own address
CALLING, CALLED = 12000, 1024	# of them, for a run


class Row:
    """What came of a script."""

    def __init__(self, fields):
        (self.group, self.name, self.expect) = fields[:3]
        (self.connections, self.ended, self.messages, self.bytes,
            self.longest) = map(int, fields[3:])

    def __str__(self):
        return (f"{self.group}, {self.name}: {self.connections} "
            f"connections, {self.ended} of them ended, {self.messages} "
            f"messages, {self.bytes >> 10} KiB, {self.longest} ms at most")


class Hostile:
    """Scripts of these groups at once, until wait()."""

    runs = used = 0

    def __init__(self, t, daemon, torrent, groups, seconds, port=0, size=0,
        seed=1):
        if Hostile.runs == 0:
            # Routed: so many neighbours are more than the kernel wants.
            ip("route", "add", "local", POOL, "dev", "lo")
            daemon.host.ip("route", "add", POOL, "via", mimtest.TEST_ADDR)
        base = Hostile.used
        Hostile.used += CALLED if port else CALLING
        Hostile.runs += 1
        self.log_path = f"{t.root}/hostile{Hostile.runs}.log"
        self.proc = t.spawn([mimtest.program("hostile"), "-i",
            torrent.infohash, "-a", f"10.99.{128 + base // 256}.{base % 256}",
            "-n", str(torrent.npieces), "-p", str(torrent.piece_length), "-s",
            str(seconds), "-r", str(seed), "-l", str(port), "-m", str(size),
            daemon.addr, str(daemon.port), *groups], self.log_path,
            stdout=subprocess.PIPE)
        self.peers = []		# where it waits to be called
        self.rows = []
        self.told = threading.Event()
        self.thread = threading.Thread(target=self.follow, daemon=True)
        self.thread.start()
        t.closers.append(lambda: mimtest.stop(self.proc))

    def follow(self):
        for line in self.proc.stdout:
            word, *fields = line.decode().rstrip("\n").split("\t")
            if word == "listen":
                self.peers.append((fields[2], int(fields[3])))
            elif word == "ready":
                self.told.set()
            else:
                self.rows.append(Row(fields))

    def wait(self, timeout=90):
        """Its rows, when it is done."""
        if self.proc.wait(timeout) != 0:
            raise mimtest.Failure("hostile: " +
                mimtest.read_text(self.log_path))
        self.thread.join()
        return self.rows


class Watch:
    """The peer child, looked at all the time."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.first = self.now = daemon.processes()
        self.begun = time.monotonic()
        self.peak = {role: row["memory"] for role, row in self.now.items()}
        self.slowest = 0		# answer of the parent, in seconds
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.over.wait(0.1):
            self.look()

    def look(self):
        begun = time.monotonic()
        self.now = self.daemon.processes()
        self.slowest = max(self.slowest, time.monotonic() - begun)
        for role, row in self.now.items():
            self.peak[role] = max(self.peak.get(role, 0), row["memory"])

    def end(self):
        self.over.set()
        self.thread.join()
        self.look()
        self.took = time.monotonic() - self.begun

    def grown(self, role="peer"):
        return self.peak[role] - self.first[role]["memory"]

    def cpu(self, role="peer"):
        """Seconds."""
        return (self.now[role]["cpu_ms"] - self.first[role]["cpu_ms"]) / 1000

    def restarts(self):
        return sum(row["restarts"] for row in self.now.values())

    def __str__(self):
        def kib(rows):
            return rows["peer"]["memory"] >> 10
        return (f"peer: {kib(self.first)} KiB before, "
            f"{self.peak['peer'] >> 10} KiB at most, {kib(self.now)} KiB "
            f"after; {self.cpu():.1f} s of CPU in {self.took:.1f} s; "
            f"mimctl answered in {1000 * self.slowest:.0f} ms at worst")


def judge(t, rows, what):
    """Were those ended that had to be?  Says so, and what was sent."""
    must = [row for row in rows if row.expect != "any"]
    t.equal([str(row) for row in must if row.ended < 1 or
        row.group != "floods" and row.ended < row.connections], [],
        f"{what}: each of {len(must)} that break the rules is hung up on")
    for group in sorted({row.group for row in rows}):
        mine = [row for row in rows if row.group == group]
        t.diag(f"{what}, {group}: {len(mine)} scripts, "
            f"{sum(row.connections for row in mine)} connections, "
            f"{sum(row.messages for row in mine)} messages, "
            f"{sum(row.bytes for row in mine) >> 20} MiB")
