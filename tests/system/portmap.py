#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A mimd behind a router that translates addresses asks it for a port, and can
# then be reached from outside; routers that restart, refuse, lie or are not
# there.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import igdevice
import mimd
import mimtest
import natpmp
import router
import tracker
import wire
from torrent import Torrent


def mapping(daemon):
    """Also of a daemon whose children are just being replaced."""
    status, ports = daemon.ctl("show", "ports", check=False)
    return ports["mapping"] if status in (0, 6) else None


def wait_mapping(t, daemon, good, what):
    """Until what show ports says of the router is good; returns that."""
    return t.wait(lambda: (lambda m: m and good(m) and m)(mapping(daemon)),
        30, lambda: f"{what}: {mapping(daemon)}")


def mapped(port, external=None):
    """Does show ports say so of TCP and UDP?"""
    return lambda m: m["state"] == "mapped" and [(p["protocol"], p["port"],
        p["external_port"]) for p in m["ports"]] == [("tcp", port,
        external or port), ("udp", port, external or port)]


def failed(m):
    return m["state"] == "failed" and m["error"]


class Place:
    """A router, a host behind it, and a tracker outside."""

    def __init__(self, t, number, method):
        self.t = t
        self.method = method
        self.router = router.Router(t, number)
        self.host = self.router.client()
        self.tracker = tracker.Tracker(self.router.far)
        self.content = t.dir(f"content{number}")
        self.torrent = Torrent("one", 300_000, 1 << 16).make(self.content)
        self.file = self.torrent.save(f"{t.root}/{number}.torrent",
            self.tracker.url)
        self.daemon = mimd.Mimd(t, f"mimd{number}", host=self.host,
            conf=f"port mapping {method}\n")

    def seed(self):
        os.link(f"{self.content}/one", f"{self.daemon.root}/one")
        self.daemon.start()
        self.daemon.ctl("add", "-c", self.file)
        self.daemon.wait_state(self.torrent.infohash, "seeding", 30)

    def held(self, port, external=None):
        """Of Router.mappings(): TCP and UDP of a port."""
        return {(p, external or port): f"{self.host.addr}:{port}"
            for p in ("tcp", "udp")}

    def fetch(self, port):
        """A peer from outside connects to the router's address."""
        got = []
        peer = wire.connect(self.t, (self.router.outside, port),
            self.torrent.infohash, self.router.far)
        wire.leech(peer, self.torrent, [0], lambda *block: got.append(block))
        peer.close()
        return got == [(0, begin, self.torrent.read(self.content, 0, begin,
            wire.BLOCK)) for begin in range(0, 1 << 16, wire.BLOCK)]

    def nudge(self, addr):
        """The network has changed: all is looked at soon."""
        self.host.ip("addr", "add", addr + "/24", "dev", "eth0")


def reachable(t, p):
    """miniupnpd, and all that there is to it."""
    name = p.method
    p.seed()
    m = wait_mapping(t, p.daemon, mapped(6881), "a mapping")
    t.ok(m["router"] == router.INSIDE and m["address"] == p.router.outside
        and all(3500 < row["left"] <= 3600 for row in m["ports"]),
        f"{name}: show ports tells of it", m)
    t.equal(p.router.mappings(), p.held(6881), f"{name}: the router maps")
    t.ok(p.fetch(6881), f"{name}: a peer outside is served")
    t.match(p.daemon.run("show", "ports")[1],
        rf"mapped: {p.router.outside} port 6881 TCP, by ",
        f"{name}: in words, too")

    p.daemon.ctl("set", "port", "7001")
    wait_mapping(t, p.daemon, mapped(7001), "the other port")
    t.equal(p.router.mappings(), p.held(7001), f"{name}: another port is set")
    t.ok(p.fetch(7001), f"{name}: and leads to us")
    pid = p.daemon.processes()["portmap"]["pid"]
    os.kill(pid, 9)
    t.wait(lambda: p.daemon.processes()["portmap"]["pid"] not in (0, pid),
        20, "another portmap child")
    wait_mapping(t, p.daemon, mapped(7001), "its mapping")
    t.equal(p.router.mappings(), p.held(7001),
        f"{name}: a child that is killed begins anew")
    t.equal({a["port"] for a in p.tracker.of(p.torrent.infohash)} -
        {"6881", "7001"}, set(), f"{name}: trackers are told these ports")
    p.daemon.stop()
    t.equal(p.router.mappings(), {}, f"{name}: nothing is left at its end")


