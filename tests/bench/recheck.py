#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
recheck.py [-c client,...] [-n runs] [-s MiB] [-o file]

How fast a client checks data that is there: one file in pieces of 1 MiB, on
tmpfs, so that the disk is out of the way.  From the order to check until the
client says that it is done; CPU of all its processes meanwhile.  mim1 is mim
on one core.  Prints medians and mim's ratio to the fastest and to the leanest
of the others; writes all as JSON to build/bench/recheck.json.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system", "lib"))
import measure
import mimtest
import subjects
from torrent import Torrent

GIB = 1 << 30
PIECE = 1 << 20
LIMIT = 120			# seconds: a check that takes longer has failed


def until(cond, what):
    """Poll as often as is cheap; when it came true."""
    end = time.monotonic() + LIMIT
    while not cond():
        if time.monotonic() > end:
            raise mimtest.Failure(f"{what}: not done in time")
        time.sleep(0.02)
    return time.monotonic()


class Mim(subjects.Mim):
    """Seeds already; "mimctl check" has it look again."""

    def row(self):
        out = subprocess.run([mimtest.program("mimctl"), "-j", "-s",
            self.socket, "status"], capture_output=True).stdout
        return json.loads(out)["torrents"][0]

    def check(self, torrent):
        self.start(torrent, True)
        until(lambda: self.row()["state"] == "seeding", "first check")
        time.sleep(0.3)
        before, begin = measure.cpu(self.proc.pid), time.monotonic()
        self.ctl("check", "all")
        end = until(lambda: self.row()["state"] == "seeding", "check")
        return end - begin, measure.cpu(self.proc.pid) - before


class MimOneCore(Mim):
    def spawn(self, argv, **kw):
        super().spawn(["taskset", "-c", "0", *argv], **kw)


class Transmission(subjects.Transmission):
    """Status 1 and 2: waits for its check, is being checked."""

    def row(self):
        return self.rpc("torrent-get", fields=["status", "leftUntilDone",
            "recheckProgress"])["torrents"][0]

    def done(self):
        row = self.row()
        return row["status"] not in (1, 2) and row["leftUntilDone"] == 0

    def check(self, torrent):
        self.start(torrent, True)
        until(self.done, "first check")
        time.sleep(0.3)
        before, begin = measure.cpu(self.proc.pid), time.monotonic()
        self.rpc("torrent-verify")
        until(lambda: self.row()["status"] in (1, 2), "begin")
        end = until(self.done, "check")
        return end - begin, measure.cpu(self.proc.pid) - before


class Rtorrent(subjects.Rtorrent):
    """Its events touch files when a check is queued, and when it is done."""

    def check(self, torrent):
        os.mkdir(os.path.join(self.dir, "session"))
        begun, done = (os.path.join(self.dir, x) for x in ("b", "d"))
        rc = os.path.join(self.dir, "rc")
        with open(rc, "w") as f:
            f.write(f"""system.daemon.set = true
directory.default.set = {self.root}
session.path.set = {self.dir}/session
network.port_range.set = {subjects.PORT}-{subjects.PORT}
dht.mode.set = disable
method.set_key = event.download.hash_queued,bench,"execute=touch,{begun}"
method.set_key = event.download.hash_done,bench,"execute=touch,{done}"
schedule2 = load,0,0,"load.start={torrent}"
""")
        self.spawn(["rtorrent", "-n", "-o", "import=" + rc],
            env=dict(os.environ, TERM="dumb", HOME=self.dir))
        begin = until(lambda: os.path.exists(begun), "begin")
        before = measure.cpu(self.proc.pid)
        end = until(lambda: os.path.exists(done), "check")
        return end - begin, measure.cpu(self.proc.pid) - before


LIBTORRENT = """
import sys, time
import libtorrent as lt
s = lt.session({"listen_interfaces": sys.argv[3], "enable_dht": False,
    "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False})
input()
h = s.add_torrent({"ti": lt.torrent_info(sys.argv[1]),
    "save_path": sys.argv[2]})
while not h.status().is_seeding:
    time.sleep(0.02)
print("done", flush=True)
input()
"""


