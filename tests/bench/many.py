#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""
many.py [-n torrents,...] [-r runs] [-o file]

What many idle torrents cost mim: each of one piece, complete, with a tracker
on the same machine.  State and data lie where TMPDIR says, so that adding
costs what it costs there.  Times in seconds, medians of the runs; memory as
PSS of the whole tree, KiB for each torrent beyond what an empty mimd takes;
lists through mimctl, with the CPU of mimd's processes in them.  JSON goes to
build/bench/many.json.
"""

import argparse
import asyncio
import hashlib
import json
import multiprocessing
import os
import pwd
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "system", "lib"))
import measure
import mimtest
from torrent import bencode

TRACKER = ("10.99.0.3", 6969)
SIZE = 16384
AT_ONCE = 1000			# torrents named to one mimctl
IDLE = 10			# seconds to look at an idle daemon
LIMIT = 300


class Announces(asyncio.Protocol):
    """Just enough of a tracker; counts the torrents that it heard of."""

    heard = None
    seen = set()
    ANSWER = b"d8:intervali1800e5:peers0:e"

    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""

    def data_received(self, data):
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for request in requests:
            self.seen.add(request.split(b"info_hash=")[1].split(b"&")[0])
            self.heard.value = len(self.seen)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: "
                b"%d\r\n\r\n%s" % (len(self.ANSWER), self.ANSWER))


def track(heard):
    async def serve():
        Announces.heard = heard
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Announces, *TRACKER)
        await server.serve_forever()

    asyncio.run(serve())


class Daemon:
    def __init__(self, root):
        user = pwd.getpwnam(mimtest.SERVICE_USER)
        self.root = root
        for name in ("data", "state"):
            os.mkdir(os.path.join(root, name))
            os.chown(os.path.join(root, name), user.pw_uid, user.pw_gid)
        self.socket = os.path.join(root, "sock")
        self.conf = os.path.join(root, "conf")
        with open(self.conf, "w") as f:
            f.write(f"download directory \"{root}/data\"\n"
                f"state directory \"{root}/state\"\n"
                f"control socket \"{self.socket}\"\n"
                "allow local trackers\nlsd no\n")

    def start(self):
        """Until mimd tells that it is ready; how long that took."""
        path = os.path.join(self.root, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(path)
            told.settimeout(LIMIT)
            begin = time.monotonic()
            self.proc = subprocess.Popen([mimtest.program("mimd"), "-d",
                "-f", self.conf], stderr=subprocess.DEVNULL,
                env=dict(os.environ, NOTIFY_SOCKET=path))
            while b"READY=1" not in told.recv(4096):
                pass
            took = time.monotonic() - begin
        os.unlink(path)
        return took

    def stop(self):
        begin = time.monotonic()
        if mimtest.stop(self.proc, timeout=60) != 0:
            raise mimtest.Failure("mimd did not stop well")
        return time.monotonic() - begin

    def ctl(self, *args):
        return subprocess.run([mimtest.program("mimctl"), "-s", self.socket,
            *args], check=True, stdout=subprocess.PIPE).stdout.decode()

    def seeding(self):
        return self.ctl("-H", "status").count("\tseeding\t")

    def cpu(self):
        return measure.cpu(self.proc.pid)

    def pss(self):
        return measure.memory(self.proc.pid)["pss"]


def make(root, n):
    paths = []
    os.mkdir(os.path.join(root, "torrents"))
    for i in range(n):
        data = b"%015d\n" % i * (SIZE // 16)
        name = f"file-{i:06}"
        with open(os.path.join(root, "data", name), "wb") as f:
            f.write(data)
        paths.append(os.path.join(root, "torrents", name))
        with open(paths[-1], "wb") as f:
            f.write(bencode({"announce": "http://%s:%d/announce" % TRACKER,
                "info": {"length": SIZE, "name": name, "piece length": SIZE,
                "pieces": hashlib.sha1(data).digest()}}))
    return paths


def until(cond, what, step=0.02):
    end = time.monotonic() + LIMIT
    while not cond():
        if time.monotonic() > end:
            raise mimtest.Failure(what + ": not in time")
        time.sleep(step)


def lists(daemon, n=10):
    """Milliseconds of a list, and of the daemon's CPU in it."""
    before, times = daemon.cpu(), []
    for _ in range(n):
        begin = time.monotonic()
        daemon.ctl("status")
        times.append(time.monotonic() - begin)
    return (statistics.median(times) * 1000,
        (daemon.cpu() - before) * 1000 / n)


