# SPDX-License-Identifier: ISC
"""How fast a client checks data that is there."""

import os
import time

from row import GIB, Row, cpu_per_gib, gib_per_s
from subjects import until


class RecheckRow(Row):
    clients = ("mim", "mim1", "transmission", "rtorrent", "libtorrent")

    def __init__(self):
        super().__init__("recheck", "a second check of one large file on "
            "tmpfs; mim1 is mim on one core", [gib_per_s(1.8, 1.96),
            cpu_per_gib(1.07, 1.02)])

    def measure(self, world, client):
        torrent, root = world.large()
        # Nobody answers there, but rtorrent does not load one without.
        path = torrent.save(os.path.join(world.root, "x.torrent"),
            "http://10.99.0.1:1/announce")
        subject = world.subject(client, root)
        try:
            subject.start(path, True)
            until(subject.is_seeding, "first check")
            time.sleep(world.scale.rest)
            before = subject.cpu()
            begin, end = subject.check_again()
            gib = torrent.size / GIB
            return {"rate": gib / (end - begin),
                "cpu": (subject.cpu() - before) / gib}
        finally:
            subject.stop()


ROWS = [RecheckRow()]
