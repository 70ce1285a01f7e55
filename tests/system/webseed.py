#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Web seeds: a real server alone, with peers, while children are killed; and
# servers that refuse ranges, lie, are cut short or send elsewhere.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
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


def test(t):
    content = t.dir("content")
    web = webserver.Lighttpd(t, content)
    mim = mimd.Mimd(t).start()
    alone(t, mim, web, content)


mimtest.main(test, timeout=120)