def by_natpmp(t):
    p = Place(t, 1, "nat-pmp")
    p.router.start(natpmp=True)
    reachable(t, p)


def by_upnp(t):
    """Also a router that is switched off and on, and has another port."""
    p = Place(t, 4, "upnp")
    p.daemon.write_conf(p.daemon.conf + "bind device eth0\n")
    p.router.start(upnp=True)
    reachable(t, p)
    p.daemon.start()
    wait_mapping(t, p.daemon, mapped(6881), "a mapping once more")
    p.router.stop()
    p.router.clear()
    p.router.start(upnp=True)
    p.nudge("192.168.77.53")
    t.wait(lambda: p.router.mappings() == p.held(6881), 40,
        lambda: f"mappings made anew: {mapping(p.daemon)}")
    t.ok(p.fetch(6881), "upnp: a router that has forgotten is told anew")
    p.daemon.write_conf(p.daemon.conf.replace("port mapping upnp\n", "") +
        "bind device eth0\n")
    p.daemon.ctl("reload")
    t.wait(lambda: "portmap" not in p.daemon.processes(), 20,
        "the end of the child")
    t.ok(p.router.mappings() == {} and mapping(p.daemon) is None,
        "upnp: without the setting there is neither child nor mapping")


def nobody(t):
    """A router that knows of nothing."""
    p = Place(t, 5, "yes")
    p.daemon.start()
    m = wait_mapping(t, p.daemon, failed, "nobody to be found")
    t.match(m["error"], "^NAT-PMP: the router does not speak it; "
        "UPnP: no router answers$", "no router is told in words")
    t.ok(p.daemon.processes()["portmap"]["cpu_ms"] < 2000,
        "and not looked for all the time")
    p.router.start(natpmp=True)
    p.nudge("192.168.77.54")
    wait_mapping(t, p.daemon, mapped(6881), "one that has come")
    t.equal(p.router.mappings(), p.held(6881), "one that comes later is used")
    p.daemon.proc.kill()
    t.wait(lambda: p.router.mappings() == {}, 20, "the child to clean up")
    t.ok(True, "when mimd is killed, its child still unmaps")


def scripted(t):
    """A router that gives other ports, begins anew, refuses and lies."""
    p = Place(t, 2, "yes")
    r = natpmp.Responder(t, p.router, router.INSIDE, p.router.outside)
    r.external[6881] = 50123
    p.seed()
    wait_mapping(t, p.daemon, mapped(6881, 50123), "another port outside")
    t.wait(lambda: [a for a in p.tracker.of(p.torrent.infohash)
        if a["port"] == "50123"], 30, "an announce with that port")
    t.equal(p.daemon.ctl("show", "ports")["announced_port"], 50123,
        "a port that the router chose is what others are told")
    r.restart()
    p.nudge("192.168.77.50")
    t.wait(lambda: set(r.mapped) == {(natpmp.TCP, 6881), (natpmp.UDP, 6881)},
        30, lambda: f"mappings made anew: {r.asked}")
    t.ok(True, "a router that has begun anew is asked anew")
    t.equal(r.asked[-1][2], 50123, "for the port that others know")
    p.daemon.write_conf(p.daemon.conf + "announce port 4242\n")
    p.daemon.ctl("reload")
    t.equal(p.daemon.ctl("show", "ports")["announced_port"], 4242,
        "announce port has its way")
    p.daemon.stop()
    t.equal(r.mapped, {}, "its mappings are given back")


