# SPDX-License-Identifier: ISC
"""What the machine itself allows; nothing of mim is in it."""

import os
import subprocess

import measure
from row import GIB, MIB, Row, cpu_per_gib, gib_per_s


class LimitRow(Row):
    """For one and for two disk processes; see limit.c."""

    clients = ("limit-1", "limit-2")

    def __init__(self, disk=False):
        self.disk = disk
        super().__init__("limit" + ("-disk" if disk else ""),
            "receive, copy, hash and write pieces of 1 MiB, to "
            + ("the disk of TMPDIR" if disk else "tmpfs"),
            [gib_per_s(None, None), cpu_per_gib(None, None)])

    def measure(self, world, client):
        path = os.path.join(world.fresh("down") if self.disk else
            world.fresh("tmpfs", "down"), "limit.bin")
        out = subprocess.run([measure.tool("limit"), path,
            str(world.scale.size), client[-1]], check=True,
            capture_output=True, text=True).stdout
        took, sender, network, disk = (float(x) for x in out.split())
        os.unlink(path)
        gib = world.scale.size * MIB / GIB
        return {"rate": gib / took, "cpu": (network + disk) / gib}


ROWS = [LimitRow(), LimitRow(disk=True)]
