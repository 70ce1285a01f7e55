#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Trackers that lie, shout or stay silent, each with an honest one behind.

import gzip
import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent, bencode

FAILURE = "you are \x1b[31mnot\nwelcome"


def endless(handler, announce):
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    sent = handler.server.tracker.sent
    while True:
        handler.wfile.write(b"d8:intervali60e5:peers999999999:" + bytes(65536))
        sent["endless"] = sent.get("endless", 0) + 65536


def endless_header(handler, announce):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    handler.close_connection = True
    while True:
        handler.wfile.write(b"X-Again: " + b"x" * 8000 + b"\r\n")


def bomb(handler, announce):
    """1 GiB of zeros, gzipped to a megabyte."""
    block = gzip.compress(bytes(1 << 24))
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.end_headers()
    handler.close_connection = True
    for _ in range(64):
        handler.wfile.write(block)


def never(handler, announce):
    handler.close_connection = True
    handler.server.tracker.release.wait(120)


def redirect_to(where):
    def reply(handler, announce):
        query = handler.path.partition("?")[2]
        url = where(handler.server.tracker)
        handler.answer(b"", 302, Location=f"{url}?{query}")
    return reply


def body(data, status=200):
    return lambda handler, announce: handler.answer(data, status)


def gzipped(handler, announce):
    data = bencode(handler.server.tracker.reply(announce))
    handler.answer(gzip.compress(data), Content_Encoding="gzip")


def dictionary(handler, announce):
    """Peers as dictionaries, and things that nobody asked for."""
    reply = handler.server.tracker.reply(announce)
    peers = handler.server.tracker.told(announce)
    reply["peers"] = [{"ip": a, "port": p, "peer id": b"x" * 20}
        for a, p in peers] + [{"ip": "10.99.0.300", "port": 1},
        {"ip": "", "port": 0}]
    reply["warning message"] = "slow down"
    reply["zz"] = {"deep": [[[1]]]}
    handler.answer(bencode(reply))


def bad_peers(handler, announce):
    """Addresses that must not be connected to are passed over."""
    good = tracker.pack_peers(handler.server.tracker.told(announce))
    handler.answer(bencode({"interval": 1800, "peers": tracker.pack_peers([
        ("0.0.0.0", 80), ("255.255.255.255", 80), ("224.0.0.1", 80),
        ("10.99.0.1", 0)]) + good}))


# Those whose torrent gets on only by the next tier; pattern of the error.
BAD = {
    "garbage": (body(b"\x00\xff<html>not bencode"), "."),
    "truncated": (body(b"d8:intervali1800e5:peers12:abc"), "."),
    "a list": (body(b"le"), "."),
    "odd peers": (body(b"d8:intervali1800e5:peers7:abcdefge"), "."),
    "empty": (body(b""), "."),
    "not found": (body(b"no such page", 404), "404"),
    "server error": (body(b"oops", 500), "500"),
    "failure": (body(bencode({"failure reason": FAILURE})), "not.*welcome"),
    "endless": (endless, "."),
    "endless header": (endless_header, "."),
    "gzip bomb": (bomb, "."),
    "redirect loop": (redirect_to(lambda x: x.base + "/redirect%20loop"),
        "redirect"),
    "redirect to file": (redirect_to(lambda x: "file:///etc/passwd"), "."),
    "refused": (None, "[Rr]efused|connect"),
    "never": (never, "[Tt]ime"),
}
# Those that serve.
GOOD = {
    "redirect": redirect_to(lambda x: x.other.url),
    "gzip": gzipped,
    "dictionary": dictionary,
    "bad peers": bad_peers,
}


def path_of(name):
    return "/" + name.replace(" ", "%20")


def row_of(daemon, torrent):
    """The first tracker's row, once its outcome is known."""
    row = daemon.torrent(torrent.infohash, "-t")["trackers"][0]
    return row if row["error"] or row["last"] else None


def test(t):
    content = t.dir("content")
    daemon = mimd.Mimd(t).start()
    hostile = tracker.Tracker()
    hostile.sent = {}
    hostile.release = threading.Event()
    honest = hostile.other = tracker.Tracker()
    torrents = {}
    for name in [*BAD, *GOOD]:
        torrent = torrents[name] = Torrent(name, 100_000, 1 << 15, name) \
            .make(content)
        seed = wire.Seed(t, torrent, content)
        hostile.known[torrent.infohash] = [seed.peer]
        honest.known[torrent.infohash] = [seed.peer]
        script = GOOD.get(name) or BAD[name][0]
        if script is not None:
            hostile.paths[path_of(name)] = script
        first = hostile.base + path_of(name)
        if script is None:
            first = "http://10.99.0.1:9/announce"
        tiers = [first] if name in GOOD else [first, honest.url]
        daemon.add(torrent.save(f"{t.root}/{name}.torrent", *tiers))

    for name in GOOD:
        daemon.wait_state(torrents[name].infohash, "seeding", 30)
        t.ok(True, f"{name}: serves")
    for name in BAD:
        daemon.wait_state(torrents[name].infohash, "seeding", 75)
    for name, (_, pattern) in BAD.items():
        row = t.wait(lambda: row_of(daemon, torrents[name]), 45,
            f"an outcome of {name}")
        error = row["error"] or ""
        t.match(error, pattern, f"{name}: the error shows, the next serves")
        t.ok(error.isprintable(), f"{name}: the error is safe to print",
            error)
    hostile.release.set()
    t.ok(hostile.sent.get("endless", 0) < 64 << 20,
        "an endless answer is cut off", hostile.sent)
    tracker_row = daemon.processes()["tracker"]
    t.equal(tracker_row["restarts"], 0, "the tracker child lived on")
    t.ok(mimtest.sanitized() or tracker_row["memory"] < 96 << 20,
        "and stayed small", tracker_row)
    begin = time.monotonic()
    t.equal(daemon.stop(), 0, "stops with all of them about")
    t.ok(time.monotonic() - begin < 10, "and in bounded time")


mimtest.main(test)
