#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Web seeds: a real server alone, with peers, while children are killed; and
# servers that refuse ranges, lie, are cut short or send elsewhere.

import os
import signal
import sys
import time
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import metaseed
import mimd
import mimtest
import tracker
import webserver
import wire
from torrent import File, Torrent, bencode

MB = 1 << 20


def save(t, torrent, *urls):
    """A .torrent that names web seeds, and no tracker."""
    path = f"{t.root}/{torrent.name}.torrent"
    with open(path, "wb") as f:
        f.write(bencode({"info": torrent.info, "url-list": list(urls)}))
    return path


def seeds(mim, torrent):
    return mim.torrent(torrent.infohash, "all")["webseeds"]


def alone(t, mim, web, content):
    """Nothing but a server: one file, and many with odd names and pads."""
    single = Torrent("one file.bin", 9 * MB + 4711, 1 << 18).make(content)
    mim.add(save(t, single, web.url))
    many = Torrent("many ü", [File("a+b [1].bin", 3 * MB + 5),
        File("empty", 0), File(".pad/1", MB - 5, pad=True),
        File("sub dir/c%20d#e?.bin", 2 * MB), File("tiny", 3)],
        1 << 18).make(content)
    mim.add(save(t, many, web.url))
    for x in (single, many):
        mim.wait_state(x.infohash, "seeding", 60)
        t.equal(x.wrong(mim.root), None, f"{x.name}: bit-exact")
        t.wait(lambda: mim.torrent(x.infohash)["downloaded"] == x.size -
            sum(f.size for f in x.files if f.pad), 10,
            f"{x.name}: each byte is counted once")
    row = seeds(mim, many)[0]
    t.equal((row["url"], row["error"]), (web.url, None), "show webseeds")
    t.ok(not any(".pad" in r[2] for r in web.requests()),
        "pads are not asked for")


def bad(t, mim, content):
    """Servers that fail, each in its way; a peer has what they lack."""
    def whole(h):
        data = h.server_self.file(h)
        h.send_response(200)
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data)
        return True

    def short(h):
        first, last = h.server_self.range_of(h)
        h.send_response(206)
        h.send_header("Content-Range", f"bytes {first}-{last}/{SIZE}")
        h.send_header("Content-Length", str(last - first + 1))
        h.end_headers()
        h.wfile.write(bytes(100))
        h.close_connection = True
        return True

    def lies(h):
        h.server_self.honest(h, lambda data: bytes(x ^ 1 for x in data))
        return True

    def away(h):
        h.send_response(302)
        h.send_header("Location", f"http://{mimtest.TEST_ADDR}:22/x")
        h.send_header("Content-Length", "0")
        h.end_headers()
        return True

    def busy(h):
        h.send_response(503)
        h.send_header("Retry-After", "600")
        h.send_header("Content-Length", "0")
        h.end_headers()
        return True

    cases = [("no ranges", whole, "failed", "does not serve parts"),
        ("cut short", short, "failed", "cut short"),
        ("lies", lies, "banned", "sent bad data"),
        ("redirect", away, "failed", "privileged port refused"),
        ("busy", busy, "failed", "HTTP 503")]
    SIZE = 3 * MB + 77
    worlds = []
    for name, answer, state, error in cases:
        x = Torrent(f"bad {name}.bin", SIZE, 1 << 18).make(content)
        web = webserver.Scripted(t, content, answer)
        mim.add(save(t, x, web.url))
        worlds.append((name, x, web, state, error))
    for name, x, web, state, error in worlds:
        row = t.wait(lambda: (lambda r: r["state"] == state and r)(
            seeds(mim, x)[0]), 30, f"{name}: {state}")
        t.match(row["error"], error, f"{name}: says so")
    before = [(w[0], len(w[2].seen)) for w in worlds]
    for name, x, web, state, error in worlds:
        peer = wire.Seed(t, x, content)
        mim.ctl("peers", x.infohash, "add", f"{peer.addr}:{peer.port}")
    for name, x, web, state, error in worlds:
        mim.wait_state(x.infohash, "seeding", 60)
        t.equal(x.wrong(mim.root), None, f"{name}: completes from a peer")
    t.ok(all(len(w[2].seen) < 30 for w in worlds),
        "servers in trouble are left in peace", before)


def refused(t, content):
    """Loopback is not fetched from unless that is allowed."""
    strict = mimd.Mimd(t, "strict")
    strict.write_conf(strict.conf.replace("allow local trackers\n",
        "allow local trackers 10.99.0.0/16\n"))
    strict.start()
    x = Torrent("refused.bin", MB, 1 << 18).make(content)
    web = webserver.Scripted(t, content, lambda h: h.send_response(302) or
        h.send_header("Location", "http://127.0.0.1:8080/") or
        h.send_header("Content-Length", "0") or h.end_headers() or True)
    strict.add(save(t, x, web.url, "http://127.0.0.1:8080/", "http://[::1]/"))
    for i in range(3):
        t.wait(lambda: seeds(strict, x)[i]["error"] and "loopback" in
            seeds(strict, x)[i]["error"], 60, f"web seed {i} refused")
    t.ok(True, "loopback is refused, after a redirect as well")
    t.match(strict.run("show", "summary")[1],
        "its web seeds fail, the first: ", "the summary says why")
    strict.stop()


