#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Where a node of the DHT begins: at names, of mimd.conf and of torrents, that
# are looked up when nobody answers; at those that were known, without a name.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import krpc
import mimd
import mimtest
import nameserver
from nameserver import Name
from torrent import Torrent, bencode

PORT = 6881
SEEDBOX = 7001


def save(t, torrent, *nodes):
    """A .torrent that names these nodes (BEP 5)."""
    path = f"{t.root}/{torrent.name}.torrent"
    with open(path, "wb") as f:
        f.write(bencode({"info": torrent.info,
            "nodes": [list(node) for node in nodes]}))
    return path


class World:
    def __init__(self, t):
        self.t = t
        self.net = krpc.Net(t)
        self.router = self.net.node(known=False)
        self.seedbox = self.net.node(port=SEEDBOX, known=False)
        self.numeric = self.net.node(known=False)
        self.net.add(12)
        self.names = nameserver.NameServer(t.addr(), {
            "router.test": Name(self.router.addr),
            "seedbox.test": Name(self.seedbox.addr),
            "secret.test": Name(self.seedbox.addr),
        })
        nameserver.lend_etc(t)
        nameserver.use(self.names.addr)
        self.daemon = mimd.Mimd(t, conf="lsd no\ndht yes\n"
            "dht bootstrap router.test\n")

    def add(self, name, *nodes, **info):
        torrent = Torrent(name, 20_000, 1 << 15, extra=info).make()
        self.daemon.add(save(self.t, torrent, *nodes), "-P")


def begin(t, w):
    w.daemon.start()
    t.wait(lambda: w.router.asked, 60, "a query to the router")
    t.ok(True, "a name of mimd.conf is looked up, and asked")


def known(t, w):
    """Nodes that answer are enough."""
    w.add("secret", ("secret.test", PORT), private=1)
    w.add("open", ("seedbox.test", SEEDBOX), w.numeric.peer)
    t.wait(lambda: sum(bool(n.asked) for n in w.net.nodes) >= 10, 60,
        "others to be asked")
    t.wait(lambda: os.path.exists(w.daemon.state + "/dht.nodes"), 30,
        "nodes to be kept")
    t.equal(w.daemon.stop(), 0, "ends in order")
    asked = w.names.asked("router.test")
    had = {node: len(node.asked) for node in w.net.nodes}
    w.daemon.start()
    t.wait(lambda: sum(len(n.asked) > had[n] for n in w.net.nodes) >= 10, 30,
        "those of before")
    t.equal(w.names.asked("router.test"), asked,
        "those that were known are asked, and no name is looked up")


def torrents(t, w):
    """What torrents name serves as well as a router."""
    os.unlink(w.daemon.state + "/dht.nodes")
    w.daemon.write_conf(w.daemon.conf.replace("dht bootstrap router.test",
        "dht bootstrap none"))
    had = len(w.router.asked)
    w.daemon.start()
    for node, what in ((w.seedbox, "name"), (w.numeric, "address")):
        t.wait(lambda: node.asked, 60, f"a node at an {what}")
        t.ok(True, f"nodes that a torrent names are asked: {what}")
    t.equal(w.names.asked("secret.test"), 0, "but not those of a private one")
    t.equal(len(w.router.asked), had,
        "nor routers with \"dht bootstrap none\"")


def reload(t, w):
    """All of it at once, and without another child if it can be."""
    daemon = w.daemon
    conf = daemon.conf
    pid = daemon.processes()["dht"]["pid"]
    daemon.write_conf(conf + "dht rate 20\ndht read only yes\n")
    daemon.ctl("reload")
    since = len(w.net.asked())
    t.wait(lambda: any(q.message.get(b"ro") for q in w.net.asked()[since:]),
        60, "a query that says \"read only\"")
    t.equal(daemon.processes()["dht"]["pid"], pid,
        "\"read only\" holds from the reload on")
    daemon.write_conf(conf.replace("dht yes\n", "dht no\n"))
    daemon.ctl("reload")
    t.wait(lambda: not daemon.processes().get("dht", {}).get("pid"), 15,
        "the child to end")
    daemon.write_conf(conf)
    daemon.ctl("reload")
    t.wait(lambda: daemon.processes().get("dht", {}).get("pid"), 15,
        "a child")
    t.ok(True, "\"dht no\" and \"dht yes\" hold from the reload on")


def test(t):
    w = World(t)
    begin(t, w)
    known(t, w)
    t.equal(w.daemon.stop(), 0, "ends in order")
    torrents(t, w)
    reload(t, w)
    t.equal(w.daemon.stop(), 0, "ends in order")


mimtest.main(test)