def again(daemon, n):
    """One start with n torrents that are there."""
    heard = multiprocessing.Value("i", 0)
    tracker = multiprocessing.Process(target=track, args=(heard,))
    tracker.start()
    time.sleep(0.3)
    row = {"restart": daemon.start()}
    begin = time.monotonic() - row["restart"]
    row["restart_cpu"] = daemon.cpu()
    if daemon.seeding() != n:
        raise mimtest.Failure("not all are there when mimd is ready")
    until(lambda: heard.value == n, "announces")
    row["announced"] = time.monotonic() - begin
    time.sleep(2)
    row["pss"] = daemon.pss()
    before = daemon.cpu()
    time.sleep(IDLE)
    row["idle"] = (daemon.cpu() - before) / IDLE * 100
    row["list"], row["list_cpu"] = lists(daemon)
    row["stop"] = daemon.stop()
    tracker.kill()
    tracker.join()
    return row


def row_of(top, n, runs):
    root = os.path.join(top, str(n))
    os.mkdir(root)
    os.chmod(root, 0o755)
    daemon = Daemon(root)
    paths = make(root, n)
    daemon.start()
    time.sleep(1)
    empty = daemon.pss()
    begin = time.monotonic()
    for i in range(0, n, AT_ONCE):
        daemon.ctl("-q", "add", "-c", *paths[i:i + AT_ONCE])
    add = time.monotonic() - begin
    until(lambda: daemon.seeding() == n, "checks", 0.5)
    daemon.stop()
    rows = [again(daemon, n) for _ in range(runs)]
    row = {key: statistics.median(r[key] for r in rows) for key in rows[0]}
    shutil.rmtree(root)
    return {"torrents": n, "add": add, "each": (row["pss"] - empty) / n,
        **row}


HEAD = ("torrents", "add", "restart", "CPU", "announced", "PSS MiB",
    "KiB each", "idle %", "list ms", "CPU ms", "stop")


def show(row):
    print(f"{row['torrents']:>9}{row['add']:>10.2f}{row['restart']:>10.2f}"
        f"{row['restart_cpu']:>10.2f}{row['announced']:>10.2f}"
        f"{row['pss'] / (1 << 20):>10.1f}{row['each'] / 1024:>10.2f}"
        f"{row['idle']:>10.2f}{row['list']:>10.1f}{row['list_cpu']:>10.1f}"
        f"{row['stop']:>10.2f}", flush=True)


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", dest="torrents", default=[1000, 10000],
        type=lambda text: [int(x) for x in text.split(",")])
    parser.add_argument("-r", dest="runs", type=int, default=3)
    parser.add_argument("-o", dest="output",
        default=os.path.join(mimtest.BUILD, "bench", "many.json"))
    return parser.parse_args()


def run_inside(root):
    args = parse_args()
    mimtest.ip("link", "set", "lo", "up")
    mimtest.ip("addr", "add", "10.99.0.1/16", "dev", "lo")
    mimtest.ip("addr", "add", TRACKER[0] + "/16", "dev", "lo")
    mimtest.add_service_user(root)
    print(f"{HEAD[0]:>9}" + "".join(f"{name:>10}" for name in HEAD[1:]))
    rows = []
    for n in args.torrents:
        rows.append(row_of(root, n, args.runs))
        show(rows[-1])
    with open(args.output, "w") as f:
        json.dump(rows, f, indent=1)
    return 0


def main():
    root = os.environ.pop("MIMTEST_ROOT", None)
    if root is None:
        parse_args()
        if os.geteuid() != 0:
            sys.exit("many.py: needs root, for a network of its own")
        sys.exit(mimtest.run_outside(None))
    pid = os.fork()
    if pid != 0:
        sys.exit(mimtest.reap_for(pid))
    status = run_inside(root)
    sys.stdout.flush()
    os._exit(status)


main()
