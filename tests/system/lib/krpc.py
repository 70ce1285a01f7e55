# SPDX-License-Identifier: ISC
"""
Scripted nodes of the DHT (BEP 5, 32, 42).

A Net is a small DHT whose nodes know each other and whoever asked one of
them: each tells the eight nearest of all.  They remember what they were asked
and what was announced.  A node can be told to answer otherwise, and can ask.
"""

import os
import selectors
import socket
import struct
import threading
import time

from torrent import bdecode, bencode

PORT = 6881
K = 8
TOKEN = b"scripted"
RECEIVE_BUFFER = 1 << 22
SO_RCVBUFFORCE = 33		# python's socket does not know it


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def id_for(addr, last=0):
    """An id that BEP 42 allows at this address; last: its last byte."""
    if ":" in addr:
        packed = socket.inet_pton(socket.AF_INET6, addr)[:8]
        mask = bytes([0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff])
    else:
        packed = socket.inet_aton(addr)
        mask = bytes([0x03, 0x0f, 0x3f, 0xff])
    masked = bytearray(a & b for a, b in zip(packed, mask))
    masked[0] |= (last & 7) << 5
    crc = struct.pack(">I", crc32c(masked))
    return crc[:2] + bytes([crc[2] & 0xf8]) + os.urandom(16) + bytes([last])


def fits(own, addr):
    """Is this id one that BEP 42 allows there?"""
    want = id_for(addr, own[19])
    return own[:2] == want[:2] and own[2] & 0xf8 == want[2] & 0xf8


def is_six(addr):
    return ":" in addr


def compact(peer):
    """An (address, port) as the protocol has it."""
    family = socket.AF_INET6 if is_six(peer[0]) else socket.AF_INET
    return socket.inet_pton(family, peer[0]) + struct.pack(">H", peer[1])


def uncompact(data):
    family = socket.AF_INET if len(data) == 6 else socket.AF_INET6
    return (socket.inet_ntop(family, data[:-2]),
        struct.unpack(">H", data[-2:])[0])


def query(method, tid=b"aa", own=None, **arguments):
    """A query as bytes; own: the id of who asks."""
    return bencode({"t": tid, "y": "q", "q": method,
        "a": dict(arguments, id=own or os.urandom(20))})


def make_roomy(sock):
    """A flood of packets is not to be lost here."""
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)


class Query:
    """What a node was asked."""

    def __init__(self, node, source, message):
        self.time = time.monotonic()
        self.node = node
        self.source = source		# (address, port)
        self.message = message
        self.method = message[b"q"].decode("latin-1")
        self.arguments = message[b"a"]
        self.id = self.arguments[b"id"]

    @property
    def target(self):
        """What it is about, in hex, or None."""
        target = self.arguments.get(b"info_hash",
            self.arguments.get(b"target"))
        return target and target.hex()

    def announced(self):
        """The peer that an announce_peer tells of."""
        if self.arguments.get(b"implied_port"):
            return self.source
        return self.source[0], self.arguments[b"port"]


