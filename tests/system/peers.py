#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# What status tells of a peer, and peers that the user names or bans.

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
from torrent import Torrent

SIZE = 30_000_007
RATE = 1_000_000		# bytes/s of the seed
KEYS = {"address", "port", "client", "flags", "source", "transport",
    "encrypted", "incoming", "progress", "down_rate", "up_rate",
    "downloaded", "uploaded", "am_choking", "am_interested", "peer_choking",
    "peer_interested", "requests_out", "requests_in"}


def fields(t, daemon, torrent, seed):
    """All that is said of a seed that sends."""
    rows = lambda: daemon.peers(torrent.infohash)
    row = t.wait(lambda: next((row for row in rows() if
        RATE / 2 < row["down_rate"] < RATE * 1.5 and row["requests_out"]),
        None), 30, lambda: f"its rate and requests: {rows()}")
    t.equal(set(row), KEYS, "status -p -j has these keys")
    t.match(row["client"], "^libtorrent/", "the client as it calls itself")
    t.equal((row["address"], row["port"], row["source"], row["transport"],
        row["incoming"]), (seed.addr, seed.PORT, "user", "tcp", False),
        "its address, and where we have it from")
    t.ok("D" in row["flags"] and "I" not in row["flags"], "its flags", row)
    t.equal((row["progress"], row["am_interested"], row["peer_choking"],
        row["peer_interested"]), (1.0, True, False, False), "its state")
    t.equal(row["requests_in"], 0, "its rate and its requests")
    t.ok(row["downloaded"] > 0 and row["uploaded"] == 0, "its totals", row)
    out = daemon.run("-H", "show", "peers")[1].strip().split("\t")
    t.equal(out[:4], ["1", seed.addr, str(seed.PORT), row["client"]],
        "and in a row of show peers")


def is_refused(daemon, torrent):
    """Does a banned address get no answer to its handshake?"""
    sock = socket.create_connection((daemon.addr, daemon.port), 10)
    with sock:
        sock.settimeout(10)
        try:
            sock.sendall(b"\x13BitTorrent protocol" + bytes(8) +
                bytes.fromhex(torrent.infohash) + b"-XX0001-abcdefghijkl")
            return sock.recv(1) == b""
        except ConnectionError:
            return True


def refusals(t, daemon, private):
    for words, want in (
        (["1", "add", "10.99.0.1"], 2),
        (["1", "add", "10.99.0.1:0"], 2),
        (["1", "add", "10.99.0.1:66000"], 2),
        (["1", "add", "example.org:80"], 2),
        (["1", "add", "[::1:80"], 2),
        (["1", "add", "0.0.0.0:80"], 2),
        (["1", "ban", "224.0.0.1"], 2),
        (["1", "praise", "10.99.0.1:80"], 2),
        (["add", "10.99.0.1:80"], 2),
        (["99", "add", "10.99.0.1:80"], 3),
        ([private.infohash, "add", "10.99.0.1:80"], 1),
    ):
        status, out, err = daemon.run("peers", *words)
        t.ok(status == want and err, f"peers {' '.join(words)}: exit {want}",
            f"{status} {out}{err}")
    t.match(err, "private", "and it is said why")


def test(t):
    content = t.dir("content")
    torrent = Torrent("named", SIZE, 1 << 17).make(content)
    path = torrent.save(t.root + "/named.torrent")
    private = Torrent("private", 1000, 1 << 14, extra={"private": 1}).make()
    seed = clients.Libtorrent(t, path, seed=True, root=content, up=RATE)
    daemon = mimd.Mimd(t).start()
    daemon.add(path)
    daemon.add(private.save(t.root + "/private.torrent"))
    refusals(t, daemon, private)

    rows = lambda: daemon.peers(torrent.infohash)
    t.equal(rows(), [], "it knows nobody")
    address = f"{seed.addr}:{seed.PORT}"
    daemon.ctl("peers", "1", "add", address)
    t.wait(rows, 10, "the peer that was named")
    fields(t, daemon, torrent, seed)

    old = daemon.children()["peer"]
    daemon.kill_child("peer")
    t.wait(lambda: daemon.children().get("peer", old) != old, 15,
        "another peer child")
    t.wait(rows, 30, "the same peer, after the peer child")
    t.ok(True, "who was named is known to the next peer child")

    t.ok(not is_refused(daemon, torrent), "who connects is let in")
    daemon.ctl("peers", "1", "ban", seed.addr)
    daemon.ctl("peers", "1", "ban", "10.99.0.1:1")
    t.wait(lambda: not rows(), 15, "the banned peer's end")
    daemon.ctl("peers", "1", "add", address)
    t.ok(is_refused(daemon, torrent), "but not who is banned")
    time.sleep(3)
    t.equal(rows(), [], "who is banned is not connected to either")
    bans = {b["address"]: b["seconds"]
        for b in daemon.ctl("show", "bans")["bans"]}
    t.ok(bans.keys() == {seed.addr, "10.99.0.1"} and
        0 < bans[seed.addr] <= 3600, "bans are listed", bans)
    old = daemon.children()["peer"]
    daemon.kill_child("peer")
    t.wait(lambda: daemon.children().get("peer", old) != old, 15,
        "another peer child")
    t.wait(lambda: is_refused(daemon, torrent), 15, "its listening")
    time.sleep(3)
    t.equal(rows(), [], "nor by the next peer child")
    t.equal(daemon.state_of(torrent.infohash), "downloading", "it goes on")

    daemon.ctl("peers", "1", "unban", seed.addr)
    daemon.ctl("peers", "1", "unban", "10.99.0.1")
    t.equal(daemon.run("-H", "show", "bans")[1], "", "no bans are left")
    t.equal(daemon.run("peers", "1", "unban", seed.addr)[0], 1,
        "nor is there one to take back")
    daemon.ctl("peers", "1", "add", address)
    t.wait(rows, 15, "the peer that is not banned any more")
    t.ok(not is_refused(daemon, torrent), "and may call")


mimtest.main(test)
