#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
bench.py [-c client,...] [-d leech,seed] [-k peers,...] [-n runs] [-s MiB]
    [-m MiB] [-o file]

Measures mim beside other clients, one after the other in one run: an ideal
seed or leech at the other end, content on tmpfs, a network of its own.  Prints
a table of medians with mim's ratio to the best of the others, and writes all
figures as JSON to build/bench/result.json.  Quote ratios: figures of another
machine, or of another day, do not compare.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system", "lib"))
import measure
import mimtest
import subjects
from torrent import Torrent, bencode
from tracker import Tracker, pack_peers

GIB = 1 << 30
PIECE = 1 << 20
SEED_BASE, SEED_PORT = "10.99.1.1", 7000	# the ideal seed's addresses
LEECH_BASE = "10.99.2.1"			# the ideal leech's
DEPTH = "64"		# requests outstanding on each of its connections
SLOW = 15		# seconds: a run that takes longer is not repeated
LIMIT = 240		# seconds: a run that takes longer has failed


def tool(name):
    return os.path.join(mimtest.BUILD, "bench", name)


class Run:
    """One client, once: what it took."""

    def __init__(self, bench, name, direction, peers):
        self.bench = bench
        self.peers = peers
        self.torrent = bench.torrent
        self.dir = os.path.join(bench.root, "client")
        self.down = os.path.join(bench.tmpfs, "down")
        for path in (self.dir, self.down):
            shutil.rmtree(path, ignore_errors=True)
            os.mkdir(path)
            os.chmod(path, 0o755)
        self.seeding = direction == "seed"
        root = bench.content if self.seeding else self.down
        self.subject = subjects.ALL[name](self.dir, root)
        self.tracker = Tracker("10.99.0.3", paths={"/announce": self.announce})
        self.asked = threading.Event()
        self.completed = threading.Event()
        self.time = self.cpu = self.memory = None

    def announce(self, handler, announce):
        """Called by the tracker; the others are the ideal seed's sockets."""
        peers = [] if self.seeding else [(seed_addr(i), SEED_PORT)
            for i in range(self.peers)]
        if announce["event"] == "completed":
            self.completed.set()
        if not self.seeding and not self.asked.is_set():
            time.sleep(0.3)		# let the client come to rest
            self.cpu_before = measure.cpu(self.subject.proc.pid)
        if not self.seeding or announce["left"] == "0":
            self.asked.set()
        handler.answer(bencode({"interval": 1800, "complete": len(peers),
            "incomplete": 0, "peers": pack_peers(peers)}))

    def measure(self, watch_memory):
        path = self.torrent.save(os.path.join(self.bench.root, "x.torrent"),
            self.tracker.url)
        try:
            (self.seed if self.seeding else self.leech)(path, watch_memory)
        finally:
            if self.subject.proc is not None:
                self.subject.stop()
            self.tracker.server.shutdown()
            self.tracker.server.server_close()
        return self

    def watch(self, what, watch_memory):
        if not watch_memory:
            return what()
        with measure.Peak(self.subject.proc.pid) as peak:
            what()
        self.memory = peak.peak

    def leech(self, path, watch_memory):
        hose = subprocess.Popen([tool("firehose"),
            os.path.join(self.bench.content, self.torrent.name), str(PIECE),
            self.torrent.infohash, SEED_BASE, str(SEED_PORT),
            str(self.peers)], stdout=subprocess.PIPE, text=True)
        try:
            hose.stdout.readline()
            self.subject.start(path, False)
            self.watch(self.wait_complete, watch_memory)
        finally:
            hose.terminate()
        said = dict(line.split()[:2] for line in hose.stdout)
        hose.wait()
        self.time = self.end - float(said["first"])
        if not watch_memory:
            self.check()

    def wait_complete(self):
        killer = threading.Timer(LIMIT, self.subject.proc.kill)
        killer.start()
        asking = threading.Thread(target=self.ask, daemon=True)
        asking.start()
        self.completed.wait(LIMIT)
        self.end = time.monotonic()
        self.cpu = measure.cpu(self.subject.proc.pid) - self.cpu_before
        killer.cancel()
        asking.join()
        if not self.completed.is_set() or self.subject.proc.poll():
            raise mimtest.Failure("not complete in time")

    def ask(self):
        self.asked.wait()
        self.subject.complete(self.completed)
        self.completed.set()

    def check(self):
        path = os.path.join(self.down, self.torrent.name)
        if subprocess.run(["cmp", path, os.path.join(self.bench.content,
            self.torrent.name)]).returncode != 0:
            raise mimtest.Failure("the download differs from the content")

    def seed(self, path, watch_memory):
        self.subject.start(path, True)
        if not self.asked.wait(LIMIT):
            raise mimtest.Failure("does not seed")
        time.sleep(0.5)
        self.cpu_before = measure.cpu(self.subject.proc.pid)
        self.watch(self.drain, watch_memory)
        self.cpu = measure.cpu(self.subject.proc.pid) - self.cpu_before

    def drain(self):
        done = subprocess.run([tool("sink"), subjects.ADDR,
            str(subjects.PORT), self.torrent.infohash,
            str(self.torrent.size), str(PIECE), LEECH_BASE, str(self.peers),
            DEPTH], capture_output=True, text=True, timeout=LIMIT)
        if done.returncode != 0:
            raise mimtest.Failure(done.stderr)
        said = {line.split()[0]: line.split()[1:]
            for line in done.stdout.splitlines()}
        self.time = float(said["done"][0]) - float(said["first"][0])


