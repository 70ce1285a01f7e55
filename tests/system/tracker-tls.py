#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# HTTPS trackers: a good certificate serves, a bad one fails and says so.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent


def row_of(daemon, torrent):
    rows = daemon.torrent(torrent.infohash, "-t")["trackers"]
    return rows[0] if rows else None


def failed(daemon, torrent):
    row = row_of(daemon, torrent)
    return row if row and row["error"] else None


def test(t):
    content = t.dir("content")
    ca = tracker.make_ca(t.root + "/ca")[:-len(".pem")]
    addr = mimtest.TEST_ADDR
    cases = {
        "good": tracker.make_cert(t.root + "/good", f"IP:{addr}", ca),
        "wrong host": tracker.make_cert(t.root + "/host", "IP:10.99.0.77",
            ca),
        "self-signed": tracker.make_cert(t.root + "/self", f"IP:{addr}"),
    }
    daemon = mimd.Mimd(t, conf=f"ca file \"{ca}.pem\"\n").start()
    torrents, trackers = {}, {}
    for name, cert in cases.items():
        torrent = torrents[name] = Torrent(name, 300_000, 1 << 16, name) \
            .make(content)
        trackers[name] = tracker.Tracker(cert=cert)
        trackers[name].fixed = [wire.Seed(t, torrent, content).peer]
        daemon.add(torrent.save(f"{t.root}/{name}.torrent",
            trackers[name].url))
    daemon.wait_state(torrents["good"].infohash, "seeding", 20)
    t.ok(True, "a tracker with a good certificate is used")
    t.equal(row_of(daemon, torrents["good"])["error"], None,
        "and shows no error")
    for name in ("wrong host", "self-signed"):
        row = t.wait(lambda: failed(daemon, torrents[name]), 15,
            f"the error of {name}")
        t.diag(f"{name}: {row['error']}")
        t.match(row["error"].lower(), "certificate|subject|host|ssl|tls",
            f"{name}: status -t says what is wrong")
        t.equal(trackers[name].announces, [],
            f"{name}: nothing was told to it")
        t.equal(daemon.torrent(torrents[name].infohash)["have"], 0,
            f"{name}: no peer came from it")

    plain = mimd.Mimd(t, "system").start()
    plain.add(f"{t.root}/good.torrent")
    row = t.wait(lambda: failed(plain, torrents["good"]), 15,
        "the error without our authority")
    t.match(row["error"].lower(), "certificate|issuer|ssl|tls",
        "an authority that the system does not know is refused")


mimtest.main(test)
