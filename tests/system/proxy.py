#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Proxies: what goes through one never goes directly, whether it works or not,
# and names are resolved by it alone.

import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import proxies
import tracker
import webserver
from capture import Capture, target
from torrent import Torrent

NAME = "proxy.test"		# of the SOCKS proxy, in the daemon's hosts(5)
LOGIN = ("bob", "s3 cret")
UDP = "UDP does not go through the proxy"
NODE = (mimtest.TEST_ADDR, 6881)	# to begin the DHT with, which nobody has


class World:
    def __init__(self, t):
        self.t = t
        self.tracker = tracker.Tracker()
        self.web = webserver.Scripted(t, t.dir("web"))
        self.names = {"tracker.test": mimtest.TEST_ADDR,
            "web.test": self.web.addr}
        self.socks = proxies.Socks(t, self.names, LOGIN)
        self.http = proxies.Http(t, self.names)
        self.know_proxy(self.socks.addr)
        self.host = t.host()
        self.capture = Capture(f"v{t.hosts}")
        self.content = t.dir("content")
        self.torrents = {}

    def know_proxy(self, addr):
        """A resolv.conf of a server that is seen to be asked, and hosts."""
        for path, text in (("/etc/resolv.conf",
            f"nameserver {mimtest.TEST_ADDR}\n"),
            ("/etc/hosts", f"127.0.0.1 localhost\n{addr} {NAME}\n")):
            own = os.path.join(self.t.root, os.path.basename(path))
            with open(own, "w") as f:
                f.write(text)
            os.chmod(own, 0o644)
            subprocess.run(["mount", "--bind", own, os.path.realpath(path)],
                check=True)

    def torrent(self, name, root, *more, size=2_000_000):
        torrent = Torrent(name, size, 1 << 16).make(root)
        torrent.file = torrent.save(f"{self.t.root}/{name}.torrent",
            f"http://tracker.test:{self.tracker.port}/announce", *more)
        return torrent

    def seeded(self, name, *more):
        """One that a libtorrent has, which the tracker tells of."""
        torrent = self.torrent(name, self.content, *more)
        seed = clients.Libtorrent(self.t, torrent.file, name=name,
            seed=True, root=self.content)
        self.tracker.known[torrent.infohash] = [(seed.addr, seed.PORT)]
        torrent.seed = seed
        return torrent

    def clean(self, allowed, what):
        """Nothing went anywhere but to the proxies."""
        seen = {target(frame) for frame in list(self.capture.seen)}
        self.t.equal(seen - set(allowed), set(), "only the proxy: " + what)

    def sources(self, torrent):
        return {a.addr for a in self.tracker.of(torrent.infohash)}


def errors(daemon, torrent):
    return [row["error"] or "" for row in
        daemon.torrent(torrent.infohash, "-t")["trackers"]]


def proxy_error(daemon):
    return daemon.ctl("status")["proxy"]


def configure(daemon, lines):
    """The test's lines before those that every daemon has but for listen."""
    rest = "".join(line for line in daemon.conf.splitlines(True)
        if not line.startswith("listen"))
    daemon.write_conf(lines + rest)


def check_secret(t, w, daemon):
    program = [mimtest.program("mimd"), "-nv", "-f", daemon.conf_path]
    os.chmod(daemon.conf_path, 0o644)
    done = subprocess.run(program, capture_output=True, text=True)
    t.match(done.stderr, "others may read this file",
        "a password in a file that others may read is refused")
    t.ok(LOGIN[1] not in done.stderr and done.returncode != 0,
        "without telling it", done.stderr)
    os.chmod(daemon.conf_path, 0o600)
    done = subprocess.run(program, capture_output=True, text=True)
    t.ok(done.returncode == 0 and "user \"bob\"" in done.stdout and
        LOGIN[1] not in done.stdout + done.stderr,
        "the configuration is printed without its password", done.stdout)


def check_ports(t, w, daemon):
    ports = daemon.ctl("show", "ports")
    t.equal([(p["use"], p["kind"], p["host"], p["port"], p["error"])
        for p in ports["proxies"]],
        [(use, "socks5", NAME, w.socks.port, None) for use in
        ("trackers, web seeds", "peers")], "show ports tells of the proxy")
    t.equal((ports["listening"], [s for s in ports["sockets"]
        if s["protocol"] == "udp" or s["use"] == "listening"]), ([], []),
        "it listens nowhere, and has no UDP socket")
    t.match(daemon.ctl("show", "dht")["off"], "proxy",
        "it has no node of the DHT")


