#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Packets that mean no good come to the DHT: it lives on, stays small, answers
# little, others are still served; and its own queries keep to `dht rate`.

import bisect
import hashlib
import os
import random
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import krpc
import mimd
import mimtest
from mimtest import ip
from torrent import bencode

PORT = 6881
HASH = hashlib.sha1(b"any").digest()
IP_PKTINFO = 8			# as python's socket has none
POOL = "10.99.128.0/17"		# sources of the test, as many as it likes
RATE = 250			# `dht rate`, as it is by default
BURST, EACH_S = 64, 8		# answers to a source, as in gate.h
FACTOR, EXTRA, EXTRA_S = 4, 8192, 256
GROWTH_MAX = 4 << 20		# bytes of memory, under all of this
SLOW_RATE = 80
TORRENTS = 500
PACED_S = 5


def message(**fields):
    return bencode(dict({"t": b"aa"}, **fields))


def good():
    """A query of each kind."""
    target = {"target": HASH}
    return [krpc.query("ping"), krpc.query("find_node", **target),
        krpc.query("get_peers", info_hash=HASH, want=["n4", "n6"]),
        krpc.query("announce_peer", info_hash=HASH, port=1, token=b"guess"),
        krpc.query("get", **target),
        krpc.query("put", token=b"guess", v=b"x", k=bytes(32), seq=1,
            sig=bytes(64), salt=b"s"),
        krpc.query("sample_infohashes", **target),
        krpc.query("no_such", **target), krpc.query("no_such")]


