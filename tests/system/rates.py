#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Limits of rate, measured over 5 to 10 s at libtorrent on the other end: up and
# down, changed live, of all torrents and of one, of classes of peers, shared,
# exempt, and kept.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent

KIB = 1024
MIB = 1024 * KIB
SETTLE = 1.5		# seconds for buffers to fill


class Meter:
    """Payload that a libtorrent has moved, and when it said so."""

    def __init__(self, client, key):
        self.client = client
        self.key = key
        self.mark()

    def now(self):
        status = self.client.status
        return status["time"], status[self.key]

    def mark(self):
        self.start = self.now()

    def rate(self):
        at, count = self.now()
        return (count - self.start[1]) / (at - self.start[0])


def measure(meters, seconds):
    time.sleep(SETTLE)
    for meter in meters:
        meter.mark()
    time.sleep(seconds)


def error(meter, want):
    """In percent."""
    return (meter.rate() / want - 1) * 100


def near(t, seconds, *rows, percent=5):
    """
    rows: meters, their rates, and what that is.  Where one is not near it is
    measured for twice the time: a busy machine moves in leaps.
    """
    measure([meter for meter, _, _ in rows], seconds)
    if any(abs(error(meter, want)) > percent for meter, want, _ in rows):
        time.sleep(seconds)
    for meter, want, what in rows:
        off = error(meter, want)
        t.ok(abs(off) <= percent, what, f"{off:+.2f} %")
        t.diag(f"{what}: {want / KIB:.0f} KiB/s {off:+.2f} %")


def make(t, name, size, root, announce):
    torrent = Torrent(name, [(name + ".bin", size)], 1 << 20).make(root)
    return torrent, torrent.save(f"{t.root}/{name}.torrent", announce.url)


def limits_of(daemon, infohash):
    """What mimctl says of a torrent's own limits."""
    number = daemon.torrent(infohash)["id"]
    for row in daemon.ctl("limit")["torrents"]:
        if row["id"] == number:
            return row["up"], row["down"], row["peers"]
    return None, None, None


def wait_slot(t, daemon, torrent):
    """A leech is given some pieces before, but no more."""
    t.wait(lambda: any(not p["am_choking"] for p in
        daemon.peers(torrent.infohash)), 30, "a slot")


def test_precision(t, daemon, up, down):
    # Upwards: what is on its way at the old rate would count for long.
    for text, rate, seconds in (("256K", 256 * KIB, 10),
        ("2M", 2 * MIB, 5), ("10M", 10 * MIB, 5)):
        daemon.ctl("limit", "up", text)
        daemon.ctl("limit", "down", text)
        if text == "10M":
            daemon.ctl("limit", "class:source", "down", "unlimited")
        below = (down, MIB, "down at 1M, a class's limit") \
            if text == "2M" else (down, rate, f"down at {text}")
        near(t, seconds, (up, rate, f"up at {text}"), below)
    now = daemon.ctl("show", "limits")
    t.equal((now["up"], now["down"]), (10 * MIB, 10 * MIB),
        "show limits tells what stands")


def test_sharing(t, daemon, one, two, a):
    for _ in range(8):		# what was under way before may take long
        measure((one, two), 3)
        share = one.rate() / max(two.rate(), 1)
        if 0.8 < share < 1.25:
            break
    total = one.rate() + two.rate()
    t.diag(f"shared: {one.rate() / KIB:.0f} + {two.rate() / KIB:.0f} KiB/s")
    t.ok(abs(total / (3 * MIB) - 1) < 0.06, "both together keep the limit",
        total)
    t.ok(0.8 < share < 1.25, "two torrents share alike")
    daemon.ctl("limit", a.infohash[:12], "up", "512K")
    near(t, 4, (one, 512 * KIB, "a torrent's own limit"),
        (two, 2.5 * MIB, "the other takes what it leaves"), percent=6)


def test_classes(t, daemon, one, two):
    """Peers of two classes, under what all may have together."""
    conf = daemon.conf
    daemon.write_conf(conf +
        f"rate class slow up 1M to {one.client.addr}\n"
        f"rate class fast up 2M down 1M to {two.client.addr}/32 fd00::/8\n")
    daemon.ctl("reload")
    daemon.ctl("limit", "up", "4M")
    daemon.ctl("limit", "class:slow", "up", "256K")
    t.equal(daemon.ctl("show", "limits")["classes"][1:], [
        {"name": "slow", "up": 256 * KIB, "down": None,
            "prefixes": [one.client.addr + "/32"]},
        {"name": "fast", "up": 2 * MIB, "down": MIB,
            "prefixes": [two.client.addr + "/32", "fd00::/8"]}],
        "show limits tells of classes")
    near(t, 4, (one, 256 * KIB, "a class's limit"),
        (two, 2 * MIB, "a slow class does not slow the other"), percent=10)
    t.equal(daemon.run("limit", "class:none", "up", "1M"),
        (1, "", "mimctl: mimd.conf has no \"rate class\" of that name\n"),
        "a class that is not there")
    t.equal(daemon.run("limit", "class:slow", "peers", "9")[0], 2,
        "a class has rates only")
    daemon.ctl("limit", "class:slow", "up", "default")
    daemon.ctl("limit", "class:fast", "down", "unlimited")
    t.equal([(c["up"], c["down"]) for c in daemon.ctl("limit")["classes"]],
        [(None, MIB), (MIB, None), (2 * MIB, None)], "limits of classes change live")
    daemon.write_conf(conf)


