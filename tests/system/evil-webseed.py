#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A tracker child that breaks the rules of its channel to disk, while it
# fetches from a web seed: it is replaced, nobody else is, and it goes on.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import evil
import mimtest
import webserver
from torrent import bencode

BREACHES = [
    ("slot", "not in the arena"),
    ("twice", "in use"),
    ("piece", "outside the torrent"),
    ("begin", "outside the torrent"),
    ("length", "a piece of a block"),
    ("junk", "disk: "),
    ("fd", "wrong sender"),
]


def test(t):
    world = evil.World(t)
    world.announce.fixed = []
    web = webserver.Scripted(t, world.seed.root)
    with open(world.path, "wb") as f:
        f.write(bencode({"info": world.torrent.info, "url-list": web.url}))
    for attack, log in BREACHES:
        world.survive("tracker", attack, ["tracker"], log)
    world.survive("tracker", "close", ["disk", "tracker"],
        "closed their data channel")


mimtest.main(test)