def seed_addr(i):
    return f"10.99.{1 + (i + 1) // 256}.{(i + 1) % 256}"


class Bench:
    def __init__(self, args, root):
        self.args = args
        self.root = root
        self.tmpfs = os.path.join(root, "tmpfs")
        os.mkdir(self.tmpfs)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none",
            self.tmpfs], check=True)
        self.content = os.path.join(self.tmpfs, "content")
        os.mkdir(self.content)
        self.torrent = Torrent("content.bin", args.size << 20, PIECE)
        self.torrent.make(self.content)
        # A seed of some clients wants its file to be its own.
        os.chmod(os.path.join(self.content, "content.bin"), 0o666)

    def row(self, name, direction, peers):
        """The figures of a client: medians of several runs."""
        gib = self.torrent.size / GIB
        runs = []
        while len(runs) < self.args.runs:
            runs.append(Run(self, name, direction, peers).measure(False))
            if runs[-1].time > SLOW:
                break
        peak = Run(self, name, direction, peers).measure(True) \
            if runs[-1].time <= SLOW else None
        rates = [gib / r.time for r in runs]
        return {"client": name, "direction": direction, "peers": peers,
            "runs": len(runs), "times": [r.time for r in runs],
            "rate": statistics.median(rates), "low": min(rates),
            "high": max(rates),
            "cpu": statistics.median(r.cpu / gib for r in runs),
            "memory": peak.memory if peak else None}

    def all(self):
        rows = []
        for direction in self.args.directions:
            for peers in self.args.peers:
                rows += self.table(direction, peers)
        return rows

    def table(self, direction, peers):
        print(f"\n{direction}, {peers} peer{'s' if peers > 1 else ''}:")
        print(f"{'client':<17}{'GiB/s':>8}{'low':>7}{'high':>7}"
            f"{'CPU s/GiB':>11}{'PSS MiB':>9}{'anon':>7}{'shmem':>7}")
        rows = []
        for name in self.args.clients:
            try:
                row = self.row(name, direction, peers)
            except Exception as e:
                print(f"{name:<17}failed: {e!r}", flush=True)
                continue
            rows.append(row)
            memory = "".join(f"{row['memory'][k] / (1 << 20):>{w}.1f}"
                for k, w in (("pss", 9), ("anon", 7), ("shmem", 7))) \
                if row["memory"] else ""
            print(f"{name:<17}{row['rate']:>8.2f}{row['low']:>7.2f}"
                f"{row['high']:>7.2f}{row['cpu']:>11.2f}{memory}", flush=True)
        self.ratios(rows)
        return rows

    def ratios(self, rows):
        """mim's speed to the fastest other, its CPU to the leanest."""
        mim = [r for r in rows if r["client"] == "mim"]
        others = [r for r in rows if r["client"] != "mim"]
        if not mim or not others:
            return
        fast = max(others, key=lambda r: r["rate"])
        lean = min(others, key=lambda r: r["cpu"])
        print(f"mim / best: {mim[0]['rate'] / fast['rate']:.2f} of the speed "
            f"of {fast['client']}, {mim[0]['cpu'] / lean['cpu']:.2f} of the "
            f"CPU of {lean['client']}", flush=True)


def pin_memory(mib):
    """Keep the host from taking free memory back; see pin.c."""
    pin = subprocess.Popen([tool("pin"), str(mib)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    print("pinned a page in each of", pin.stdout.readline().split()[-1],
        "blocks of 2 MiB", flush=True)
    return pin


def memory_to_pin(args):
    """What the runs will use and some; at most most of what is free."""
    with open("/proc/meminfo") as f:
        free = int(re.search(r"MemFree:\s+(\d+)", f.read())[1]) >> 10
    return min(2 * args.size + 2048, free * 3 // 4)


def parse_args():
    def words(text):
        return text.split(",")

    parser = argparse.ArgumentParser()
    parser.add_argument("-c", dest="clients", type=words,
        default=list(subjects.ALL))
    parser.add_argument("-d", dest="directions", type=words,
        default=["leech", "seed"])
    parser.add_argument("-k", dest="peers", default=[1, 8],
        type=lambda text: [int(x) for x in words(text)])
    parser.add_argument("-n", dest="runs", type=int, default=3)
    parser.add_argument("-s", dest="size", type=int, default=1024)
    parser.add_argument("-m", dest="pin", type=int)
    parser.add_argument("-o", dest="output", default=tool("result.json"))
    return parser.parse_args()


def run_inside(root):
    args = parse_args()
    mimtest.ip("link", "set", "lo", "up")
    mimtest.ip("addr", "add", "10.99.0.1/16", "dev", "lo")
    mimtest.add_service_user(root)
    pin = None
    mib = memory_to_pin(args) if args.pin is None else args.pin
    if mib > 0:
        pin = pin_memory(mib)
    rows = Bench(args, root).all()
    with open(args.output, "w") as f:
        json.dump(rows, f, indent=1)
    if pin is not None:
        pin.kill()
    return 0 if rows else 1


def main():
    root = os.environ.pop("MIMTEST_ROOT", None)
    if root is None:
        parse_args()
        if os.geteuid() != 0:
            sys.exit("bench.py: needs root, for a network of its own")
        sys.exit(mimtest.run_outside(None))
    pid = os.fork()
    if pid != 0:
        sys.exit(mimtest.reap_for(pid))
    status = run_inside(root)
    sys.stdout.flush()
    os._exit(status)


main()
