#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# A disk child that breaks the rules of its channel to peer, in the middle of
# a download: it is replaced, peer is not, and the download goes on.

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import evil
import mimtest

BREACHES = [
    ("slot", "not asked for"),
    ("beyond", "not asked for"),
    ("gen", "not asked for"),
    ("have", "beyond the torrent"),
    ("pieces", "beyond the torrent"),
    ("junk", "peer: "),
]


def test(t):
    world = evil.World(t)
    for attack, log in BREACHES:
        world.survive("disk", attack, ["disk"], log)


mimtest.main(test)
