# SPDX-License-Identifier: ISC
"""
What all rows share.  A row is a question; a client's answer to it is one or
more figures.  Goals are ratios of mim's figure to the best of the others', so
that they hold on any machine.
"""

import collections
import os
import shutil

import measure
import subjects
from torrent import Torrent

# key, unit, whether more is better, the ratio that mim must reach and the one
# that is good, what is too small to tell from nothing, digits shown.
Figure = collections.namedtuple("Figure",
    "key unit more must good least digits", defaults=(None, None, 0, 2))

GIB = 1 << 30
MIB = 1 << 20
PIECE = 1 << 20


def gib_per_s(must, good):
    return Figure("rate", "GiB/s", True, must, good)


def cpu_per_gib(must, good):
    return Figure("cpu", "CPU s/GiB", False, must, good)


def pss(must, good):
    return Figure("pss", "PSS MiB", False, must, good, digits=1)


class Row:
    """
    measure() is one run of one client and returns {key: value}; a value may
    be None where a client has none.  Where watching disturbs, once() is a run
    of its own for the figures that are not worth several.
    """

    clients = ("mim", "transmission", "aria2", "rtorrent", "libtorrent",
        "libtorrent_tuned")

    def __init__(self, name, about, figures):
        self.name = name
        self.about = about
        self.figures = figures

    def once(self, world, client):
        return {}


class World:
    """Where the rows are run, and what they share."""

    def __init__(self, scale, root):
        self.scale = scale
        self.root = root
        self.tmpfs = self.dir("tmpfs")
        measure.mount_tmpfs(self.tmpfs)
        self.made = {}

    def dir(self, *path):
        path = os.path.join(self.root, *path)
        os.makedirs(path, exist_ok=True)
        return path

    def fresh(self, *path):
        shutil.rmtree(os.path.join(self.root, *path), ignore_errors=True)
        return self.dir(*path)

    def subject(self, client, root):
        return subjects.ALL[client](self.fresh("client"), root)

    def large(self):
        """One file in pieces of 1 MiB; the torrent and where the file is."""
        return self.make("large", lambda: Torrent("large.bin",
            self.scale.size * MIB, PIECE))

    def small(self):
        """Many files of 10 KiB."""
        return self.make("small", lambda: Torrent("small", [(f"{i // 1000}/"
            f"{i:06}", 10240) for i in range(self.scale.files)], 256 << 10))

    def make(self, name, torrent):
        if name not in self.made:
            root = self.dir("tmpfs", name)
            self.made[name] = torrent().make(root)
            # A seed of some clients wants its files to be its own.
            measure.open_to_all(root)
        return self.made[name], os.path.join(self.tmpfs, name)

    def free(self, name):
        """No row to come wants that content."""
        if self.made.pop(name, None):
            shutil.rmtree(os.path.join(self.tmpfs, name))
