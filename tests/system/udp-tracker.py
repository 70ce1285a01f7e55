#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# UDP trackers: a real one, scripted ones that answer oddly or by IPv6, and
# trackers of both families, which are told of each of our addresses.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
import tracker
import udptracker
import wire
from torrent import Torrent, bencode

SIZE = 300_000
PORT = 6969		# of nobody until a test says so


def wrong_id(announce):
    announce.fail(b"not for you", tid=announce.tid ^ 1)
    announce.answer()


def wrong_source(announce):
    announce.fail(b"not from here", sock=announce.server.other)
    announce.answer()


def too_short(announce):
    announce.send(b"\0\0\0\1" + announce.tid.to_bytes(4, "big") + b"\0\0\7\x08")


def refuse(announce):
    announce.fail(b"go \x1b[31maway\n")


def huge(announce):
    announce.answer(bytes.fromhex("0a6340011ae1") * 9000)


def odd(announce):
    announce.answer(bytes.fromhex("0a6340011ae1") + b"abc")


def forget(announce):
    """As one that was restarted: the connection ids are gone, once."""
    server = announce.server
    if len(server.of(announce.infohash)) == 1:
        server.connections.clear()
        announce.fail(b"Connection ID missmatch.")
    else:
        announce.answer()


def deaf(announce):
    pass


# Answers that do; others, and pattern of the error.
GOOD = {"wrong id": wrong_id, "wrong source": wrong_source, "huge": huge,
    "odd": odd, "forget": forget}
BAD = {"too short": (too_short, "10.99.0.1: the answer is not a tracker's"),
    "refuse": (refuse, "go .*away")}


def path_of(name):
    return "/" + name.replace(" ", "-") + "?key=" + name[0]


def row_of(daemon, torrent):
    return daemon.torrent(torrent.infohash, "-t")["trackers"][0]


def outcome(daemon, torrent):
    row = row_of(daemon, torrent)
    return row if row["error"] or row["last"] else None


def add(t, daemon, name, url):
    torrent = Torrent(name, SIZE, 1 << 15, name).make(t.dir("content"))
    daemon.add(torrent.save(f"{t.root}/{name}.torrent", url))
    return torrent


def odd_answers(t, daemon):
    scripts = GOOD | {name: script for name, (script, _) in BAD.items()} | \
        {"deaf": deaf}
    server = udptracker.UdpTracker(paths={path_of(name): script
        for name, script in scripts.items()})
    torrents = {name: add(t, daemon, name, server.base + path_of(name))
        for name in scripts}
    for name in GOOD:
        row = t.wait(lambda: outcome(daemon, torrents[name]), 45, name)
        t.equal((row["state"], row["seeds"]), ("waiting", 7),
            f"{name}: the right answer counts")
        t.match(row["error"] or "", "odd length" if name == "odd" else "^$",
            f"{name}: nothing else shows")
    for name, (_, pattern) in BAD.items():
        row = t.wait(lambda: outcome(daemon, torrents[name]), 45, name)
        t.match(row["error"], pattern, f"{name}: the error shows")
        t.ok(row["error"].isprintable(), f"{name}: safe to print", row)
    t.wait(lambda: server.of(torrents["deaf"].infohash), 30, "an announce")
    t.equal(row_of(daemon, torrents["deaf"])["state"], "announcing",
        "one that does not answer is waited for")
    t.equal(len({a.key for a in server.announces}), 1, "one key for all")
    t.ok(server.connects < len(scripts), "connection ids are used again",
        server.connects)
    return server, torrents


