#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Peer exchange: the tracker tells everybody of one peer alone, and that one
# tells them of each other.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
from torrent import Torrent


def alone(t, name):
    """A mimd that would not meet others by itself, in its network."""
    return mimd.Mimd(t, name, conf="lsd no\n").start()


def knows(client, infohash, addr):
    """The row of the peer at addr that mimd heard of by PEX, or None."""
    for peer in client.peers(infohash):
        if peer["address"] == addr and peer["source"] == "pex":
            return peer
    return None


def mim_tells(t, content):
    """Transmission, a seed, and libtorrent meet through mim."""
    torrent = Torrent("told", 3_000_000, 1 << 16).make(content)
    announce = tracker.Tracker(interval=600)
    announce.introduces = False
    path = torrent.save(t.root + "/told.torrent", announce.url)
    middle = alone(t, "middle")
    middle.add(path)
    announce.fixed = [(middle.addr, middle.port)]
    second = clients.Transmission(t, root=content, pex=True)
    second.add(path)
    third = clients.Libtorrent(t, path)
    t.wait(lambda: second.addr in (a for a, _ in third.peers()) or
        third.addr in (a for a, _ in second.peers()), 30,
        "Transmission and libtorrent to meet")
    t.ok(True, "mim told Transmission and libtorrent of each other")
    t.wait(lambda: third.progress() == 1, 60, "libtorrent's leech")
    t.equal(torrent.wrong(third.root), None, "libtorrent: bit-exact")


def mim_learns(t, content):
    """Two mims meet through libtorrent, IPv4."""
    torrent = Torrent("learnt", 3_000_000, 1 << 16).make(content)
    announce = tracker.Tracker(interval=600)
    announce.introduces = False
    path = torrent.save(t.root + "/learnt.torrent", announce.url)
    middle = clients.Libtorrent(t, path, "lt-middle")
    announce.fixed = [(middle.addr, middle.PORT)]
    second = alone(t, "second")
    second.add(path)
    t.wait(lambda: second.peers(torrent.infohash), 15, "the second's peer")
    third = alone(t, "third")
    third.add(path)
    t.wait(lambda: knows(third, torrent.infohash, second.addr) or
        knows(second, torrent.infohash, third.addr), 130,
        "two mims to meet by what libtorrent tells")
    t.ok(True, "libtorrent told mim of mim")


def both_six(t, content):
    """Three mims, IPv6 alone."""
    torrent = Torrent("six", 3_000_000, 1 << 16).make(content)
    announce = tracker.Tracker(mimtest.TEST_ADDR6, interval=600)
    announce.introduces = False
    path = torrent.save(t.root + "/six.torrent", announce.url)
    middle = alone(t, "six-middle")
    middle.add(path)
    announce.fixed = [(middle.host.addr6, middle.port)]
    second = alone(t, "six-second")
    second.add(path)
    third = alone(t, "six-third")
    third.add(path)
    t.wait(lambda: knows(third, torrent.infohash, second.host.addr6) or
        knows(second, torrent.infohash, third.host.addr6), 30,
        "two mims to meet by what a third tells")
    t.ok(True, "mim told mim of mim, by IPv6")


def test(t):
    content = t.dir("content")
    os.chmod(content, 0o777)
    t.together(lambda: mim_tells(t, content), lambda: mim_learns(t, content),
        lambda: both_six(t, content))


mimtest.main(test)