def shared(t, mim, web, content):
    """With a peer, both are used; children die in the midst of it."""
    x = Torrent("shared", [("a", 40 * MB + 1), ("b", 7), ("c", 24 * MB)],
        1 << 18).make(content)
    peer = wire.Seed(t, x, content, rate=2 * MB)
    slow = webserver.Scripted(t, content, lambda h: time.sleep(0.2))
    mim.add(save(t, x, slow.url))
    mim.ctl("peers", x.infohash, "add", f"{peer.addr}:{peer.port}")
    have = lambda: mim.torrent(x.infohash)["have"]
    for role, least in (("tracker", 4), ("disk", 12), ("tracker", 20),
        ("peer", 28)):
        t.wait(lambda: have() >= least * MB, 60, f"{least} MB")
        mim.kill_child(role)
    mim.wait_state(x.infohash, "seeding", 90)
    t.equal(x.wrong(mim.root), None, "children killed: bit-exact")
    t.ok(peer.sent > MB and len(slow.seen) > 4, "peer and web seed share",
        (peer.sent, len(slow.seen)))


def linked(t, content):
    """A magnet link names a web seed, of https; a peer has the metadata."""
    x = Torrent("linked b", [("a b", 2 * MB), ("c", 7)], 1 << 18)
    x.make(content)
    ca = tracker.make_ca(t.root + "/ca")[:-len(".pem")]
    addr = t.addr()
    cert = tracker.make_cert(t.root + "/web", f"IP:{addr}", ca)
    web = webserver.Scripted(t, content, addr=addr, cert=cert)
    own = webserver.Scripted(t, content, cert=tracker.make_cert(
        t.root + "/own", f"IP:{addr}"))
    mim = mimd.Mimd(t, "linked", conf=f"ca file \"{ca}.pem\"\n").start()
    text = metaseed.link(x) + "".join(f"&ws={quote(url, safe='')}"
        for url in (web.url, own.url))
    mim.add(text)
    t.equal(mim.state_of(x.infohash), "metadata", "a link: metadata first")
    mimtest.stop(mim.proc, signal.SIGKILL)
    mim.start()
    peer = metaseed.MetaSeed(t, x, content, data=False)
    mim.ctl("peers", x.infohash, "add", f"{peer.addr}:{peer.port}")
    mim.wait_state(x.infohash, "seeding", 60)
    t.equal(x.wrong(mim.root), None, "then all from its web seed: bit-exact")
    t.equal([r["url"] for r in seeds(mim, x)], [web.url, own.url],
        "they are kept over a restart, in their order")
    t.ok(web.seen and not own.seen and not peer.sent,
        "https is fetched from, with a good certificate alone",
        (len(web.seen), own.seen, peer.sent))
    t.match(mim.run("info", text)[1], f"web seeds +{web.url}",
        "mimctl info shows them")
    mim.stop()


def limited(t, web, content):
    """The limits of rate hold for web seeds, with and without peers."""
    slow = mimd.Mimd(t, "limited", conf="rate down 2M\n").start()
    x = Torrent("limit of all", 16 * MB, 1 << 18).make(content)
    y = Torrent("limit of its own", 4 * MB, 1 << 18).make(content)
    peer = wire.Seed(t, x, content)
    begin = time.monotonic()
    slow.add(save(t, x, web.url))
    slow.ctl("peers", x.infohash, "add", f"{peer.addr}:{peer.port}")
    slow.wait_state(x.infohash, "seeding", 60)
    took = time.monotonic() - begin
    # Both may have all of it for the first second or two.
    t.ok(took > 4, "16M with 2M/s for all", took)
    slow.ctl("limit", "down", "unlimited")
    slow.add(save(t, y, web.url), "-P")
    slow.ctl("limit", y.infohash, "down", "1M")
    begin = time.monotonic()
    slow.ctl("start", y.infohash)
    slow.wait_state(y.infohash, "seeding", 60)
    took = time.monotonic() - begin
    t.ok(took > 2.5, "4M with 1M/s of its own", took)
    slow.stop()


def test(t):
    content = t.dir("content")
    web = webserver.Lighttpd(t, content)
    mim = mimd.Mimd(t).start()
    alone(t, mim, web, content)
    t.together(lambda: bad(t, mim, content), lambda: refused(t, content),
        lambda: shared(t, mim, web, content), lambda: linked(t, content),
        lambda: limited(t, web, content))


mimtest.main(test, timeout=240)