def test_newcomers(t, daemon, a):
    """Limits leave room for some more: they need not wait for a round."""
    waits = []
    for _ in range(3):
        peer = wire.connect(t, (daemon.addr, daemon.port), a.infohash)
        peer.send_handshake()
        peer.read_handshake()
        start = time.monotonic()
        peer.msg(wire.INTERESTED)
        peer.until(wire.UNCHOKE)
        waits.append(time.monotonic() - start)
        peer.close()
    t.ok(min(waits) < 1 and max(waits) < 5,
        "under a torrent's limit a newcomer gets a free slot at once", waits)


def test_kept(t, daemon, one, a):
    daemon.ctl("limit", a.infohash[:12], "peers", "33")
    t.equal(limits_of(daemon, a.infohash), (512 * KIB, None, 33),
        "limits of a torrent are shown")
    daemon.ctl("limit", "up", "unlimited")
    for role in ("peer", "disk"):
        pid = daemon.children()[role]
        daemon.kill_child(role)
        t.wait(lambda: daemon.children().get(role) not in (None, pid), 10,
            f"another {role}")
    wait_slot(t, daemon, a)
    start = one.now()[1]
    t.wait(lambda: one.now()[1] > start + 256 * KIB, 30, "uploads to go on")
    near(t, 4, (one, 512 * KIB, "a limit outlives the peer child"), percent=8)
    daemon.stop()
    daemon.start()
    t.equal(limits_of(daemon, a.infohash), (512 * KIB, None, 33),
        "a torrent's limits outlive mimd")
    t.equal(daemon.ctl("limit")["up"], 256 * KIB,
        "the limit of all is that of mimd.conf again")
    daemon.ctl("limit", a.infohash[:12], "up", "default")
    daemon.ctl("limit", a.infohash[:12], "peers", "default")
    t.equal(limits_of(daemon, a.infohash), (None, None, None),
        "and can be taken away")


def test_reload(t, daemon, one):
    host = one.client.addr
    daemon.write_conf(daemon.conf.replace("rate up 256K", "rate up 1M") +
        f"rate exempt {host}/32 2001:db8::/32\nrate per peer down 5M\n")
    daemon.ctl("reload")
    now = daemon.ctl("limit")
    t.equal((now["up"], now["peer_up"], now["peer_down"], now["exempt"]),
        (MIB, None, 5 * MIB, [f"{host}/32", "2001:db8::/32"]),
        "a reload changes the limits")
    start = one.now()[1]
    begun = time.monotonic()
    t.wait(lambda: one.now()[1] > start + 40 * MIB, 20,
        "40 MiB to a peer that is exempt")
    t.ok(time.monotonic() - begun < 20, "who is exempt is not limited")
    t.diag(f"exempt: 40 MiB in {time.monotonic() - begun:.1f} s")


def test(t):
    source = t.host()
    daemon = mimd.Mimd(t, conf="rate up 256K down 256K\n"
        f"rate class source down 1M to {source.addr}\n")
    announce = tracker.Tracker(interval=5)
    a, path_a = make(t, "a", 300 * MIB, daemon.root, announce)
    b, path_b = make(t, "b", 100 * MIB, daemon.root, announce)
    seed_root = t.dir("seed")
    c, path_c = make(t, "c", 300 * MIB, seed_root, announce)
    daemon.start()
    daemon.add(path_a, "-c")
    daemon.add(path_b, "-c", "-P")
    daemon.wait_state(a.infohash, "seeding", 60)
    daemon.add(path_c)
    leech = clients.Libtorrent(t, path_a, name="leech-a")
    seed = clients.Libtorrent(t, path_c, name="seed-c", seed=True,
        root=seed_root, host=source)
    up, down = Meter(leech, "downloaded"), Meter(seed, "uploaded")
    t.wait(lambda: up.now()[1] > MIB and down.now()[1] > MIB, 30,
        "both to begin")
    test_precision(t, daemon, up, down)
    # Not so fast that they end before the next one begins.
    daemon.ctl("limit", "up", "3M")
    daemon.ctl("limit", "down", "1M")
    other = clients.Libtorrent(t, path_b, name="leech-b")
    daemon.ctl("start", b.infohash[:12])
    two = Meter(other, "downloaded")
    wait_slot(t, daemon, b)
    test_sharing(t, daemon, up, two, a)
    test_classes(t, daemon, up, two)
    test_newcomers(t, daemon, a)
    test_kept(t, daemon, up, a)
    test_reload(t, daemon, up)


mimtest.main(test)