def bad(rng):
    """Packets of all the ways to be wrong."""
    out = [b"", b"d", b"e", b"de", b"\0" * 1400, b"d" * 1400, b"l" * 1400,
        b"l" * 700 + b"e" * 700, b"d1:a" * 350, b"d1:ad1:q" + b"l" * 1300,
        b"d1:t99999999999:", b"d1:t4294967295:aa1:y1:qe", b"d1:t-1:aae",
        b"d1:t18446744073709551618:aae", b"d1:ti" + b"9" * 1400 + b"ee",
        b"d1:ti-0ee", b"i" * 1400, b"5" * 1400]
    for length in 0, 33, 1400, 30000, 65000:
        out.append(krpc.query("ping", tid=b"t" * length))
        out.append(krpc.query("ping", own=b"i" * length))
        out.append(krpc.query("find_node", target=b"i" * length))
        out.append(krpc.query("get_peers", info_hash=HASH,
            want=["n4"] * (length // 4)))
        out.append(krpc.query("put", token=b"t", v=b"v" * length))
    own = b"o" * 20
    for y in b"q", b"r", b"e", b"x", b"", b"qq", 7, [], {}:
        out += [message(y=y), message(y=y, q=b"ping", a={}, r={}, e={}),
            message(y=y, q=7, a=[], r=[], e=[]),
            message(y=y, q=b"ping", a={"id": own}, e="text", r={"id": own,
                "nodes": b"n" * 1001, "values": [b"", 7, b"v" * 6]})]
    out += [krpc.query("announce_peer", info_hash=HASH, token=b"g", port=port)
        for port in (0, -1, 65536, 1 << 63, b"x")]
    for packet in good():
        out += [packet[:n] for n in range(len(packet))]
        out.append(packet + b"rest")
        for _ in range(40):
            spoilt = bytearray(packet)
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
            out.append(bytes(spoilt))
    return out


class Crowd:
    """A sender at as many addresses as it likes; what comes back."""

    def __init__(self, t, daemon):
        ip("route", "add", "local", POOL, "dev", "lo")
        daemon.host.ip("route", "add", POOL, "via", mimtest.TEST_ADDR)
        self.target = (daemon.addr, PORT)
        self.got = []			# (time, bytes)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        krpc.make_roomy(self.sock)
        self.sock.bind(("0.0.0.0", 0))
        threading.Thread(target=self.run, daemon=True).start()
        t.closers.append(self.sock.close)

    def run(self):
        while True:
            try:
                packet = self.sock.recv(65536)
            except OSError:
                return
            self.got.append((time.monotonic(), len(packet)))

    def send(self, number, packet):
        source = struct.pack(">I", 0x0a638000 + number)	# in POOL
        self.sock.sendmsg([packet], [(socket.IPPROTO_IP, IP_PKTINFO,
            struct.pack("i4s4s", 0, source, bytes(4)))], 0, self.target)


class Flood:
    """Packets to mim, and what it sends back to them."""

    def __init__(self, t, crowd):
        self.t = t
        self.crowd = crowd
        self.first = len(crowd.got)
        self.begin = time.monotonic()
        self.sent = self.bytes = 0

    def send(self, source, packet):
        self.crowd.send(source, packet)
        self.sent += 1
        self.bytes += len(packet)
        if self.sent % 16 == 0:
            time.sleep(0.001)

    def end(self):
        """Until nothing has come for a while; what came, and for how long."""
        got = self.crowd.got
        self.t.wait(lambda: time.monotonic() - max(self.begin,
            got[-1][0] if got else 0) > 0.7, 30, "silence")
        mine = got[self.first:]
        self.seconds = time.monotonic() - self.begin
        self.replies = len(mine)
        self.replied = sum(n for _, n in mine)
        return self

    def __str__(self):
        return (f"{self.sent} packets, {self.bytes} bytes: {self.replies} "
            f"answers, {self.replied} bytes in {self.seconds:.1f} s")


def malformed(t, crowd):
    flood = Flood(t, crowd)
    rng = random.Random("dht")
    packets = bad(rng)
    rng.shuffle(packets)
    for i, packet in enumerate(packets):
        flood.send(1 + i % 200, packet)
    flood.end()
    t.diag(f"malformed: {flood}")
    t.ok(flood.replies < flood.sent / 2 and flood.replied < flood.bytes / 2,
        "malformed packets get fewer answers and bytes than they were", flood)


def one_source(t, crowd):
    flood = Flood(t, crowd)
    packet = krpc.query("get_peers", info_hash=HASH)
    for _ in range(3000):
        flood.send(1000, packet)
    flood.end()
    t.diag(f"one source: {flood}")
    t.ok(0 < flood.replies <= BURST + EACH_S * (flood.seconds + 1),
        "a source is answered a few times", flood)
    t.ok(flood.replied <= FACTOR * len(packet) * flood.replies + EXTRA +
        EXTRA_S * (flood.seconds + 1), "and with few bytes", flood)


def many_sources(t, crowd):
    flood = Flood(t, crowd)
    packet = krpc.query("get_peers", info_hash=HASH)
    for i in range(6000):
        flood.send(2000 + i % 3000, packet)
    flood.end()
    t.diag(f"many sources: {flood}")
    t.ok(0 < flood.replies <= RATE * (flood.seconds + 1),
        "all sources together get no more than `dht rate`", flood)


def tokens(t, daemon, one, other):
    """Who stores something must have asked, from where he is."""
    target = (daemon.addr, PORT)
    for fields, want in (({"port": 7000}, (one.addr, 7000)),
        ({"port": 7001, "implied_port": 1}, one.peer)):
        about = {"info_hash": os.urandom(20)}
        token = one.persist(target, "get_peers", **about)[b"r"][b"token"]
        for node, what, text in ((one, b"guess", "a token that is made up"),
            (other, token, "a token of another")):
            answer = node.persist(target, "announce_peer", port=7000,
                token=what, **about)
            t.equal(answer.get(b"e", [None])[0], 203, f"{text} is refused")
        one.persist(target, "announce_peer", token=token, **about, **fields)
        answer = other.persist(target, "get_peers", **about)
        t.equal([krpc.uncompact(v) for v in answer[b"r"][b"values"]], [want],
            f"announced with {fields}")


def paced(t, net):
    """Many torrents are searched for no faster than it may."""
    daemon = mimd.Mimd(t, "paced", conf=f"lsd no\ndht rate {SLOW_RATE}\n" +
        net.nodes[0].conf).start()
    hashes = [hashlib.sha1(b"%d" % i).hexdigest() for i in range(TORRENTS)]
    daemon.ctl("add", *hashes)
    begin = time.monotonic()
    t.wait(lambda: len({q.target for q in net.asked("get_peers",
        source=daemon.addr)}) > 20, 40, "searches")
    time.sleep(max(0, begin + PACED_S - time.monotonic()))
    times = sorted(when for node in net.nodes for when, source, _ in
        list(node.heard) if source[0] == daemon.addr)
    worst = max(bisect.bisect(times, at + 1) - i
        for i, at in enumerate(times))
    took = times[-1] - times[0]
    t.diag(f"{TORRENTS} torrents: {len(times)} packets in {took:.1f} s, "
        f"{worst} in a second at most")
    t.ok(worst <= 2 * SLOW_RATE + 4, "never more in a second than a burst",
        worst)
    t.ok(len(times) <= SLOW_RATE * (took + 1) + 4, "in the long run `dht rate`",
        (len(times), took))
    t.equal(daemon.stop(), 0, "ends in order")


def attacks(t, net, daemon):
    one, other = (net.node(known=False) for _ in range(2))
    crowd = Crowd(t, daemon)
    t.ok(one.persist((daemon.addr, PORT), "ping"), "a ping is answered")
    before = daemon.processes()["dht"]
    for attack in malformed, one_source, many_sources:
        attack(t, crowd)
        t.ok(one.persist((daemon.addr, PORT), "ping"),
            "afterwards a ping is answered")
    tokens(t, daemon, one, other)
    after = daemon.processes()["dht"]
    t.equal(after["pid"], before["pid"], "the child lives on")
    t.ok(after["memory"] - before["memory"] < GROWTH_MAX, "and stays small",
        (before["memory"], after["memory"]))


def test(t):
    net = krpc.Net(t)
    net.add(12)
    daemon = mimd.Mimd(t, conf="lsd no\n" + net.nodes[0].conf).start()
    t.together(lambda: attacks(t, net, daemon), lambda: paced(t, net))


mimtest.main(test)
