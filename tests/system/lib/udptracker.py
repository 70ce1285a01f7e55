# SPDX-License-Identifier: ISC
"""
A scripted UDP tracker (BEP 15, BEP 41).  It remembers every announce; a path
named in its table answers as the test says.
"""

import os
import socket
import struct
import threading
import time

import mimtest
import tracker

CONNECT, ANNOUNCE, SCRAPE, ERROR = range(4)
PROTOCOL = 0x41727101980
EVENTS = [None, "completed", "started", "stopped"]


class Announce:
    """One that came, and how to answer it."""

    def __init__(self, server, packet, addr):
        (self.connection, _, self.tid, self.raw_hash, self.peer_id,
            self.downloaded, self.left, self.uploaded, event, self.ip,
            self.key, self.numwant, self.port) = struct.unpack(
            ">QII20s20sQQQIIIIH", packet[:98])
        self.server = server
        self.addr = addr
        self.infohash = self.raw_hash.hex()
        self.event = EVENTS[event]
        self.path = url_data(packet[98:])
        self.time = time.monotonic()

    def send(self, packet, sock=None):
        (sock or self.server.sock).sendto(packet, self.addr)

    def answer(self, peers=b"", seeds=7, tid=None, sock=None):
        self.send(struct.pack(">IIIII", ANNOUNCE,
            self.tid if tid is None else tid, 1800, 2, seeds) + peers, sock)

    def fail(self, text, tid=None, sock=None):
        self.send(struct.pack(">II", ERROR, self.tid if tid is None else tid)
            + text, sock)


def url_data(options):
    path = b""
    while options and options[0] != 0:
        if options[0] == 1:
            options = options[1:]
            continue
        path += options[2:2 + options[1]]
        options = options[2 + options[1]:]
    return path.decode()


class UdpTracker:
    def __init__(self, addr=mimtest.TEST_ADDR, port=0, paths=None):
        self.family = socket.AF_INET6 if ":" in addr else socket.AF_INET
        self.sock = self.socket(addr, port)
        self.other = self.socket(addr)	# the same host, another port
        self.port = self.sock.getsockname()[1]
        shown = f"[{addr}]" if ":" in addr else addr
        self.base = f"udp://{shown}:{self.port}"
        self.url = self.base + "/announce"
        self.fixed = []		# (addr, port) that everyone is told of
        self.paths = paths or {}
        self.lock = threading.Lock()
        self.announces = []
        self.scrapes = []	# lists of info-hashes
        self.connects = 0
        self.connections = {}	# id: address it was given to
        threading.Thread(target=self.serve, daemon=True).start()

    def socket(self, addr, port=0):
        sock = socket.socket(self.family, socket.SOCK_DGRAM)
        sock.bind((addr, port))
        return sock

    def of(self, infohash, event=None):
        with self.lock:
            return [a for a in self.announces if a.infohash == infohash and
                (event is None or a.event == event)]

    def serve(self):
        while True:
            packet, addr = self.sock.recvfrom(65536)
            if len(packet) >= 16:
                self.packet(packet, addr)

    def packet(self, packet, addr):
        connection, action, tid = struct.unpack(">QII", packet[:16])
        if action == CONNECT and connection == PROTOCOL:
            connection = int.from_bytes(os.urandom(8), "big")
            with self.lock:
                self.connects += 1
                self.connections[connection] = addr
            self.sock.sendto(struct.pack(">IIQ", CONNECT, tid, connection),
                addr)
        elif self.connections.get(connection) != addr:
            self.sock.sendto(struct.pack(">II", ERROR, tid) +
                b"Connection ID missmatch.", addr)
        elif action == ANNOUNCE and len(packet) >= 98:
            announce = Announce(self, packet, addr)
            with self.lock:
                self.announces.append(announce)
            script = self.paths.get(announce.path)
            if script is not None:
                script(announce)
            else:
                announce.answer(tracker.pack_peers(self.fixed))
        elif action == SCRAPE:
            self.scrape(packet, addr, tid)

    def scrape(self, packet, addr, tid):
        hashes = [packet[i:i + 20].hex() for i in range(16, len(packet), 20)]
        with self.lock:
            self.scrapes.append(hashes)
        self.sock.sendto(struct.pack(">II", SCRAPE, tid) +
            struct.pack(">III", 11, 12, 13) * len(hashes), addr)
