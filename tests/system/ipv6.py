#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Trackers and peers that have nothing but IPv6 addresses.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import wire
from torrent import Torrent


def test(t):
    content = t.dir("content")
    torrent = Torrent("six", 5_000_000, 1 << 16).make(content)
    announce = tracker.Tracker(mimtest.TEST_ADDR6)
    path = torrent.save(t.root + "/x.torrent", announce.url)
    seed = wire.Seed(t, torrent, content, addr=mimtest.TEST_ADDR6)
    announce.fixed = [seed.peer]

    first = mimd.Mimd(t, "first").start()
    first.add(path)
    first.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(first.root), None, "downloads over IPv6: bit-exact")
    t.equal(announce.of(torrent.infohash)[0].addr, first.host.addr6,
        "announces over IPv6")

    announce.fixed = []		# the second learns of the first alone
    second = mimd.Mimd(t, "second").start()
    second.add(path)
    second.wait_state(torrent.infohash, "seeding", 30)
    t.equal(torrent.wrong(second.root), None, "seeds over IPv6: bit-exact")
    t.equal(seed.sent, torrent.size, "by itself")

    libtorrent = clients.Libtorrent(t, path, six=True)
    t.wait(lambda: libtorrent.progress() == 1, 60, "libtorrent's leech")
    t.equal(torrent.wrong(libtorrent.root), None, "to libtorrent: bit-exact")
    first.stop()
    second.stop()
    third = mimd.Mimd(t, "third").start()
    third.add(path)
    third.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(third.root), None, "from libtorrent: bit-exact")


mimtest.main(test)
