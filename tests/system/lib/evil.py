# SPDX-License-Identifier: ISC
"""A mimd one of whose children turns on the others, once."""

import os
import shutil
import threading
import time

import control
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

SIZE = 12_000_001
PIECE = 1 << 17


class Evil(mimd.Mimd):
    """The first child of this role does what attempt/evil.c calls attack."""

    def __init__(self, t, role, attack, **kw):
        super().__init__(t, f"{role}-{attack}", user=mimd.SPARE_USER, **kw)
        self.binary = os.path.join(self.dir, "mimd-evil")
        shutil.copy(os.path.join(mimtest.BUILD, "attempt", "bin", "evil"),
            self.binary)
        os.chmod(self.binary, 0o755)
        self.role = role
        self.attack = attack
        self.arm_path = f"{self.binary}.{role}"

    def arm(self):
        """From now on the next child of that role is evil."""
        with open(self.arm_path, "w") as f:
            f.write(self.attack)
        os.chmod(self.arm_path, 0o644)
        return self

    def launch(self):
        self.proc = self.t.spawn([self.binary, "-d", "-f", self.conf_path],
            self.log_path, host=self.host, user=self.user)

    def restarts(self):
        return {role: row["restarts"] for role, row in
            self.processes().items() if row.get("restarts")}


class Probe:
    """Asks for the status all the time; how long did that take?"""

    ENOUGH = 20			# times
    # A busy machine is slow at times; a parent that waits for a child that
    # stands still, or reads on and on what one says, answers after seconds.
    MEDIAN_MS, MOST_MS = 250, 2000

    def __init__(self, daemon):
        self.daemon = daemon
        self.times = []
        self.failed = 0
        self.going = True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.going or len(self.times) + self.failed < self.ENOUGH:
            try:
                with control.connect(self.daemon) as sock:
                    self.times.append(control.status_ms(sock))
            except (OSError, mimtest.Failure):
                self.failed += 1
            time.sleep(0.01)

    def end(self):
        self.going = False
        self.thread.join()

    def quick(self):
        """Was it always answered, and soon?"""
        return not self.failed and self.median() < self.MEDIAN_MS and \
            max(self.times) < self.MOST_MS

    def median(self):
        return sorted(self.times)[len(self.times) // 2]

    def __str__(self):
        return f"{self.failed} failed" + (f", {len(self.times)} times: "
            f"median {self.median():.0f} ms, at most "
            f"{max(self.times):.0f} ms" if self.times else "")


class World:
    """One torrent and its honest seed, for a row of daemons."""

    def __init__(self, t, size=SIZE, rate=None):
        self.t = t
        content = t.dir("content")
        self.torrent = Torrent("wanted", size, PIECE).make(content)
        self.announce = tracker.Tracker(interval=1800)
        self.seed = wire.Seed(t, self.torrent, content, rate=rate)
        self.announce.fixed = [self.seed.peer]
        self.path = self.torrent.save(t.root + "/x.torrent",
            self.announce.url)

    def survive(self, role, attack, killed, log):
        """
        A download under attack ends bit-exact; only the children named in
        killed had to die, and the log says why in one line.
        """
        t = self.t
        daemon = Evil(t, role, attack).arm().start()
        daemon.add(self.path)
        daemon.wait_state(self.torrent.infohash, "seeding", 30)
        what = f"{role}, {attack}"
        t.equal(self.torrent.wrong(daemon.root), None, f"{what}: bit-exact")
        t.equal(daemon.restarts(), {x: 1 for x in killed},
            f"{what}: who was replaced")
        lines = [x for x in daemon.log().splitlines() if "is killed" in x]
        t.ok(len(lines) == len(killed) and all(log in x for x in lines),
            f"{what}: said in a line", lines)
        t.ok(not os.path.exists(daemon.arm_path),
            f"{what}: it was done")
        t.equal(daemon.stop(), 0, f"{what}: ends in order")
