# SPDX-License-Identifier: ISC
"""
A scripted name server (RFC 1035), by UDP and TCP.  It remembers every query;
a zone says what it knows, and how it answers.
"""

import os
import shutil
import socket
import struct
import subprocess
import threading

A, AAAA = 1, 28
SERVFAIL, NXDOMAIN = 2, 3


class Query:
    def __init__(self, packet, transport):
        self.id = packet[:2]
        self.transport = transport
        labels, at = [], 12
        while packet[at] != 0:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        self.name = ".".join(labels)
        self.type = int.from_bytes(packet[at + 1:at + 3], "big")
        self.question = packet[12:at + 5]

    def answer(self, addrs=(), ttl=300, rcode=0, truncated=False):
        records = [pack_record(self.type, addr, ttl) for addr in addrs
            if (AAAA if ":" in addr else A) == self.type]
        flags = 0x8180 | rcode | (0x200 if truncated else 0)
        return self.id + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) \
            + self.question + b"".join(records)


def pack_record(kind, addr, ttl):
    raw = socket.inet_pton(socket.AF_INET6 if kind == AAAA else
        socket.AF_INET, addr)
    return b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, ttl, len(raw)) + raw


class Name:
    """addrs: what it has, for so long; else how it fails, or misleads."""

    def __init__(self, *addrs, ttl=300, rcode=0, truncated=False,
        silent=False, noise=()):
        self.addrs, self.ttl, self.rcode = addrs, ttl, rcode
        self.truncated = truncated	# by UDP
        self.silent = silent
        self.noise = noise		# made of the query, before the answer


class NameServer:
    """zone: Name by name; default: of those that it does not have."""

    def __init__(self, addr, zone=None, default=None):
        self.addr = addr
        self.zone = zone or {}
        self.default = default or Name(rcode=NXDOMAIN)
        self.lock = threading.Lock()
        self.queries = []
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((addr, 53))
        self.tcp = socket.create_server((addr, 53))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def asked(self, name, kind=A, transport=None):
        """How often; a query that is repeated keeps its id."""
        with self.lock:
            return len({q.id for q in self.queries if q.name == name and
                q.type == kind and transport in (None, q.transport)})

    def reply(self, query):
        """All packets that answer it."""
        with self.lock:
            self.queries.append(query)
        name = self.zone.get(query.name, self.default)
        if name.silent:
            return []
        if name.truncated and query.transport == "udp":
            return [query.answer(truncated=True)]
        return [noise(query) for noise in name.noise] + [query.answer(
            name.addrs, name.ttl, name.rcode)]

    def serve_udp(self):
        while True:
            packet, addr = self.udp.recvfrom(4096)
            for answer in self.reply(Query(packet, "udp")):
                self.udp.sendto(answer, addr)

    def serve_tcp(self):
        while True:
            sock, _ = self.tcp.accept()
            threading.Thread(target=self.serve_stream,
                args=(sock.makefile("rwb"),), daemon=True).start()

    def serve_stream(self, stream):
        while len(length := stream.read(2)) == 2:
            packet = stream.read(int.from_bytes(length, "big"))
            for answer in self.reply(Query(packet, "tcp")):
                stream.write(len(answer).to_bytes(2, "big") + answer)
                stream.flush()


def lend_etc(t):
    """An /etc of these namespaces alone, in which files may be exchanged."""
    copy = os.path.join(t.root, "etc")
    shutil.copytree("/etc", copy, symlinks=True)
    resolv = os.path.join(copy, "resolv.conf")
    os.unlink(resolv)
    open(resolv, "w").close()
    subprocess.run(["mount", "--bind", copy, "/etc"], check=True)


def use(*addrs):
    """Put another resolv.conf(5) in the place of the one there is."""
    with open("/etc/resolv.conf.new", "w") as f:
        f.write("".join(f"nameserver {addr}\n" for addr in addrs))
    os.replace("/etc/resolv.conf.new", "/etc/resolv.conf")
