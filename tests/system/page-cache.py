#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# What is checked or seeded does not fill the machine's page cache, and the
# pages of other files stay where they are.

import ctypes
import mmap
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent

SIZE = 48 << 20
PIECE = 1 << 20
KEPT = 4 << 20			# "page cache" in mimd.conf
HOT = 16 << 20


def resident(path):
    """Bytes of a file that are in the page cache."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
        ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t,
        ctypes.c_char_p]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    size = os.path.getsize(path)
    fd = os.open(path, os.O_RDONLY)
    at = libc.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    pages = ctypes.create_string_buffer(-(-size // mmap.PAGESIZE))
    if libc.mincore(at, size, pages) != 0:
        raise OSError(ctypes.get_errno(), "mincore")
    libc.munmap(at, size)
    os.close(fd)
    return sum(x & 1 for x in pages.raw) * mmap.PAGESIZE


def cool(path):
    """Out of the page cache with it; False if it cannot go (tmpfs)."""
    fd = os.open(path, os.O_RDWR)
    os.fsync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    return resident(path) == 0


def test(t):
    daemon = mimd.Mimd(t, conf=f"page cache {KEPT >> 20}M\n")
    torrent = Torrent("cold.bin", SIZE, PIECE).make(daemon.root)
    cold = os.path.join(daemon.root, "cold.bin")
    hot = t.root + "/hot.bin"
    with open(hot, "wb") as f:
        f.write(os.urandom(HOT))
    if not cool(cold):
        t.diag("the files of this test are on a file system that is memory")
        return
    cool(hot)
    with open(hot, "rb") as f:
        f.read()
    daemon.start()
    daemon.add(torrent.save(t.root + "/x.torrent"), "-c")
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.diag(f"after a check: {resident(cold) >> 20} MiB of {SIZE >> 20}")
    # The kernel reads a little ahead of a check's jobs.
    t.ok(resident(cold) < SIZE // 8, "a check leaves the page cache alone",
        resident(cold))
    t.ok(resident(hot) > HOT * 0.98, "another file's pages stay",
        resident(hot))

    wrong = []

    def look(piece, begin, data):
        if begin == 0 and data != torrent.read(daemon.root, piece, 0, 8) + \
            data[8:]:
            wrong.append(piece)

    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
        timeout=60)
    wire.leech(w, torrent, range(torrent.npieces), look)
    w.close()
    t.equal(wrong, [], "all is seeded")
    t.diag(f"after seeding: {resident(cold) >> 20} MiB of {SIZE >> 20}")
    t.ok(KEPT // 2 <= resident(cold) < KEPT + SIZE // 8,
        "what was seeded last stays, and no more", resident(cold))
    t.ok(resident(hot) > HOT * 0.98, "another file's pages stay",
        resident(hot))


mimtest.main(test)
