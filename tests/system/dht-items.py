#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# mimctl and the DHT: items (BEP 44) put by one mim are found by another and by
# libtorrent, and the other way round; what show dht says; errors are a line.

import hashlib
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import krpc
import libtorrent as lt
import mimd
import mimtest

OK, FAILED, USAGE = range(3)
PORT = 6881
HELLO = "e5f96f6f38320f0f33959cb4d3d656452117aadb"	# of BEP 44
ALERTS = lt.alert.category_t.dht_notification


class Libtorrent:
    """A node of libtorrent's in the test itself."""

    def __init__(self, t, nodes):
        self.t = t
        self.peer = t.addr(), 6885
        self.session = lt.session({"listen_interfaces": "%s:%d" % self.peer,
            "enable_dht": True, "enable_lsd": False, "enable_upnp": False,
            "enable_natpmp": False, "dht_bootstrap_nodes": "",
            "dht_restrict_routing_ips": False,
            "dht_restrict_search_ips": False, "alert_mask": ALERTS})
        for node in nodes:
            self.session.add_dht_node(node)

    def item(self, kind, ask):
        """What it is told of an item, asked for until it is there."""
        got = []

        def found():
            ask()
            end = time.monotonic() + 3
            while time.monotonic() < end and not got:
                self.session.wait_for_alert(200)
                got.extend(a.item for a in self.session.pop_alerts()
                    if isinstance(a, kind) and a.item)
            return bool(got)

        self.t.wait(found, 30, "libtorrent's answer")
        return got[0]


def expanded(seed):
    """A secret key in libtorrent's form."""
    key = bytearray(hashlib.sha512(seed).digest())
    key[0] &= 248
    key[31] = key[31] & 63 | 64
    return bytes(key)


class World:
    def __init__(self, t):
        self.t = t
        self.net = krpc.Net(t)
        self.first = self.net.node()
        self.mims = [mimd.Mimd(t, name, port=PORT,
            conf="lsd no\ndht yes\n" + self.first.conf)
            for name in ("one", "two")]
        t.together(*(daemon.start for daemon in self.mims))
        self.lt = Libtorrent(t, [self.first.peer] +
            [(daemon.addr, PORT) for daemon in self.mims])
        for daemon in self.mims:
            t.wait(lambda daemon=daemon: self.good(daemon) >= 2, 60,
                lambda: f"two nodes: {daemon.ctl('show', 'dht')}")

    @staticmethod
    def good(daemon):
        status, now = daemon.ctl("show", "dht", check=False)
        return sum(node["good"] for node in now["nodes"]) \
            if status == OK else 0

    def fails(self, want, pattern, daemon, *args):
        status, _, err = daemon.run("dht", *args)
        self.t.ok(status == want and len(err.splitlines()) == 1,
            f"mimctl dht {' '.join(args)[:40]}: exit {want} and a line", err)
        self.t.match(err, pattern, "which says why")

    def stored(self, daemon, *args):
        """Put it until all that there are have it: the others, that is."""
        self.t.wait(lambda: (daemon.ctl("dht", "put", *args,
            check=False)[1] or {"stored": 0})["stored"] >= 2, 30,
            f"dht put {args} at two nodes")

    def found(self, daemon, what, *args, before=lambda: None):
        """The item, asked for until it is what it should be."""
        got = {}

        def found():
            before()
            got.update(daemon.ctl("dht", "get", *args, check=False)[1] or {})
            return got.get("text") == what

        self.t.wait(found, 30, f"{what}, by dht get {args}")
        return got

    def printed(self, daemon, *args):
        """The same, as it is printed."""
        got = []

        def printed():
            got[:] = daemon.run("dht", "get", *args)
            return got[0] == OK

        self.t.wait(printed, 30, f"an item, by dht get {args}")
        return got[1]


def immutable(w):
    t, (one, two) = w.t, w.mims
    answer = one.ctl("dht", "put", "Hello World!")
    t.equal(answer["target"], HELLO, "put: the target of BEP 44's example")
    t.ok(answer["stored"] >= 1, "nodes took it", answer)
    item = w.found(two, "Hello World!", HELLO)
    t.equal((item["key"], item["seq"], item["bencoded"]),
        (None, None, b"12:Hello World!".hex()), "get: another mim finds it")
    t.equal(w.printed(two, HELLO), "Hello World!\n",
        "the text alone is printed")
    got = w.lt.item(lt.dht_immutable_item_alert, lambda:
        w.lt.session.dht_get_immutable_item(lt.sha1_hash(
            bytes.fromhex(HELLO))))
    t.ok("Hello World!" in str(got), "libtorrent finds it", got)
    odd = one.run("dht", "put", "-b", "-", text=b"d1:ai1e1:bl2:\x1b[ee")
    t.equal(odd[0], OK, "put -b takes what is bencoded, of stdin")
    t.equal(w.printed(two, odd[1].split()[1]), "d1:ai1e1:bl2:\\033[ee\n",
        "what is no text is printed safely")