def for_all(t, w, daemon):
    first = w.seeded("first", "udp://udp.test:6969/announce")
    second = w.seeded("second")
    daemon.add(first.file)
    t.wait(lambda: 0 < daemon.torrent(first.infohash)["have"] < first.size,
        30, "half of a torrent")
    t.wait(lambda: any(UDP in e for e in errors(daemon, first)), 20,
        "the UDP tracker to be left out")
    t.ok(("tracker.test", w.tracker.port) in w.socks.asked,
        "the proxy is asked for the tracker by name", w.socks.asked)
    check_ports(t, w, daemon)

    # The proxy dies in the midst of it.
    w.socks.stop()
    why = f"proxy {NAME}:{w.socks.port}: Connection refused"
    daemon.add(second.file)
    daemon.ctl("peers", "all", "add", f"{second.seed.addr}:"
        f"{second.seed.PORT}")
    t.wait(lambda: proxy_error(daemon) == why, 30, "its end to be seen")
    t.match(daemon.run("status")[1], "what is to go through the proxy waits",
        "status says so")
    t.wait(lambda: any(why in e for e in errors(daemon, second)), 30,
        "a tracker that cannot be asked")
    t.wait(lambda: not daemon.peers(first.infohash), 20, "peers to be gone")
    t.ok(daemon.torrent(first.infohash)["have"] < first.size,
        "nothing goes on meanwhile")
    w.clean([w.socks.where], "while it was down")

    w.socks.start()
    daemon.ctl("limit", "down", "unlimited")
    for torrent in first, second:
        daemon.wait_state(torrent.infohash, "seeding", 60)
        t.equal(torrent.wrong(daemon.root), None, "all goes on: bit-exact")
    t.wait(lambda: proxy_error(daemon) is None, 20, "it to be well again")
    t.wait(lambda: w.sources(second), 40, "its announce")
    t.equal(w.sources(first) | w.sources(second), {w.socks.addr},
        "the tracker knows the proxy's address alone")
    t.ok(all(addr == w.socks.addr for torrent in (first, second)
        for addr, _ in torrent.seed.peers()), "so do peers",
        first.seed.peers())
    w.clean([w.socks.where], "in all this time")
    return first, second


def http_for_trackers(t, w, daemon):
    """Another kind, by a reload: trackers and web seeds."""
    host, port = w.http.where
    configure(daemon, f"proxy http {host}:{port} for trackers\n")
    daemon.ctl("reload")
    torrent = w.torrent("third", w.web.root, size=500_000)
    torrent.file = tracker_and_web(w, torrent)
    body = mimtest.read_bytes(torrent.file)
    w.tracker.paths["/file"] = lambda handler, _: handler.answer(body)
    t.equal(daemon.run("add", f"http://tracker.test:{w.tracker.port}/file")
        [0], 0, "a torrent is added by URL, by an HTTP proxy")
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None,
        "a web seed by an HTTP proxy: bit-exact")
    t.wait(lambda: w.sources(torrent), 40, "its announce")
    t.equal(w.sources(torrent), {w.http.addr}, "so are trackers")
    t.ok({host for host, _ in w.http.asked} == {"tracker.test", "web.test"},
        "which resolves their names", w.http.asked)


def tracker_and_web(w, torrent):
    with open(torrent.file, "rb") as f:
        data = f.read()
    url = f"http://web.test:{w.web.port}/"
    path = torrent.file.replace(".torrent", "-web.torrent")
    with open(path, "wb") as f:
        f.write(data[:-1] + b"8:url-list%d:%se" % (len(url), url.encode()))
    return path


def microsocks(t, w, daemon):
    """Another's SOCKS server, first with a password that is wrong."""
    addr = t.addr()
    with socket.socket() as s:
        s.bind((addr, 0))
        port = s.getsockname()[1]
    server = t.spawn(["microsocks", "-i", addr, "-p", str(port), "-u", "bob",
        "-P", "right"], f"{t.root}/microsocks.log")
    t.closers.append(lambda: mimtest.stop(server))
    conf = f"proxy socks5 {addr}:{port} user bob password %s for all\n"
    configure(daemon, conf % "wrong")
    daemon.ctl("reload")
    torrent = Torrent("fourth", 500_000, 1 << 16).make(w.content)
    torrent.file = torrent.save(f"{t.root}/fourth.torrent", w.tracker.url)
    seed = clients.Libtorrent(t, torrent.file, name="fourth", seed=True,
        root=w.content)
    w.tracker.known[torrent.infohash] = [(seed.addr, seed.PORT)]
    daemon.add(torrent.file)
    t.wait(lambda: proxy_error(daemon) ==
        f"proxy {addr}:{port}: refuses the user or password", 40,
        "the password to be refused")
    configure(daemon, conf % "right")
    daemon.ctl("reload")
    daemon.wait_state(torrent.infohash, "seeding", 60)
    t.equal(torrent.wrong(daemon.root), None, "microsocks: bit-exact")
    return addr, port


def directly(t, w, daemon):
    """Without the lines: the capture would have seen it."""
    configure(daemon, "")
    daemon.ctl("reload")
    daemon.ctl("announce", "all", check=False)
    t.wait(lambda: any(target(frame) == (mimtest.TEST_ADDR, 53)
        for frame in list(w.capture.seen)), 30, "names to be looked up")
    t.wait(lambda: daemon.ctl("show", "ports")["listening"], 10,
        "it to listen")
    t.ok(True, "without \"proxy\" it goes its own ways, and is seen to")
    with open(t.root + "/hosts", "a") as f:	# to end without delay
        f.write(f"{mimtest.TEST_ADDR} tracker.test\n")


def test(t):
    w = World(t)
    daemon = mimd.Mimd(t, "proxied", host=w.host, conf="rate down 300K\n"
        f"dht yes\ndht bootstrap {NODE[0]} port {NODE[1]}\n")
    user, password = LOGIN
    configure(daemon, f"proxy socks5 {NAME}:{w.socks.port} user {user} "
        f"password \"{password}\" for all\n")
    check_secret(t, w, daemon)
    daemon.start()
    first, _ = for_all(t, w, daemon)
    daemon.ctl("remove", first.infohash)	# its UDP tracker is nowhere
    allowed = [w.socks.where, w.http.where]
    http_for_trackers(t, w, daemon)
    allowed.append(microsocks(t, w, daemon))
    allowed.append(NODE)
    for torrent_peers in w.tracker.known.values():
        allowed += torrent_peers	# not proxied with "for trackers"
    w.clean(allowed, "to the end")
    directly(t, w, daemon)


mimtest.main(test)
