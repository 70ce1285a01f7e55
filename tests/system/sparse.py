#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Torrents as large as they come, nearly all hole: 1 TiB in pieces of 4 MiB,
# and as many pieces of 16 KiB as a .torrent of 32 MiB can have.  A check of
# what is there, blocks served and fetched at the far end, little memory.

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import File, Torrent

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
SIZE = TIB + 12345
PIECE = 4 * MIB
DATA = [(0, 9_000_000), (4 * GIB - 3_000_000, 6_000_000),
    (TIB - 5_000_000, 5_012_345)]
SMALL = 16384
MANY = 1_600_000		# pieces of that, of 20 bytes each in 32 MiB
KIB = 64 << 10			# private memory of all processes


def private(daemon):
    """KiB of memory that is the processes' own."""
    total = 0
    for row in daemon.processes().values():
        with open(f"/proc/{row['pid']}/smaps_rollup") as f:
            total += sum(int(line.split()[1]) for line in f
                if line.startswith("Pss_Anon:"))
    return total


def make_many(root):
    """Its first and its last MiB are data; a hash is that of a hole else."""
    torrent = Torrent("many.img", MANY * SMALL, SMALL)
    pieces = [hashlib.sha1(bytes(SMALL)).digest()] * MANY
    with open(os.path.join(root, torrent.name), "wb") as f:
        for first in 0, MANY - MIB // SMALL:
            f.seek(first * SMALL)
            for i in range(first, first + MIB // SMALL):
                data = random.randbytes(SMALL)
                pieces[i] = hashlib.sha1(data).digest()
                f.write(data)
    torrent.set_info(b"".join(pieces))
    return torrent


def check(t, daemon, torrent, path, what):
    start = time.monotonic()
    daemon.add(path, "-c")
    daemon.wait_state(torrent.infohash, "seeding", 90)
    t.diag(f"{what}: checked in {time.monotonic() - start:.1f} s, "
        f"{private(daemon)} KiB")
    held = os.stat(os.path.join(daemon.root, torrent.name)).st_blocks * 512
    t.ok(held < 64 * MIB, f"{what}: a check leaves holes alone", held)
    t.ok(private(daemon) < KIB, f"{what}: little memory", private(daemon))


def served(t, daemon, torrent, pieces, what):
    got = {}
    leech = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    wire.leech(leech, torrent, pieces,
        lambda piece, begin, data: got.update({(piece, begin): data}))
    wrong = [key for key, data in got.items()
        if data != torrent.read(daemon.root, *key, len(data))]
    t.equal((len(got) > 0, wrong), (True, []), f"{what}: blocks are right")
    leech.close()


def end(path, at):
    with open(path, "rb") as f:
        f.seek(at)
        return f.read()


def lose(t, daemon, torrent, announce, at, what):
    """Its file ends at this offset; the rest is fetched again, no more."""
    image = os.path.join(daemon.root, torrent.name)
    reference = os.path.join(t.dir(f"{torrent.name}-content"), torrent.name)
    daemon.ctl("stop", torrent.infohash)
    os.rename(image, reference)
    subprocess.run(["cp", "--sparse=always", reference, image], check=True)
    os.truncate(image, at)
    shutil.chown(image, mimtest.SERVICE_USER)
    seed = wire.Seed(t, torrent, os.path.dirname(reference))
    announce.known[torrent.infohash] = [seed.peer]
    daemon.ctl("check", torrent.infohash)
    row = t.wait(lambda: (lambda r: r["state"] != "checking" and
        r["progress"] < 1 and r)(daemon.torrent(torrent.infohash)), 90,
        "the end of the check")
    t.equal(row["have"], at, f"{what}: the check sees what is lost")
    daemon.ctl("start", torrent.infohash)
    daemon.wait_state(torrent.infohash, "seeding", 90)
    t.ok(end(image, at) == end(reference, at), f"{what}: fetched bit-exact")
    t.equal(seed.sent, torrent.size - at, f"{what}: and nothing else was")


def test(t):
    daemon = mimd.Mimd(t)
    announce = tracker.Tracker()
    large = Torrent("large.img", File("large.img", SIZE, data=DATA),
        PIECE).make(daemon.root)
    path = large.save(t.root + "/large.torrent", announce.url)
    daemon.start()
    check(t, daemon, large, path, "1 TiB")
    served(t, daemon, large, [1024, large.npieces - 2, large.npieces - 1],
        "1 TiB")
    lose(t, daemon, large, announce, TIB - 2 * PIECE, "1 TiB")

    many = make_many(daemon.root)
    path = many.save(t.root + "/many.torrent", announce.url)
    check(t, daemon, many, path, "16 KiB")
    served(t, daemon, many, [0, MANY // 2, MANY - 1], "16 KiB")
    lose(t, daemon, many, announce, many.size - 2 * MIB, "16 KiB")

    # 1 TiB in pieces of 16 KiB: its file alone has more than 1 GiB.
    with open(t.root + "/huge.torrent", "wb") as f:
        f.write(b"d4:infod6:lengthi%de" % TIB)
        f.truncate(TIB // SMALL * 20)
    status, out, err = daemon.run("add", t.root + "/huge.torrent")
    t.equal(status, 1, "more pieces are refused")
    t.match(err, "huge.torrent: .*32 MiB", "in a line that says why")
    t.equal(daemon.stop(), 0, "a clean end")


mimtest.main(test, timeout=240)