def hostile(t):
    """
    Whatever it says: an error in words, and no haste.  It is a router by
    name, to which no route leads.
    """
    p = Place(t, 3, f"nat-pmp router {router.INSIDE}")
    p.host.ip("route", "del", "default")
    r = natpmp.Responder(t, p.router, router.INSIDE, p.router.outside)
    junk = [b"", b"\0", b"\0\x80", os.urandom(7), b"\0\x82\0\0" + bytes(6),
        os.urandom(1400), b"\0\x83" + bytes(14), b"\0\x00" + bytes(14)]

    def truncated(question, answer):
        return junk + [answer[:-1]]
    r.script = truncated
    p.daemon.start()
    m = wait_mapping(t, p.daemon, failed, "garbage to be no answer")
    t.match(m["error"], "NAT-PMP: the router does not answer",
        "garbage and cut off answers are none")
    t.ok(len(r.asked) <= 8, "it is asked again a few times", r.asked)
    r.script = lambda question, answer: answer[:2] + b"\0\2" + answer[4:]
    p.nudge("192.168.77.51")
    m = wait_mapping(t, p.daemon, lambda m: failed(m) and
        "does not allow it" in m["error"], "a refusal")
    t.match(p.daemon.run("show", "ports")[1], "not mapped: NAT-PMP: "
        "the router does not allow it", "a refusal is told in words")
    r.script = lambda question, answer: [junk[3], answer]
    p.nudge("192.168.77.52")
    wait_mapping(t, p.daemon, mapped(6881), "a mapping after all")
    t.equal(p.daemon.processes()["portmap"]["restarts"], 0,
        "the child lives through it all")


class Device(igdevice.Device):
    """Has others on some ports, and grants nothing but for ever."""

    def __init__(self, t, p):
        super().__init__(t, p.router, router.INSIDE, self.answer)
        self.t = t
        self.outside = p.router.outside
        self.endless = False
        self.sent = 0

    def answer(self, sock, action, fields):
        if self.endless:
            sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                self.sent += sock.send(b"<a>" * 1000)
        elif action is None:
            igdevice.reply(sock, igdevice.DESCRIPTION)
        elif action == "GetExternalIPAddress":
            igdevice.reply(sock, "<NewExternalIPAddress>"
                f"{self.outside}</NewExternalIPAddress>")
        elif action == "AddPortMapping" and fields["LeaseDuration"] != "0":
            igdevice.fault(sock, 725, "OnlyPermanentLeasesSupported")
        elif action == "AddPortMapping" and fields["ExternalPort"] == "6881":
            igdevice.fault(sock, 718, "ConflictInMappingEntry")
        else:
            igdevice.reply(sock, "<ok/>")


def device(t):
    """A router that speaks UPnP in its own way, or lies."""
    p = Place(t, 6, "upnp")
    d = Device(t, p)
    d.endless = True
    p.daemon.start()
    m = wait_mapping(t, p.daemon, failed, "an end of it")
    t.match(m["error"], "the router's answer is too long",
        "upnp: an answer without end is given up")
    t.ok(d.sent < 8 << 20, "upnp: after some of it", d.sent)
    d.endless = False
    # Not where it is, and whoever is sent there gets an answer.
    location = d.location
    d.location = location.replace(router.INSIDE, p.router.outside)
    asked = len(d.asked)
    p.nudge("192.168.77.55")
    wait_mapping(t, p.daemon, lambda m: failed(m) and "no router answers" in
        m["error"], "nobody to be found")
    t.equal(len(d.asked), asked, "upnp: nobody sends us elsewhere")
    d.location = location
    p.nudge("192.168.77.56")
    m = wait_mapping(t, p.daemon, lambda m: m["state"] == "mapped",
        "another port")
    ports = {row["external_port"] for row in m["ports"]}
    t.ok(len(ports) == 1 and min(ports) >= 49152 and
        all(row["left"] is None for row in m["ports"]),
        "upnp: another port if it is taken, for ever if it must be", m)
    t.match(p.daemon.run("show", "ports")[1], "UDP, by UPnP of 192.168.77.1, "
        "without a limit", "upnp: as show ports says")
    p.daemon.stop()
    t.equal([(a, f["ExternalPort"]) for a, f in d.asked[-2:]],
        [("DeletePortMapping", str(min(ports)))] * 2,
        "upnp: it is taken back at the end")


def test(t):
    t.together(lambda: by_natpmp(t), lambda: by_upnp(t), lambda: nobody(t),
        lambda: scripted(t), lambda: hostile(t), lambda: device(t))


mimtest.main(test)