def six(t, daemon):
    """Peers of 18 bytes, from a tracker that has IPv6 alone."""
    server = udptracker.UdpTracker(mimtest.TEST_ADDR6)
    torrent = Torrent("six", SIZE, 1 << 15, "six").make(t.dir("content"))
    seed = wire.Seed(t, torrent, t.dir("content"), addr=mimtest.TEST_ADDR6)
    server.fixed = [seed.peer]
    daemon.add(torrent.save(f"{t.root}/six.torrent", server.url))
    daemon.wait_state(torrent.infohash, "seeding", 45)
    t.equal(torrent.wrong(daemon.root), None, "over IPv6: bit-exact")
    t.equal(server.of(torrent.infohash)[0].addr[0], daemon.host.addr6,
        "announced over IPv6")


def lend_name(t, name):
    """A name with addresses of both families, in these namespaces alone."""
    copy = f"{t.root}/hosts"
    with open(copy, "w") as f:
        f.write(f"127.0.0.1 localhost\n{mimtest.TEST_ADDR} {name}\n"
            f"{mimtest.TEST_ADDR6} {name}\n")
    subprocess.run(["mount", "--bind", copy, "/etc/hosts"], check=True)


def counts(daemon, torrent):
    row = row_of(daemon, torrent)
    return row["seeds"], row["leeches"], row["downloads"]


def scrapes(t, daemon):
    """What an announce does not tell is asked for; also of the stopped."""
    udp = udptracker.UdpTracker()
    http = tracker.Tracker(paths={
        "/announce": lambda handler, announce:
            handler.answer(bencode({"interval": 1800, "peers": b""})),
        "/scrape": scrape})
    stopped = [Torrent(f"rest {i}", SIZE, 1 << 15, f"rest {i}")
        .make(t.dir("content")) for i in range(3)]
    for torrent in stopped:
        daemon.add(torrent.save(f"{t.root}/{torrent.name}.torrent", udp.url),
            "-P")
    for torrent in stopped:
        t.wait(lambda: counts(daemon, torrent) == (11, 13, 12), 45,
            "the counts of one that rests")
    t.equal({h for hashes in udp.scrapes for h in hashes},
        {torrent.infohash for torrent in stopped}, "UDP: each is asked for")
    t.equal(udp.announces, [], "UDP: and not announced")
    silent = add(t, daemon, "silent", http.url + "?key=1")
    t.wait(lambda: http.of(silent.infohash, path="/scrape"), 45, "a scrape")
    t.wait(lambda: counts(daemon, silent) == (21, 22, 23), 45, "its counts")
    t.equal(http.of(silent.infohash, path="/scrape")[0]["key"], "1",
        "HTTP: what an announce does not tell is asked for, by its key")


def scrape(handler, announce):
    handler.answer(bencode({"files": {announce.params["info_hash"]:
        {"complete": 21, "incomplete": 22, "downloaded": 23}}}))


def refused(t, daemon):
    """A closed port: nobody waits for an answer; then somebody is there."""
    torrents = [add(t, daemon, f"closed {i}", f"udp://{addr}:{PORT}/announce")
        for i, addr in enumerate((mimtest.TEST_ADDR,
        f"[{mimtest.TEST_ADDR6}]"))]
    for torrent in torrents:
        row = t.wait(lambda: outcome(daemon, torrent), 45, torrent.name)
        t.match(row["error"], "^(10.99.0.1|fd99::1): Connection refused$",
            f"{torrent.name}: is no riddle")
    servers = [udptracker.UdpTracker(addr, PORT)
        for addr in (mimtest.TEST_ADDR, mimtest.TEST_ADDR6)]
    for server, torrent in zip(servers, torrents):
        t.wait(lambda: server.of(torrent.infohash, "started"), 45,
            torrent.name)
        t.ok(True, f"{torrent.name}: used when it is open")