class Libtorrent(subjects.Subject):
    def check(self, torrent):
        self.spawn(["/usr/bin/python3", "-c", LIBTORRENT, torrent, self.root,
            f"{subjects.ADDR}:{subjects.PORT}"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        time.sleep(1)
        before, begin = measure.cpu(self.proc.pid), time.monotonic()
        self.proc.stdin.write(b"\n")
        self.proc.stdin.flush()
        self.proc.stdout.readline()
        return time.monotonic() - begin, measure.cpu(self.proc.pid) - before


ALL = {"mim": Mim, "mim1": MimOneCore, "rtorrent": Rtorrent,
    "transmission": Transmission, "libtorrent": Libtorrent}


def run(name, root, content, torrent, path):
    """Seconds and CPU seconds for a GiB."""
    dir = os.path.join(root, "client")
    shutil.rmtree(dir, ignore_errors=True)
    os.mkdir(dir)
    os.chmod(dir, 0o755)
    subject = ALL[name](dir, content)
    try:
        taken, cpu = subject.check(path)
    finally:
        if subject.proc is not None:
            subject.stop()
    gib = torrent.size / GIB
    return gib / taken, cpu / gib


def measure_all(args, root):
    tmpfs = os.path.join(root, "tmpfs")
    os.mkdir(tmpfs)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", tmpfs],
        check=True)
    content = os.path.join(tmpfs, "content")
    os.mkdir(content)
    torrent = Torrent("content.bin", args.size << 20, PIECE).make(content)
    os.chmod(os.path.join(content, "content.bin"), 0o666)
    # Nobody answers there, but rtorrent does not load one without.
    path = torrent.save(os.path.join(root, "x.torrent"),
        "http://10.99.0.1:1/announce")
    print(f"{'client':<14}{'GiB/s':>8}{'low':>7}{'high':>7}"
        f"{'CPU s/GiB':>11}")
    rows = []
    for name in args.clients:
        try:
            runs = [run(name, root, content, torrent, path)
                for _ in range(args.runs)]
        except Exception as e:
            print(f"{name:<14}failed: {e!r}", flush=True)
            continue
        rates = [r for r, _ in runs]
        rows.append({"client": name, "rates": rates,
            "rate": statistics.median(rates),
            "cpu": statistics.median(c for _, c in runs)})
        print(f"{name:<14}{rows[-1]['rate']:>8.2f}{min(rates):>7.2f}"
            f"{max(rates):>7.2f}{rows[-1]['cpu']:>11.2f}", flush=True)
    ratios(rows)
    return rows


def ratios(rows):
    others = [r for r in rows if not r["client"].startswith("mim")]
    for mim in rows if others else ():
        if not mim["client"].startswith("mim"):
            continue
        fast = max(others, key=lambda r: r["rate"])
        lean = min(others, key=lambda r: r["cpu"])
        print(f"{mim['client']}: {mim['rate'] / fast['rate']:.2f} of the "
            f"speed of {fast['client']}, {mim['cpu'] / lean['cpu']:.2f} of "
            f"the CPU of {lean['client']}", flush=True)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("-c", dest="clients", default=list(ALL),
        type=lambda text: text.split(","))
    parser.add_argument("-n", dest="runs", type=int, default=3)
    parser.add_argument("-s", dest="size", type=int, default=1024)
    parser.add_argument("-o", dest="output",
        default=os.path.join(mimtest.BUILD, "bench", "recheck.json"))
    return parser.parse_args()


def run_inside(root):
    args = parse_args()
    mimtest.ip("link", "set", "lo", "up")
    mimtest.ip("addr", "add", "10.99.0.1/16", "dev", "lo")
    mimtest.add_service_user(root)
    rows = measure_all(args, root)
    with open(args.output, "w") as f:
        json.dump(rows, f, indent=1)
    return 0 if rows else 1


def main():
    root = os.environ.pop("MIMTEST_ROOT", None)
    if root is None:
        parse_args()
        if os.geteuid() != 0:
            sys.exit("recheck.py: needs root, for a network of its own")
        sys.exit(mimtest.run_outside(None))
    pid = os.fork()
    if pid != 0:
        sys.exit(mimtest.reap_for(pid))
    status = run_inside(root)
    sys.stdout.flush()
    os._exit(status)


main()
