# SPDX-License-Identifier: ISC
"""CPU time and memory of a tree of processes."""

import os
import threading

TICKS = os.sysconf("SC_CLK_TCK")


def stat_of(pid):
    """The fields of /proc/pid/stat behind the name; None if it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def tree(root):
    """Pids of root and all that descend from it."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_of(name)
            if fields:
                children.setdefault(int(fields[1]), []).append(int(name))
    pids = [root]
    for pid in pids:
        pids += children.get(pid, [])
    return pids


def cpu(root):
    """CPU seconds so far, of the living and of their buried children."""
    ticks = 0
    for pid in tree(root):
        fields = stat_of(pid)
        if fields:
            ticks += sum(int(x) for x in fields[11:15])
    return ticks / TICKS


def memory(root):
    """{"pss", "anon", "shmem"} of the tree in bytes."""
    total = {"Pss": 0, "Pss_Anon": 0, "Pss_Shmem": 0}
    for pid in tree(root):
        try:
            with open(f"/proc/{pid}/smaps_rollup") as f:
                for line in f:
                    key, _, value = line.partition(":")
                    if key in total:
                        total[key] += int(value.split()[0]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            pass
    return {"pss": total["Pss"], "anon": total["Pss_Anon"],
        "shmem": total["Pss_Shmem"]}


class Peak:
    """Watches a tree's memory; use with "with"."""

    def __init__(self, root, step=0.05):
        self.root = root
        self.step = step
        self.peak = {}
        self.ended = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.ended.set()
        self.thread.join()

    def watch(self):
        while True:
            for key, value in memory(self.root).items():
                self.peak[key] = max(self.peak.get(key, 0), value)
            if self.ended.wait(self.step):
                return
