#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Local service discovery: there is no tracker; peers of one network find each
# other by multicast alone.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
from torrent import Torrent


def found(client, infohash):
    """Addresses of peers that mimd heard of by LSD."""
    return [peer["address"] for peer in client.peers(infohash)
        if peer["source"] == "lsd"]


def met(t, torrent, leech, what):
    # Who has just missed an announce hears the next one in a minute.
    leech.wait_state(torrent.infohash, "seeding", 100)
    t.equal(torrent.wrong(leech.root), None, what)


def mims(t, content, torrent, path, family):
    """A seed and a leech, with addresses of one family alone."""
    hosts = []
    for _ in range(2):
        host = t.host()
        if family == "IPv6":
            host.ip("addr", "del", host.addr + "/16", "dev", "eth0")
        else:
            host.ip("addr", "del", host.addr6 + "/64", "dev", "eth0")
        hosts.append(host)
    seed = mimd.Mimd(t, "seed-" + family, root=content, host=hosts[0],
        conf="lsd yes\n").start()
    seed.add(path, "-c")
    leech = mimd.Mimd(t, "leech-" + family, host=hosts[1],
        conf="lsd yes\n").start()
    leech.add(path)
    met(t, torrent, leech, f"mim and mim find each other, {family}")
    return seed, leech


def reload_settings(t, seed, leech, path, torrent):
    """lsd no, then yes; and a network that comes later."""
    leech.ctl("remove", "-D", "all")
    leech.write_conf(leech.conf.replace("lsd yes", "lsd no"))
    leech.ctl("reload")
    seed.write_conf(seed.conf.replace("lsd yes", "lsd no"))
    seed.ctl("reload")
    leech.add(path)
    time.sleep(5)
    t.equal(leech.peers(torrent.infohash), [], "lsd no: nobody is found")
    seed.write_conf(seed.conf)
    seed.ctl("reload")
    leech.host.ip("addr", "del", leech.host.addr6 + "/64", "dev", "eth0")
    leech.write_conf(leech.conf)
    leech.ctl("reload")
    leech.host.ip("addr", "add", leech.host.addr6 + "/64", "dev", "eth0",
        "nodad")
    met(t, torrent, leech, "lsd yes, and an address that comes later")


def test(t):
    content = t.dir("content")
    os.chmod(content, 0o777)
    torrent = Torrent("near", 3_000_000, 1 << 16).make(content)
    path = torrent.save(t.root + "/near.torrent")
    seed, leech = mims(t, content, torrent, path, "IPv6")

    # A child that is started again knows the network.
    before = seed.children()["peer"], leech.children()["peer"]
    seed.kill_child("peer")
    leech.kill_child("peer")
    t.wait(lambda: all(d.children().get("peer") not in (None, *before)
        for d in (seed, leech)), 15, "new peer children")
    leech.ctl("remove", "-D", "all")
    leech.add(path)
    met(t, torrent, leech, "and again, with new peer children")

    # Neither has any of it, so they stay connected.
    empty = Torrent("empty", 3_000_000, 1 << 16).make(t.dir("elsewhere"))
    other = empty.save(t.root + "/empty.torrent")
    for client in (seed, leech):
        client.add(other)
    t.wait(lambda: found(seed, empty.infohash) or
        found(leech, empty.infohash), 20, "a peer of source lsd")
    t.ok(True, "status -p says where the peer is from")
    reload_settings(t, seed, leech, path, torrent)
    seed.stop()
    leech.stop()

    seed, leech = mims(t, content, torrent, path, "IPv4")
    # It leaves the choice of the interface to the routing table.
    host = t.host()
    host.ip("route", "add", "239.0.0.0/8", "dev", "eth0")
    transmission = clients.Transmission(t, lpd=True, host=host)
    transmission.add(path)
    libtorrent = clients.Libtorrent(t, path, enable_lsd=True)
    t.wait(lambda: transmission.progress() == 1, 60, "Transmission's leech")
    t.ok(True, "mim and Transmission find each other")
    t.wait(lambda: libtorrent.progress() == 1, 60, "libtorrent's leech")
    t.ok(True, "mim and libtorrent find each other")


mimtest.main(test, timeout=400)
