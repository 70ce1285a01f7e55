#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A .torrent named by its URL: fetched by http and https, with the options of
# a file; and what cannot be fetched, or is no torrent, is told in one line.

import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import tracker
import webserver
from torrent import Torrent, bencode

LAN = "192.168.77.1"		# of the test, where nobody should look


def body(data, status=200, **headers):
    return lambda handler, announce: handler.answer(data, status, **headers)


def away(url):
    return body(b"", 302, Location=url)


def endless(handler, announce):
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    handler.wfile.write(b"d4:info")
    while True:
        handler.wfile.write(bytes(65536))


def cut_short(handler, announce):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.close_connection = True
    handler.wfile.write(b"d4:info")


def good(t, mim, plain, secure, file):
    """By both schemes, and with the options of a file."""
    single = Torrent("one.bin", 100_000, 1 << 15, "one")
    single.make(t.dir("content"))
    plain.paths["/one.torrent"] = body(file(single))
    added = mim.ctl("add", "-P", plain.base + "/one.torrent")["added"]
    t.equal([(a["infohash"], a["name"]) for a in added],
        [(single.infohash, "one.bin")], "http: is added")
    t.equal(mim.state_of(single.infohash), "stopped", "-P holds")

    many = Torrent("many", [("a", 50_000), ("b.nfo", 3), ("c", 50_000)],
        1 << 14, "many").make(t.dir("content"))
    secure.paths["/many"] = body(file(many))
    plain.paths["/moved"] = away(secure.base + "/many")
    mim.ctl("add", "-P", "-d", mim.root + "/beneath", "-o", "0,1", "-x",
        "*.nfo", plain.base + "/moved")
    row = mim.torrent(many.infohash, "-f")
    t.equal(row["dir"], mim.root + "/beneath", "redirected to https: -d holds")
    t.equal([f["priority"] for f in row["files"]], ["normal", "skip", "skip"],
        "-o and -x hold")

    path = single.save(f"{t.root}/one.torrent")
    said = [mim.run("add", what) for what in
        (path, plain.base + "/one.torrent")]
    t.equal([(s[0], s[2].split(": ", 2)[2]) for s in said],
        [(1, said[0][2].split(": ", 2)[2])] * 2,
        "added before: told as of a file")


def bad(t, mim, plain, secure, certs):
    """Each cannot be had, and says so in one line."""
    lan = tracker.Tracker(LAN)
    closed = webserver.Scripted(t, t.root)
    closed.server.shutdown()	# else it listens until its next look
    closed.server.server_close()
    wrong = tracker.Tracker(cert=certs["wrong"])
    own = tracker.Tracker(cert=certs["own"])
    plain.paths.update({
        "/404": body(b"d4:infode", 404), "/403": body(b"no", 403),
        "/500": body(b"oops", 500), "/204": body(b"", 204),
        "/page": body(b"<html>log in</html>"), "/empty": body(b""),
        "/dict": body(bencode({"a": 1})), "/endless": endless,
        "/cut": cut_short, "/loop": away(plain.base + "/loop"),
        "/magnet": away("magnet:?xt=urn:btih:" + "0" * 40),
        "/file": away("file:///etc/passwd"),
        "/lan": away(lan.base + "/x"),
        "/loopback": away("http://127.0.0.1:8080/x")})
    secure.paths["/down"] = away(plain.base + "/dict")
    cases = [
        (plain.base + "/404", r"not found \(HTTP 404\)"),
        (plain.base + "/403", r"access denied \(HTTP 403\)"),
        (plain.base + "/500", "HTTP 500"),
        (plain.base + "/204", "HTTP 204"),
        (plain.base + "/page", "not a .torrent file"),
        (plain.base + "/empty", "empty"),
        (plain.base + "/dict", "info"),
        (plain.base + "/endless", "larger than 32 MiB"),
        (plain.base + "/cut", "cut short"),
        (plain.base + "/loop", "too many redirects"),
        (plain.base + "/magnet", "magnet link"),
        (plain.base + "/file", "redirect to"),
        (plain.base + "/lan", "private address refused"),
        (plain.base + "/loopback", "loopback address refused"),
        (lan.base + "/x", "private address refused"),
        ("http://localhost/x", "loopback address refused"),
        ("http://[::1]/x", "loopback address refused"),
        ("http://0.0.0.0/x", "unusable address refused"),
        (closed.url, "Connection refused"),
        ("http:///x", "no host"), ("http://a b/", "bad host"),
        ("https://nobody.invalid/x", "name|look"),
        (secure.base + "/down", "https to http refused"),
        (wrong.base + "/x", "certificate does not match"),
        (own.base + "/x", "bad certificate"),
        (plain.base + "/" + "x" * 1100, "longer than 1024"),
    ]
    before = len(mim.torrents())
    for url, pattern in cases:
        status, out, err = mim.run("add", url)
        t.ok(status == 1 and out == "" and err.count("\n") == 1,
            f"{url[:60]}: one line", (status, out, err))
        t.match(err, pattern, "says why")
    t.equal(len(mim.torrents()), before, "nothing was added")
    t.equal(lan.announces + wrong.announces + own.announces, [],
        "nothing was asked of those that are refused")

    status, out, err = mim.run("add", "-d", "/nowhere", plain.base + "/one")
    t.match(err, "not inside a", "a bad directory is told first")
    t.equal([a for a in plain.announces if a.path == "/one"], [],
        "before anything is fetched")
    status, out, err = mim.run("info", plain.base + "/dict")
    t.equal((status, err.count("\n")), (1, 1), "info takes no URL")
    t.match(err, "save the file", "and says what to do")


