#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# What show summary makes of peers that choke, keep silent, have nothing or
# want nothing, of a disk that sleeps, of full limits and missing metadata.

import os
import signal
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent

PIECE = 1 << 16


def reason(daemon, torrent):
    return daemon.ctl("show", "summary", torrent.infohash)["torrents"][0]


def wait_reason(t, daemon, torrent, want, text, timeout=15):
    def found():
        row = reason(daemon, torrent)
        return row["reason"] == want and row["text"]
    t.match(t.wait(found, timeout,
        lambda: f"reason {want}; it is {reason(daemon, torrent)}"), text, want)


def meet(t, daemon, name, *scripts, data=False):
    """A torrent whose peers behave so."""
    content = daemon.root if data else t.dir(name)
    torrent = Torrent(name, 20 * PIECE, PIECE).make(content)
    daemon.add(torrent.save(f"{t.root}/{name}.torrent"), "-c")
    for script in scripts:
        peer = wire.Listener(t, torrent.infohash,
            lambda w, script=script: script(w, torrent))
        daemon.ctl("peers", torrent.infohash, "add",
            f"{peer.addr}:{peer.port}")
    return torrent


def greet(w):
    w.read_handshake()
    w.send_handshake()


def choker(w, torrent):
    greet(w)
    w.bitfield(torrent.npieces)
    w.until_gone()


def mute(w, torrent):
    greet(w)
    w.bitfield(torrent.npieces)
    w.msg(wire.UNCHOKE)
    w.until_gone()


def pauper(w, torrent):
    greet(w)
    w.until_gone()


def eager(w, torrent):
    greet(w)
    w.msg(wire.INTERESTED)
    w.until_gone()


def slots(t):
    """All upload slots are another torrent's, until the next round."""
    daemon = mimd.Mimd(t, "slots", conf="rate up 20K\ndht no\n").start()
    busy = meet(t, daemon, "busy", *[eager] * 40, data=True)
    t.wait(lambda: daemon.torrent(busy.infohash)["peers"] == 40, 20,
        "40 peers")
    waits = meet(t, daemon, "waits", eager, data=True)
    wait_reason(t, daemon, waits, "no-slot",
        "^1 interested peer waits for an upload slot$")


def asking(t, daemon):
    """A tracker that takes its time."""
    mute = socket.create_server((mimtest.TEST_ADDR, 0))
    t.closers.append(mute.close)
    torrent = Torrent("asking", 5000, PIECE).make()
    daemon.add(torrent.save(t.root + "/asking.torrent",
        f"http://{mimtest.TEST_ADDR}:{mute.getsockname()[1]}/announce"))
    wait_reason(t, daemon, torrent, "asking",
        "^knows no peers yet: its tracker has not answered so far$")


def metadata(t, daemon):
    torrent = Torrent("link", 5000, PIECE).make()
    peer = wire.Listener(t, torrent.infohash, lambda w: pauper(w, torrent))
    daemon.ctl("add", f"magnet:?xt=urn:btih:{torrent.infohash}"
        f"&x.pe={peer.addr}:{peer.port}")
    wait_reason(t, daemon, torrent, "metadata",
        "^waits for the metadata from 1 peer$")


def disk(t, daemon):
    content = t.dir("sleep")
    torrent = Torrent("sleep", 400 * PIECE, PIECE).make(content)
    seed = wire.Seed(t, torrent, content, rate=8_000_000)
    daemon.add(torrent.save(t.root + "/sleep.torrent"))
    pid = daemon.children()["disk"]
    daemon.ctl("peers", torrent.infohash, "add", f"{seed.addr}:{seed.port}")
    t.wait(lambda: seed.sent > 10 * PIECE, 15, "a download")
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_reason(t, daemon, torrent, "disk", "^waits for the disk$")
    finally:
        os.kill(pid, signal.SIGCONT)
    daemon.wait_state(torrent.infohash, "seeding", 30)
    t.ok(True, "and it goes on when the disk does")


def full(t, daemon):
    connected = sum(row["peers"] for row in daemon.torrents())
    daemon.ctl("limit", "peers", str(connected))
    torrent = meet(t, daemon, "late", choker)
    wait_reason(t, daemon, torrent, "full",
        "^cannot connect: the limit of peers is reached$")
    daemon.ctl("limit", "peers", "default")
    wait_reason(t, daemon, torrent, "choked", "^choked by the 1 peer ")


def test(t):
    daemon = mimd.Mimd(t, cache="2M", conf="dht no\n").start()
    disk(t, daemon)
    choked = meet(t, daemon, "choked", choker, choker, choker)
    wait_reason(t, daemon, choked, "choked",
        "^choked by all 3 peers that have what is missing$")
    silent = meet(t, daemon, "silent", mute)
    wait_reason(t, daemon, silent, "silent",
        "^1 peer was asked, but nothing comes so far$")
    poor = meet(t, daemon, "poor", pauper, pauper)
    wait_reason(t, daemon, poor, "nothing-new",
        "^none of its 2 peers has anything that is missing here$")
    idle = meet(t, daemon, "idle", pauper, pauper, data=True)
    wait_reason(t, daemon, idle, "no-interest",
        "^none of its 2 peers wants anything$")
    metadata(t, daemon)
    full(t, daemon)
    asking(t, daemon)
    slots(t)
    daemon.ctl("stop", poor.infohash)
    wait_reason(t, daemon, poor, "stopped", "^stopped$")
    status, out, err = daemon.run("show", "summary")
    t.ok("choked: choked by all 3" in out and "poor" not in out,
        "unasked, what is stopped is not listed", out)


mimtest.main(test)