def mutable(w):
    t, (one, two) = w.t, w.mims
    path = t.root + "/my.key"
    key = one.ctl("dht", "key", path)["key"]
    t.equal(os.stat(path).st_mode & 0o777, 0o600, "a key for its owner alone")
    t.equal(one.ctl("dht", "key", path)["key"], key, "which stays")
    w.stored(one, "-k", path, "-q", "5", "v5")
    item = w.found(two, "v5", key)
    t.equal(item["seq"], 5, "get: found by the key")
    w.found(two, "v5", item["target"])
    one.ctl("dht", "put", "-k", path, "-s", "other", "salted")
    item = w.found(two, "salted", key, "-s", "other")
    t.ok(item["seq"] > 1700000000, "with a salt; its number is the time")
    one.ctl("dht", "put", "-k", path, "-q", "6", "-c", "5", "v6")
    w.found(two, "v6", key)
    w.stored(one, "-k", path, "-q", "6", "v6")
    w.fails(FAILED, "another number than -c", one, "put", "-k", path, "-q",
        "9", "-c", "5", "v9")
    w.fails(FAILED, "the same or a higher number", one, "put", "-k", path,
        "-q", "4", "v4")
    with open(path) as f:
        secret = expanded(bytes.fromhex(f.read()))
    w.found(two, "of libtorrent", key, "-s", "lt", before=lambda:
        w.lt.session.dht_put_mutable_item(secret, bytes.fromhex(key),
            b"of libtorrent", b"lt"))
    t.ok(True, "an item of libtorrent, by the same key, is found")


def errors(w):
    t, one = w.t, w.mims[0]
    path = t.root + "/open.key"
    one.ctl("dht", "key", path)
    os.chmod(path, 0o644)
    w.fails(FAILED, "others may read", one, "put", "-k", path, "x")
    w.fails(FAILED, "No such file", one, "put", "-k", path + "x", "x")
    junk = t.root + "/junk"
    with open(junk, "w") as f:
        f.write("x" * 64 + "\n")
    os.chmod(junk, 0o600)
    w.fails(FAILED, "not a key", one, "put", "-k", junk, "x")
    w.fails(USAGE, "too long", one, "put", "x" * 997)
    w.fails(USAGE, "not bencoded", one, "put", "-b", "d1:bi1e1:ai1ee")
    w.fails(USAGE, "only an item with a key", one, "put", "-s", "salt", "x")
    w.fails(USAGE, "salt has more", one, "get", "-s", "x" * 65, HELLO)
    w.fails(USAGE, "neither a target", one, "get", "xyz")
    w.fails(FAILED, "no node has", one, "get", "00" * 20)


def shown(w):
    t, one = w.t, w.mims[0]
    now = one.ctl("show", "dht")
    t.equal(now["off"], None, "show dht: it is on")
    t.ok(now["items"] >= 1 and now["asked"] > 0 and now["bytes_out"] > 0,
        "it counts", now)
    t.match(one.run("show", "dht")[1], "any IPv4 address port 6881 ",
        "and says so in words")
    # A child that does not answer, then one that dies meanwhile.
    child = one.processes()["dht"]["pid"]
    os.kill(child, signal.SIGSTOP)
    status, _, err = one.run("show", "dht")
    t.ok(status == 7 and "does not answer" in err, "a stuck child: exit 7",
        err)
    os.kill(child, signal.SIGKILL)
    t.wait(lambda: one.processes()["dht"]["pid"] not in (None, child), 15,
        "a new child")
    t.wait(lambda: w.good(one) >= 1, 60, "its nodes")
    one.write_conf(one.conf.replace("dht yes", "dht no"))
    one.ctl("reload")
    t.wait(lambda: one.ctl("show", "dht")["off"], 15, "dht no")
    t.match(one.run("show", "dht")[1], "^the DHT is off: .*dht no",
        "dht no: show dht says why")
    w.fails(FAILED, "the DHT is off", one, "put", "x")


def test(t):
    w = World(t)
    immutable(w)
    mutable(w)
    errors(w)
    shown(w)


mimtest.main(test)