def both_families(t, daemon):
    lend_name(t, "both.test")
    udp = [udptracker.UdpTracker()]
    udp.append(udptracker.UdpTracker(mimtest.TEST_ADDR6, udp[0].port))
    http = [tracker.Tracker()]
    http.append(tracker.Tracker(mimtest.TEST_ADDR6, http[0].port))
    torrents = {
        "UDP": (udp, add(t, daemon, "by UDP",
            f"udp://both.test:{udp[0].port}/announce")),
        "HTTP": (http, add(t, daemon, "by HTTP",
            f"http://both.test:{http[0].port}/announce"))}
    for what, (servers, torrent) in torrents.items():
        for server in servers:
            t.wait(lambda: server.of(torrent.infohash), 45, what)
        t.wait(lambda: row_of(daemon, torrent)["state"] == "waiting", 30,
            "the end of both")
        t.equal([len(s.of(torrent.infohash, "started")) for s in servers],
            [1, 1], f"{what}: each family is told once")
        complete(t, daemon, servers, torrent)
        t.equal([len(s.of(torrent.infohash, "completed")) for s in servers],
            [1, 1], f"{what}: each is told completed once")
    return torrents


def complete(t, daemon, servers, torrent):
    seed = wire.Seed(t, torrent, t.dir("content"))
    daemon.ctl("peers", torrent.infohash, "add", "%s:%u" % seed.peer)
    daemon.wait_state(torrent.infohash, "seeding", 45)
    for server in servers:
        t.wait(lambda: server.of(torrent.infohash, "completed"), 45,
            "completed")
    t.wait(lambda: row_of(daemon, torrent)["state"] == "waiting", 30,
        "the end of both")


def no_family(t, daemon):
    """A family that fails is no failure where the other works."""
    server = udptracker.UdpTracker(mimtest.TEST_ADDR6)
    http = tracker.Tracker(mimtest.TEST_ADDR6)
    for what, url in (("UDP", f"udp://both.test:{server.port}/"),
        ("HTTP", f"http://both.test:{http.port}/announce")):
        torrent = add(t, daemon, "half " + what, url)
        row = t.wait(lambda: outcome(daemon, torrent), 45, what)
        t.equal((row["state"], row["error"]), ("waiting", None),
            f"{what}: one family is enough")


def real(t, daemon):
    """Debian's opentracker; it speaks IPv4 alone."""
    torrent = Torrent("real", SIZE, 1 << 15, "real").make(t.dir("content"))
    server = clients.Opentracker(t, [torrent.infohash])
    seed = mimd.Mimd(t, "seed", root=t.dir("content")).start()
    path = torrent.save(f"{t.root}/real.torrent",
        server.url.replace("http:", "udp:"))
    seed.add(path)
    seed.wait_state(torrent.infohash, "seeding", 45)
    t.wait(lambda: row_of(seed, torrent)["last"], 45, "an answer")
    daemon.add(path)
    daemon.wait_state(torrent.infohash, "seeding", 45)
    t.equal(torrent.wrong(daemon.root), None, "by opentracker: bit-exact")


def test(t):
    daemon = mimd.Mimd(t).start()
    server, torrents = odd_answers(t, daemon)
    families = both_families(t, daemon)
    t.together(lambda: scrapes(t, daemon), lambda: six(t, daemon),
        lambda: no_family(t, daemon), lambda: refused(t, daemon),
        lambda: real(t, daemon))
    t.equal(daemon.processes()["tracker"]["restarts"], 0,
        "the tracker child lived on")
    t.equal(daemon.stop(), 0, "stops with all of them about")
    for what, (servers, torrent) in families.items():
        t.equal([len(s.of(torrent.infohash, "stopped")) for s in servers],
            [1, 1], f"{what}: each family is told of the end")
    servers, torrent = families["HTTP"]
    t.equal([len({a.client_port for a in s.of(torrent.infohash)})
        for s in servers], [1, 1], "HTTP: by one connection each")
    for name in GOOD:
        t.equal(len(server.of(torrents[name].infohash, "stopped")), 1,
            f"{name}: is told of the end")
    for name in BAD:
        t.equal(server.of(torrents[name].infohash, "stopped"), [],
            f"{name}: nothing is owed")


mimtest.main(test)