class Node:
    """
    A socket of the test with an address of its own.  answer(query) may be
    replaced: the packets that it returns are sent to who asked.
    """

    def __init__(self, net, addr, port, own):
        self.net = net
        self.addr = addr
        self.port = port
        self.id = own
        self.answer = self.reply
        self.asked = []			# Query
        self.heard = []			# (time, source, packet), all of them
        self.stored = {}		# infohash -> {(address, port)}
        self.waiting = {}		# tid -> [answer, event]
        self.sock = socket.socket(socket.AF_INET6 if is_six(addr)
            else socket.AF_INET, socket.SOCK_DGRAM)
        make_roomy(self.sock)
        self.sock.bind((addr, port))
        self.port = self.sock.getsockname()[1]

    @property
    def peer(self):
        return self.addr, self.port

    @property
    def conf(self):
        """The line of mimd.conf that has mim start from it."""
        return f"dht bootstrap \"{self.addr}\" port {self.port}\n"

    # What it says by itself.

    def send(self, target, packet):
        try:
            self.sock.sendto(packet, target)
        except OSError:
            pass			# nobody is there, or not yet

    def ask(self, target, method, timeout=5, **arguments):
        """The answer as a dictionary; None if there is none in time."""
        tid = os.urandom(4)
        wait = self.waiting[tid] = [None, threading.Event()]
        self.send(target, query(method, tid, self.id, **arguments))
        wait[1].wait(timeout)
        del self.waiting[tid]
        return wait[0]

    def persist(self, target, method, timeout=15, **arguments):
        """The same, asked again and again, as packets may be lost."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            answer = self.ask(target, method, 1, **arguments)
            if answer is not None:
                return answer
        return None

    # What it hears.

    def take(self, packet, source):
        self.heard.append((time.monotonic(), source, packet))
        try:
            message = bdecode(packet)
            kind = message[b"y"]
        except (ValueError, KeyError, TypeError, IndexError):
            return
        if kind == b"q":
            self.take_query(message, source)
        elif message.get(b"t") in self.waiting:
            wait = self.waiting[message[b"t"]]
            wait[0] = message
            wait[1].set()

    def take_query(self, message, source):
        try:
            asked = Query(self, source, message)
        except (KeyError, TypeError, AttributeError):
            return
        self.asked.append(asked)
        for packet in self.answer(asked):
            self.send(source, packet)
        if not message.get(b"ro"):
            self.net.meet(asked.id, source)

    def reply(self, asked):
        """What an honest node answers."""
        fields = {"id": self.id}
        if asked.method in ("find_node", "get_peers"):
            wanted = asked.arguments.get(b"want", [b"n6" if is_six(self.addr)
                else b"n4"])
            target = bytes.fromhex(asked.target)
            if b"n4" in wanted:
                fields["nodes"] = self.net.nearest(target, False)
            if b"n6" in wanted:
                fields["nodes6"] = self.net.nearest(target, True)
        if asked.method == "get_peers":
            fields["token"] = TOKEN
            peers = self.stored.get(asked.target)
            if peers:
                fields["values"] = [compact(peer) for peer in peers]
        elif asked.method == "announce_peer":
            if asked.arguments.get(b"token") != TOKEN:
                return [self.error(asked, 203, "bad token")]
            self.stored.setdefault(asked.target, set()).add(
                asked.announced())
        elif asked.method not in ("ping", "find_node"):
            return [self.error(asked, 204, "method unknown")]
        return [self.response(asked, fields)]

    def response(self, asked, fields):
        return bencode({"t": asked.message[b"t"], "y": "r", "r": fields,
            "ip": compact(asked.source)})

    def error(self, asked, code, text):
        return bencode({"t": asked.message[b"t"], "y": "e",
            "e": [code, text]})


class Net:
    """
    The nodes, and the thread that serves them.  busy: whoever is new is
    pinged by all of its family, as newcomers are in a net with traffic.
    """

    def __init__(self, t, busy=False):
        self.t = t
        self.busy = busy
        self.nodes = []
        self.known = {}			# id -> (address, port)
        self.selector = selectors.DefaultSelector()
        self.lock = threading.Lock()
        threading.Thread(target=self.run, daemon=True).start()

    def node(self, addr=None, port=PORT, own=None, known=True):
        """known: others are told of it."""
        addr = addr or self.t.addr()
        node = Node(self, addr, port, own or id_for(addr, os.urandom(1)[0]))
        with self.lock:
            self.nodes.append(node)
            if known:
                self.known[node.id] = node.peer
        self.selector.register(node.sock, selectors.EVENT_READ, node)
        return node

    def add(self, count, six=False):
        """So many honest nodes; returns them."""
        return [self.node(self.t.addr6() if six else self.t.addr())
            for _ in range(count)]

    def retire(self, nodes):
        """These are gone, though others may still know of them."""
        with self.lock:
            for node in nodes:
                self.known.pop(node.id, None)
                node.answer = lambda asked: []

    def run(self):
        while True:
            for key, _ in self.selector.select(0.2):
                for _ in range(64):
                    try:
                        packet, source = key.fileobj.recvfrom(65536,
                            socket.MSG_DONTWAIT)
                    except OSError:
                        break
                    key.data.take(packet, source[:2])

    def meet(self, own, source):
        """Somebody asked one of us: he is told of from now on."""
        with self.lock:
            if self.known.get(own) == source:
                return
            self.known = {i: peer for i, peer in self.known.items()
                if peer != source}
            self.known[own] = source
        for node in self.nodes if self.busy else ():
            if is_six(node.addr) == is_six(source[0]):
                node.send(source, query("ping", own=node.id))

    def nearest(self, target, six):
        """The K nearest as compact node info."""
        number = int.from_bytes(target, "big")
        with self.lock:
            rows = [(int.from_bytes(own, "big") ^ number, own, peer)
                for own, peer in self.known.items()
                if is_six(peer[0]) == six]
        return b"".join(own + compact(peer) for _, own, peer in
            sorted(rows)[:K])

    # What came of it.

    def asked(self, method=None, infohash=None, source=None, since=0):
        """Queries to any of the nodes, those that fit; source: an address."""
        return [q for node in self.nodes for q in list(node.asked)
            if (method is None or q.method == method) and
            (infohash is None or q.target == infohash) and
            (source is None or q.source[0] == source) and q.time >= since]

    def announced(self, infohash):
        """Peers that were announced, anywhere."""
        return set().union(*(node.stored.get(infohash, set())
            for node in self.nodes))

    def mentions(self, infohash):
        """Packets, of any kind, that hold this info-hash."""
        needle = bytes.fromhex(infohash)
        return [row for node in self.nodes for row in list(node.heard)
            if needle in row[2]]
