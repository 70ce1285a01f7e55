# SPDX-License-Identifier: ISC
"""What connections cost that say nothing."""

import socket
import time

import measure
import mimtest
import subjects
from row import Figure, Row
from transfer import Seed

BASE = 0x0a630a00		# 10.99.10.0: the first of the silent peers


def address(i):
    return socket.inet_ntoa((BASE + i).to_bytes(4, "big"))


class SilentRow(Row):
    # aria2 drops them; Transmission spins when there are that many.
    clients = ("mim", "rtorrent", "libtorrent")

    def __init__(self):
        super().__init__("silent", "2,000 connections that say nothing "
            "after the handshake, to a seed",
            [Figure("each", "KiB each", False, 1.0, 0.38),
            Figure("idle", "CPU %", False, 1.0, 1.0, least=0.05),
            Figure("kept", "kept", True, digits=0)])

    def measure(self, world, client):
        n = world.scale.silent
        with Seed(world, client, world.large()) as seed:
            pid = seed.subject.proc.pid
            time.sleep(world.scale.rest)
            before = measure.memory(pid)["pss"]
            peers = [self.connect(seed, i) for i in range(n)]
            for peer in peers:
                self.shake(peer)
            time.sleep(world.scale.settle)
            idle = measure.cpu_percent(pid, world.scale.idle)
            kept = sum(map(self.is_open, peers))
            used = measure.memory(pid)["pss"] - before
            for peer in peers:
                peer.close()
        if kept == 0:
            raise mimtest.Failure("all were hung up on")
        return {"each": used / kept / 1024, "idle": idle, "kept": kept}

    def connect(self, seed, i):
        peer = socket.socket()
        peer.settimeout(30)
        peer.bind((address(i), 0))
        peer.connect((subjects.ADDR, subjects.PORT))
        peer.sendall(b"\023BitTorrent protocol" + bytes(8) +
            bytes.fromhex(seed.torrent.infohash) + b"-SI0001-%012d" % i)
        return peer

    def shake(self, peer):
        try:
            peer.recv(68, socket.MSG_WAITALL)
        except OSError:
            pass		# not kept, then

    def is_open(self, peer):
        """Read away what it said."""
        peer.setblocking(False)
        try:
            while peer.recv(65536):
                pass
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False


ROWS = [SilentRow()]
