#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# URLs that lead to addresses of private networks: trackers and web seeds are
# not asked there, whichever way they are named, until the user allows it.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import udptracker
import webserver
from torrent import Torrent, bencode

LAN = "192.168.77.1"		# of the test, where nobody should look
LAN6 = "fd77::1"
SIZE = 300_000


class Lan:
    """Servers that no torrent has any business with."""

    def __init__(self, t, content):
        for addr in (LAN + "/24", LAN6 + "/64"):
            mimtest.ip("addr", "add", addr, "dev", "br0",
                *(["nodad"] if ":" in addr else []))
        self.http = tracker.Tracker(LAN)
        self.http6 = tracker.Tracker(LAN6)
        self.udp = udptracker.UdpTracker(LAN)
        self.web = webserver.Scripted(t, content, addr=LAN)

    def asked(self):
        return [a.path for a in self.http.announces + self.http6.announces] + \
            ["UDP"] * self.udp.connects + self.web.seen


def name_hosts(t, names):
    """Names for the daemon: one more /etc/hosts."""
    path = f"{t.root}/hosts"
    with open(path, "w") as f:
        f.writelines(f"{addr} {name}\n" for name, addr in names)
    subprocess.run(["mount", "--bind", path, "/etc/hosts"], check=True)


def away(url):
    return lambda handler, announce: handler.answer(b"", 302, Location=url)


def test(t):
    content = t.dir("content")
    lan = Lan(t, content)
    name_hosts(t, [("localhost", "127.0.0.1"), ("lan.test", LAN),
        ("both.test", LAN), ("both.test", mimtest.TEST_ADDR)])
    port = lan.http.port
    ours = tracker.Tracker(paths={
        "/to-lan": away(lan.http.url),
        "/to-name": away(f"http://lan.test:{port}/announce"),
        "/to-loopback": away("http://127.0.0.1:8080/announce"),
        "/to-udp": away(lan.udp.url),
        "/to-web": away(lan.web.url)})
    cases = {
        "address": (lan.http.url, "private address refused"),
        "mapped": (f"http://[::ffff:{LAN}]:{port}/announce",
            "private address refused"),
        "IPv6": (lan.http6.url, "private address refused"),
        "name": (f"http://lan.test:{port}/announce",
            "private address refused"),
        "UDP": (lan.udp.url, "private address refused"),
        "UDP name": (f"udp://lan.test:{lan.udp.port}/",
            "private address refused"),
        "loopback": ("http://localhost:8080/announce",
            "loopback address refused"),
        "redirect": (ours.base + "/to-lan", "private address refused"),
        "redirect to a name": (ours.base + "/to-name",
            "private address refused"),
        "redirect to loopback": (ours.base + "/to-loopback",
            "loopback address refused"),
        "redirect to UDP": (ours.base + "/to-udp", "not http or https"),
    }
    seeds = {
        "address": (lan.web.url, "private address refused"),
        "name": (f"http://lan.test:{lan.web.port}/",
            "private address refused"),
        "redirect": (ours.base + "/to-web", "private address refused"),
    }
    mim = mimd.Mimd(t)
    allow = "allow local trackers 10.99.0.0/16\n"
    mim.host.ip("route", "add", "192.168.77.0/24", "via", mimtest.TEST_ADDR)
    mim.host.ip("route", "add", "fd77::/64", "via", mimtest.TEST_ADDR6)
    mim.conf = mim.conf.replace("allow local trackers\n", allow)
    mim.write_conf(mim.conf)
    mim.start()

    both = Torrent("both", SIZE, 1 << 16).make(content)
    mim.add(both.save(f"{t.root}/both.torrent",
        f"http://both.test:{ours.port}/announce"))
    torrents = {}
    for name, (url, _) in cases.items():
        x = torrents[name] = Torrent(name, SIZE, 1 << 16, name).make(content)
        mim.add(x.save(f"{t.root}/{name}.torrent", url))
    web = Torrent("seeds", SIZE, 1 << 16, "web").make(content)
    path = f"{t.root}/seeds.torrent"
    with open(path, "wb") as f:
        f.write(bencode({"info": web.info,
            "url-list": [url for url, _ in seeds.values()]}))
    mim.add(path)

    row = lambda x: mim.torrent(x.infohash, "-t")["trackers"][0]
    for name, (_, pattern) in cases.items():
        error = t.wait(lambda: row(torrents[name])["error"], 30,
            f"the error of {name}")
        t.match(error, pattern, f"tracker, {name}")
    webseeds = lambda: mim.torrent(web.infohash, "all")["webseeds"]
    # While one has all of the torrent to fetch, the others ask again for it,
    # more and more seldom.
    t.wait(lambda: all(r["error"] for r in webseeds()), 90,
        lambda: f"errors of web seeds: {webseeds()}")
    for r, (name, (_, pattern)) in zip(webseeds(), seeds.items()):
        t.match(r["error"], pattern, f"web seed, {name}")
    t.wait(lambda: ours.of(both.infohash), 30, "the name with two addresses")
    t.equal(lan.asked(), [], "nobody there was asked")

    mim.write_conf(mim.conf.replace(allow, "allow local trackers 10.99.0.0/16 "
        "192.168.77.0/24\nallow local trackers \"fd77::/16\"\n"))
    mim.ctl("reload")
    mim.wait_state(web.infohash, "seeding", 90)
    t.ok(True, "a prefix that a reload allows is used by web seeds")
    for name in ("address", "IPv6", "name", "UDP", "UDP name", "redirect",
        "redirect to a name"):
        t.wait(lambda: row(torrents[name])["last"], 40,
            lambda: f"{name}: {row(torrents[name])}")
    t.ok(True, "and by trackers")
    t.match(row(torrents["loopback"])["error"], "loopback address refused",
        "others are refused as before")


mimtest.main(test)
