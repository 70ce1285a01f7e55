#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Peers that abuse the encrypted handshake; a torrent goes on all the while.

import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import mse
import tracker
import wire
from torrent import Torrent

SIZE = 30_000_001
RATE = 2_000_000
HALF = 1000			# handshakes that stop in the middle


def zero_key(c):
    c.send_key(key=bytes(96))


def one_key(c):
    c.send_key(key=bytes(95) + b"\x01")


def largest_key(c):
    c.send_key(key=b"\xff" * 96)


def last_key(c):
    c.send_key(key=(mse.PRIME - 1).to_bytes(96, "big"))


def endless_pad(c):
    c.send_key(os.urandom(512))
    c.read_key()
    c.wire.send(os.urandom(4096))


def other_torrent(c):
    c.infohash = bytes(20)
    offer(c)


def offer(c, **fields):
    c.send_key(os.urandom(random.randrange(513)))
    c.read_key()
    c.send_hashes()
    c.send_offer(**fields)


def no_method(c):
    offer(c, methods=4)


def long_pad(c):
    offer(c, pad_len=513)


def longest_pad(c):
    offer(c, pad_len=65535)


def long_first(c):
    offer(c, ia_len=69)


def wrong_vc(c):
    offer(c, vc=b"\1" * 8)


def garbage_first(c):
    offer(c, ia=os.urandom(68))


def plain_in_rc4(c):
    offer(c, methods=mse.RC4)
    c.wire.send_handshake()


# These end at once; the others when their time is up.
BREAKERS = [zero_key, one_key, largest_key, last_key, endless_pad,
    other_torrent, no_method, long_pad, longest_pad, long_first, wrong_vc,
    garbage_first, plain_in_rc4]


def half_key(c):
    c.wire.send(os.urandom(50))


def key_alone(c):
    c.send_key()


def no_offer(c):
    c.send_key()
    c.read_key()
    c.send_hashes()


def half_first(c):
    offer(c, ia=wire.PROTOCOL, ia_len=68)


def drips(c):
    """Something every second, and never all of it."""
    for byte in os.urandom(90):
        c.wire.send(bytes([byte]))
        time.sleep(1)


SLOW = [half_key, key_alone, no_offer, half_first, drips]


def call(t, daemon, torrent, script, ended):
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash,
        timeout=30)
    start = time.monotonic()
    try:
        script(mse.Caller(w))
        w.until_gone()
    except wire.Gone:
        ended[script.__name__] = time.monotonic() - start
    except TimeoutError:
        pass


def plain_is_refused(t, daemon, torrent):
    w = wire.connect(t, (daemon.addr, daemon.port), torrent.infohash)
    try:
        w.send_handshake()
        w.read_handshake()
        return False
    except wire.Gone:
        return True


def half_handshakes(t, daemon, torrent):
    """Many computations asked for and paid for; returns what they cost."""
    before = daemon.processes()["peer"]
    start = time.monotonic()
    wires = []
    peak = 0
    for i in range(HALF):
        try:
            w = wire.connect(t, (daemon.addr, daemon.port),
                torrent.infohash, addr=mimtest.TEST_ADDR)
            mse.Caller(w).send_key(key=os.urandom(95) + b"\2")
            wires.append(w)
        except (OSError, wire.Gone):
            pass
        if i % 100 == 99:
            peak = max(peak, daemon.processes()["peer"]["memory"])
    took = time.monotonic() - start
    after = daemon.processes()["peer"]
    t.diag(f"{HALF} half handshakes in {took:.1f} s: peer used "
        f"{after['cpu_ms'] - before['cpu_ms']} ms of CPU, its memory went "
        f"from {before['memory'] >> 10} to {peak >> 10} KiB")
    time.sleep(2)			# they stay, and say nothing more
    for w in wires:
        w.close()
    return peak - before["memory"]


def test(t):
    content = t.dir("content")
    torrent = Torrent("wanted", [("a", SIZE)], 1 << 18).make(content)
    announce = tracker.Tracker(interval=1800)
    daemon = mimd.Mimd(t, conf="encryption allow\n").start()
    honest = wire.Seed(t, torrent, content, rate=RATE)
    announce.fixed = [honest.peer]
    daemon.add(torrent.save(t.root + "/x.torrent", announce.url))
    t.wait(lambda: honest.sent, 15, "the honest peer to be asked")
    ended = {}
    for script in BREAKERS + SLOW:
        threading.Thread(target=call, daemon=True,
            args=(t, daemon, torrent, script, ended)).start()
    t.wait(lambda: {s.__name__ for s in BREAKERS} <= ended.keys(), 12,
        "those that broke the handshake to be dropped: " + " ".join(
        s.__name__ for s in BREAKERS if s.__name__ not in ended))
    t.ok(True, "who breaks the handshake is dropped at once")
    before = honest.sent
    start = time.monotonic()
    grown = half_handshakes(t, daemon, torrent)
    rate = (honest.sent - before) / (time.monotonic() - start)
    t.diag(f"meanwhile {rate / 1e6:.2f} MB/s came from an honest peer that "
        f"sends {RATE / 1e6:.2f} at most")
    t.ok(rate > RATE / 4, "an honest peer goes on meanwhile", rate)
    t.ok(mimtest.sanitized() or grown < 8 << 20,
        "half handshakes cost little memory", grown)
    t.wait(lambda: {s.__name__ for s in SLOW} <= ended.keys(), 25,
        "those that are slow to be dropped: " + " ".join(
        s.__name__ for s in SLOW if s.__name__ not in ended))
    t.ok(True, "who is slow runs out of time")
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None, "bit-exact meanwhile")
    t.ok(not plain_is_refused(t, daemon, torrent), "plain ones may call")
    daemon.write_conf(daemon.conf.replace("encryption allow",
        "encryption require"))
    daemon.ctl("reload")
    t.wait(lambda: plain_is_refused(t, daemon, torrent), 5,
        "the new setting")
    t.ok(True, "a reload is enough to refuse them")
    restarts = {r: x["restarts"] for r, x in daemon.processes().items()}
    t.equal(sum(restarts.values()), 0, "no child died of it")


mimtest.main(test, timeout=120)
