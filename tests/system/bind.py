#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A network that obeys: what is bound to a device sends nothing by another, also
# when the device goes away in the midst of things; ports that are set, random,
# or announced apart.

import os
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import wire
from capture import Capture
from torrent import Torrent

FAR = "10.98.0.1"		# of the test, on the network of wg0
NEAR = "10.98.0.2"		# of the daemon there
AWAY = "wg0 is not there"



class NameServer:
    """Every name is the test's address; remembers who asked."""

    def __init__(self, t):
        self.asked = []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((FAR, 53))
        conf = t.root + "/resolv.conf"
        with open(conf, "w") as f:
            f.write(f"nameserver {FAR}\n")
        os.chmod(conf, 0o644)
        subprocess.run(["mount", "--bind", conf,
            os.path.realpath("/etc/resolv.conf")], check=True)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            query, who = self.sock.recvfrom(512)
            self.asked.append(who[0])
            end = query.index(b"\0", 12) + 5
            answer = b""
            if query[end - 4:end - 2] == b"\0\1":
                answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + \
                    socket.inet_aton(FAR)
            self.sock.sendto(query[:2] + b"\x81\x80\0\1" +
                struct.pack(">HHH", bool(answer), 0, 0) + query[12:end] +
                answer, who)


def second_network():
    mimtest.ip("link", "add", "br1", "type", "bridge")
    mimtest.ip("addr", "add", FAR + "/16", "dev", "br1")
    mimtest.ip("link", "set", "br1", "up")


def make_device(host):
    mimtest.ip("link", "add", "w1", "type", "veth", "peer", "name", "wg0",
        "netns", str(host.proc.pid))
    mimtest.ip("link", "set", "w1", "master", "br1", "up")
    host.ip("addr", "add", NEAR + "/16", "dev", "wg0")
    host.ip("link", "set", "wg0", "up")


def network(daemon):
    return daemon.ctl("status")["network"]


def errors(daemon, infohash):
    return [row["error"] or "" for row in
        daemon.torrent(infohash, "-t")["trackers"]]


def can_connect(addr, port):
    try:
        socket.create_connection((addr, port), 5).close()
        return True
    except OSError:
        return False


class World:
    """A daemon that may use wg0 alone, and could reach all by eth0."""

    def __init__(self, t):
        self.t = t
        second_network()
        # First: it wants to know its own name.
        self.tracker = tracker.Tracker(FAR, paths={"/busy": self.busy})
        self.names = NameServer(t)
        self.host = t.host()
        self.capture = Capture(f"v{t.hosts}")
        # Whoever is free to choose goes by eth0.
        self.host.ip("route", "add", FAR + "/32", "via", mimtest.TEST_ADDR)
        for name in "all", "default":
            subprocess.run([*self.host.prefix, "sysctl", "-qw",
                f"net.ipv4.conf.{name}.rp_filter=0"], check=True)
        self.content = t.dir("content")
        self.is_busy = True
        self.torrents = []
        self.seeds = []
        for name, path in (("first", "announce"), ("second", "announce"),
            ("third", "busy")):
            torrent = Torrent(name, 2_000_000, 1 << 16).make(self.content)
            torrent.file = torrent.save(f"{t.root}/{name}.torrent",
                f"http://{name}.test:{self.tracker.port}/{path}")
            self.torrents.append(torrent)
            seed = wire.Seed(t, torrent, self.content, addr=FAR)
            self.seeds.append(seed)
            self.tracker.known[torrent.infohash] = [seed.peer]

    def busy(self, handler, announce):
        if self.is_busy:
            handler.answer(b"later", 503)
        else:
            handler.answer(tracker.bencode(self.tracker.reply(announce)))

    def clean(self, what):
        self.t.equal([frame.hex() for frame in self.capture.seen], [],
            "nothing by eth0: " + what)


def check_ports(t, w, daemon):
    """show ports: every socket of every process, as the kernel says."""
    ports = t.wait(lambda: (lambda p: {"peers", "listening", "DHT"} <=
        {s["use"] for s in p["sockets"]} and p)(daemon.ctl("show", "ports")),
        10, "sockets to show")
    t.ok(ports["device"] == "wg0" and all(s["bound"] and
        s["device"] == "wg0" for s in ports["sockets"]),
        "show ports: all sockets are bound to the device", ports)
    t.equal({(l["address"], l["port"], l["error"]) for l in
        ports["listening"]}, {("0.0.0.0", 6881, None), ("::", 6881, None)},
        "show ports: where it listens")


