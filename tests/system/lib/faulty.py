# SPDX-License-Identifier: ISC
"""A mimd whose disk child meets the faults that a test asks for."""

import mmap
import os
import shutil
import struct

import mimd
import mimtest

RULE = struct.Struct("<6IQ16s208s")	# struct fault of attempt/faulty.h
RULES = 64
ERROR, SHORT, DELAY, LIE = 1, 2, 3, 4


class Rule:
    """A fault that stands until it is cleared or used up."""

    def __init__(self, shared, index):
        self.shared = shared
        self.index = index

    @property
    def hits(self):
        """How many calls it has met."""
        return RULE.unpack_from(self.shared, self.index * RULE.size)[5]

    def clear(self):
        struct.pack_into("<I", self.shared, self.index * RULE.size, 0)


class Faulty(mimd.Mimd):
    """See attempt/faulty.h.  record: have the calls written down."""

    def __init__(self, t, name="faulty", record=False, **kw):
        super().__init__(t, name, user=mimd.SPARE_USER, **kw)
        self.binary = os.path.join(self.dir, "mimd-faulty")
        shutil.copy(os.path.join(mimtest.BUILD, "attempt", "bin", "faulty"),
            self.binary)
        os.chmod(self.binary, 0o755)
        path = self.binary + ".faults"
        with open(path, "wb") as f:
            f.write(bytes(RULES * RULE.size))
        os.chmod(path, 0o666)
        with open(path, "r+b") as f:
            self.shared = mmap.mmap(f.fileno(), 0)
        self.calls_path = self.binary + ".calls"
        if record:
            with open(self.calls_path, "wb"):
                pass
            os.chmod(self.calls_path, 0o666)
        self.rules = 0

    def launch(self):
        self.proc = self.t.spawn([self.binary, "-d", "-f", self.conf_path],
            self.log_path, host=self.host, user=self.user)

    def fault(self, call, path, error=None, short=None, delay=None, skip=0,
        times=0):
        """
        From now on calls of this name on paths that end so: fail with an
        errno, move at most short bytes, take delay ms longer; with none of
        these, do nothing and say it was done.  Spare the first ones that
        fit, and meet so many (0: all).
        """
        if error is not None:
            kind, value = ERROR, error
        elif short is not None:
            kind, value = SHORT, short
        elif delay is not None:
            kind, value = DELAY, delay
        else:
            kind, value = LIE, 0
        rule = Rule(self.shared, self.rules)
        self.rules += 1
        RULE.pack_into(self.shared, rule.index * RULE.size, 0, kind, skip,
            times, 0, 0, value, call.encode(), path.encode())
        struct.pack_into("<I", self.shared, rule.index * RULE.size, 1)
        return rule

    def calls(self):
        """Rows of (name, result, errno, offset, length, path)."""
        out = []
        for line in mimtest.read_text(self.calls_path).splitlines():
            name, *numbers, path = line.split(" ", 5)
            out.append((name, *map(int, numbers), path))
        return out