def killed(t, mim, plain, file):
    """Tracker dies over a fetch: its successor makes it good."""
    x = Torrent("late", 100_000, 1 << 15, "late").make(t.dir("content"))
    asked, release = threading.Event(), threading.Event()
    data = file(x)

    def late(handler, announce):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:20])
        handler.wfile.flush()
        asked.set()
        if release.wait(60):
            handler.wfile.write(data[20:])

    plain.paths["/late"] = late
    said = []
    job = threading.Thread(target=lambda:
        said.append(mim.run("add", "-P", plain.base + "/late")))
    job.start()
    t.ok(asked.wait(30), "the file has begun to come")
    mim.kill_child("tracker")
    t.wait(lambda: len([a for a in plain.announces if a.path == "/late"]) > 1,
        30, "the next tracker child to ask")
    release.set()
    job.join(60)
    t.equal(said and said[0][0], 0, "tracker killed: it is added all the same")
    t.equal(mim.state_of(x.infohash), "stopped", "and is there")


def get(t, plain, content):
    """No service needed."""
    x = Torrent("got", 300_000, 1 << 15, "got").make(content)
    web = webserver.Scripted(t, content)
    plain.paths["/got"] = body(bencode({"info": x.info,
        "url-list": [web.url]}))
    root = t.dir("files")
    done = t.spawn([mimtest.program("mimctl"), "get", "-d", root, "-o",
        "allow local trackers 10.99.0.0/16", plain.base + "/got"],
        f"{t.root}/get.log", host=t.host())
    t.equal(done.wait(60), 0, "mimctl get takes a URL")
    t.equal(x.wrong(root), None, "bit-exact")


def test(t):
    mimtest.ip("addr", "add", LAN + "/24", "dev", "br0")
    content = t.dir("content")
    ca = tracker.make_ca(t.root + "/ca")[:-len(".pem")]
    addr = f"IP:{mimtest.TEST_ADDR}"
    certs = {"wrong": tracker.make_cert(t.root + "/wrong", "IP:10.99.0.77",
        ca), "own": tracker.make_cert(t.root + "/own", addr)}
    plain = tracker.Tracker()
    secure = tracker.Tracker(cert=tracker.make_cert(t.root + "/good", addr,
        ca))
    mim = mimd.Mimd(t, conf=f"ca file \"{ca}.pem\"\n")
    mim.host.ip("route", "add", "192.168.77.0/24", "via", mimtest.TEST_ADDR)
    mim.write_conf(mim.conf.replace("allow local trackers\n",
        "allow local trackers 10.99.0.0/16\n"))
    mim.start()

    file = lambda torrent: mimtest.read_bytes(torrent.save(
        f"{t.root}/{torrent.name}.torrent", plain.url))
    good(t, mim, plain, secure, file)
    bad(t, mim, plain, secure, certs)
    killed(t, mim, plain, file)
    get(t, plain, content)


mimtest.main(test)
