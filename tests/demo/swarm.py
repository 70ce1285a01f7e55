#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""
What the demonstration needs beside mim itself.

    swarm.py content DIR          random files, 128 MiB in all
    swarm.py torrent DIR URL FILE a .torrent of DIR, announcing to URL
    swarm.py tracker FILE         an HTTP tracker on loopback; its port to FILE
    swarm.py ports N              N free TCP ports, a line each
"""

import hashlib
import http.server
import os
import socket
import struct
import sys
import threading
import urllib.parse

PIECE = 256 << 10
FILES = [("one.bin", 80 << 20), ("two.bin", (48 << 20) - 12345),
         ("three.txt", 12345), ("empty", 0)]


def bencode(v):
    if isinstance(v, int):
        return b"i%de" % v
    if isinstance(v, bytes):
        return b"%d:%s" % (len(v), v)
    if isinstance(v, str):
        return bencode(v.encode())
    if isinstance(v, list):
        return b"l" + b"".join(map(bencode, v)) + b"e"
    items = sorted((k.encode(), x) for k, x in v.items())
    return b"d" + b"".join(bencode(k) + bencode(x) for k, x in items) + b"e"


def make_content(path):
    os.makedirs(path)
    for name, size in FILES:
        with open(os.path.join(path, name), "wb") as f:
            while size > 0:
                f.write(os.urandom(min(size, 1 << 20)))
                size -= min(size, 1 << 20)


def make_torrent(path, url, out):
    pieces, part, files = [], b"", []
    for name, size in FILES:
        files.append({"length": size, "path": [name]})
        with open(os.path.join(path, name), "rb") as f:
            while data := f.read(PIECE - len(part)):
                part += data
                if len(part) == PIECE:
                    pieces.append(hashlib.sha1(part).digest())
                    part = b""
    if part:
        pieces.append(hashlib.sha1(part).digest())
    info = {"name": os.path.basename(path), "piece length": PIECE,
            "pieces": b"".join(pieces), "files": files}
    with open(out, "wb") as f:
        f.write(bencode({"announce": url, "info": info}))


class Tracker(http.server.BaseHTTPRequestHandler):
    """Hands everyone who announces the others (BEP 3, BEP 23)."""

    protocol_version = "HTTP/1.1"
    swarms = {}
    lock = threading.Lock()

    def do_GET(self):
        query = dict(part.partition("=")[::2] for part in
                     urllib.parse.urlsplit(self.path).query.split("&"))
        swarm = query.get("info_hash", "")
        peer = ("127.0.0.1", int(query.get("port", 0)))
        with self.lock:
            peers = self.swarms.setdefault(swarm, {})
            peers.pop(peer, None)
            if query.get("event") != "stopped":
                peers[peer] = int(query.get("left", 0))
            others = [p for p in peers if p != peer]
            seeds = sum(left == 0 for left in peers.values())
            answer = bencode({
                "interval": 5, "complete": seeds,
                "incomplete": len(peers) - seeds,
                "peers": b"".join(socket.inet_aton(a) + struct.pack(">H", p)
                                  for a, p in others)})
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def run_tracker(port_file):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tracker)
    with open(port_file + ".new", "w") as f:
        f.write("%d\n" % server.server_address[1])
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


def print_ports(n):
    held = []
    for _ in range(n):
        s = socket.socket()
        s.bind(("", 0))
        held.append(s)
    for s in held:
        print(s.getsockname()[1])


if sys.argv[1:2] == ["content"]:
    make_content(sys.argv[2])
elif sys.argv[1:2] == ["torrent"]:
    make_torrent(*sys.argv[2:5])
elif sys.argv[1:2] == ["tracker"]:
    run_tracker(sys.argv[2])
elif sys.argv[1:2] == ["ports"]:
    print_ports(int(sys.argv[2]))
else:
    sys.exit(__doc__)