def comes_and_goes(t, w, daemon):
    first, second, _ = w.torrents
    t.equal(network(daemon), AWAY, "it starts without its device")
    daemon.add(first.file)
    t.wait(lambda: AWAY in "".join(errors(daemon, first.infohash)), 30,
        "an announce that may not be")
    make_device(w.host)
    t.wait(lambda: 0 < daemon.torrent(first.infohash)["have"] < first.size,
        20, "half of a torrent")
    t.ok(True, "it begins by itself once the device is there")
    check_ports(t, w, daemon)

    w.host.ip("link", "del", "wg0")
    t.wait(lambda: network(daemon) == AWAY, 20, "the loss to be seen")
    t.wait(lambda: not daemon.peers(first.infohash), 20, "peers to be gone")
    t.match(daemon.run("status")[1], AWAY + ": nothing is sent or received",
        "status says so")
    t.wait(lambda: daemon.ctl("show", "ports")["sockets"] == [], 20,
        "no process to have a socket")
    t.equal(daemon.ctl("show", "dht")["off"], AWAY, "the DHT is off, too")
    # Now it is asked for all that it must not do.
    asked = len(w.names.asked)
    daemon.add(second.file)
    daemon.ctl("peers", "all", "add", "%s:%d" % w.seeds[1].peer)
    daemon.ctl("set", "port", "7123")
    t.wait(lambda: AWAY in "".join(errors(daemon, second.infohash)), 30,
        "another announce that may not be")
    t.ok(daemon.torrent(first.infohash)["have"] < first.size and
        len(w.names.asked) == asked, "nothing goes on meanwhile")
    w.clean("while the device was away")

    make_device(w.host)
    daemon.ctl("limit", "down", "unlimited")
    for torrent in first, second:
        daemon.wait_state(torrent.infohash, "seeding", 30)
        t.equal(torrent.wrong(daemon.root), None, "all goes on: bit-exact")
    t.wait(lambda: w.tracker.of(second.infohash), 40, "its announce")
    t.equal({a.addr for a in w.tracker.announces} | set(w.names.asked),
        {NEAR}, "trackers and name servers were asked by the device")
    t.equal(w.tracker.of(second.infohash)[0]["port"], "7123",
        "trackers are told the port that was set")
    t.ok(can_connect(NEAR, 7123) and not can_connect(NEAR, 6881),
        "it listens there, and there alone")
    t.wait(lambda: [n["port"] for n in daemon.ctl("show", "dht")["nodes"]]
        == [7123, 7123], 20, "the DHT to be there, too")
    log = daemon.log()
    t.equal((log.count(AWAY), log.count("is there again")), (2, 2),
        "the log says it once each time")
    w.clean("in all this time")


def network_changes(t, w, daemon):
    """Another address: who failed is asked again soon, not in a minute."""
    third = w.torrents[2]
    daemon.add(third.file)
    t.wait(lambda: "503" in "".join(errors(daemon, third.infohash)), 30,
        "an announce that fails")
    w.is_busy = False
    w.host.ip("addr", "add", "10.98.0.3/16", "dev", "wg0")
    daemon.wait_state(third.infohash, "seeding", 20)
    t.ok(True, "a change of addresses is told to trackers")
    w.clean("to the end")


def unbound(t, w, daemon):
    """The same daemon without the line: the capture would have seen it."""
    daemon.write_conf(daemon.conf.replace("bind device wg0\n", ""))
    daemon.ctl("reload")
    t.wait(lambda: can_connect(w.host.addr, 6881), 10, "eth0 to be used")
    t.wait(lambda: w.capture.seen, 20, "the capture to see it")
    t.ok(True, "without \"bind device\" it uses eth0")
    t.equal(can_connect(NEAR, 7123), False,
        "a port that was set lasts until a reload")
    daemon.write_conf(daemon.conf)
    daemon.ctl("reload")
    t.wait(lambda: can_connect(NEAR, 6881), 10, "wg0 to be used")
    t.equal(can_connect(w.host.addr, 6881), False,
        "a reload binds what was not")


def address(t, w):
    """An address, a random port, and another one that is announced."""
    host = t.host()
    own = "10.99.7.7"
    host.ip("addr", "add", own + "/16", "dev", "eth0")
    host.ip("route", "add", "10.98.0.0/16", "via", mimtest.TEST_ADDR)
    daemon = mimd.Mimd(t, "address", port="random", host=host,
        conf=f"bind address {own}\nannounce port 4242\nlsd no\ndht yes\n"
        "dht bootstrap none\n").start()
    torrent = w.torrents[1]
    before = len(w.tracker.announces)
    daemon.add(torrent.file)
    daemon.wait_state(torrent.infohash, "seeding", 20)
    t.equal({(a.addr, a["port"]) for a in w.tracker.announces[before:]},
        {(own, "4242")}, "bind address, announce port")
    t.equal(w.names.asked[-1], own, "names are asked for by that address")
    ports = daemon.ctl("show", "ports")
    port = ports["listening"][0]["port"]
    t.ok(ports["addresses"] == [own] and [l["address"] for l in
        ports["listening"]] == [own] and port >= 49152 and
        can_connect(own, port) and not can_connect(host.addr, port),
        "a random port, at that address alone", ports)
    daemon.ctl("reload")
    t.equal(daemon.ctl("show", "ports")["listening"][0]["port"], port,
        "the random port outlives a reload")
    daemon.stop()
    daemon.start()
    t.equal(daemon.ctl("show", "ports")["listening"][0]["port"], port,
        "and a restart")
    host.ip("addr", "del", own + "/16", "dev", "eth0")
    t.wait(lambda: network(daemon) == own + " is not there", 20,
        "the address to be missed")
    host.ip("addr", "add", own + "/16", "dev", "eth0")
    t.wait(lambda: can_connect(own, port), 20, "it to be back")
    t.equal(network(daemon), None, "an address may go and come")


def test(t):
    w = World(t)
    # An ordinary user may bind to a device, too.
    daemon = mimd.Mimd(t, "device", user=mimd.SPARE_USER, host=w.host,
        conf="bind device wg0\nrate down 200K\nport mapping yes\nlsd yes\n"
        "dht yes\ndht bootstrap none\n").start()
    comes_and_goes(t, w, daemon)
    network_changes(t, w, daemon)
    unbound(t, w, daemon)
    address(t, w)


mimtest.main(test)
