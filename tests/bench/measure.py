# SPDX-License-Identifier: ISC
"""
What is measured: CPU time and memory of a tree of processes; and where: a
network of one's own, on a machine whose memory is at rest.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time

import mimtest

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


def cpu_exact(root):
    """The same in nanoseconds' steps, of the living alone."""
    total = 0
    for pid in tree(root):
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / 1e9


def cpu_percent(root, seconds):
    """Of one core, while nothing is asked of it."""
    before = cpu_exact(root)
    time.sleep(seconds)
    return (cpu_exact(root) - before) / seconds * 100


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
    """Watches a tree's memory, unless told not to; use with "with"."""

    def __init__(self, root, watch=True, step=0.05):
        self.root = root
        self.wanted = watch
        self.step = step
        self.peak = {}
        self.ended = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        if self.wanted:
            self.thread.start()
        return self

    def __exit__(self, *exc):
        self.ended.set()
        if self.wanted:
            self.thread.join()

    def watch(self):
        while True:
            for key, value in memory(self.root).items():
                self.peak[key] = max(self.peak.get(key, 0), value)
            if self.ended.wait(self.step):
                return


def tool(name):
    return os.path.join(mimtest.BUILD, "bench", name)


def mount_tmpfs(path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", path],
        check=True)


def open_to_all(root):
    subprocess.run(["chmod", "-R", "a+rwX", root], check=True)


def flat_copy(paths, to):
    """The content of many files, one after the other, in one."""
    if not os.path.exists(to):
        with open(to, "wb") as out:
            for path in paths:
                with open(path, "rb") as f:
                    shutil.copyfileobj(f, out)
    return to


def free_memory():
    with open("/proc/meminfo") as f:
        return int(re.search(r"MemFree:\s+(\d+)", f.read())[1]) >> 10


def pin_memory(mib):
    """Keep the host from taking free memory back; see pin.c."""
    if mib == 0:
        return None
    pin = subprocess.Popen([tool("pin"), str(min(mib,
        free_memory() * 3 // 4))], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    pin.stdout.readline()
    return pin


def run_inside(run, root):
    mimtest.ip("link", "set", "lo", "up")
    # All of that network is here; Transmission refuses peers in 127/8.
    mimtest.ip("addr", "add", "10.99.0.1/16", "dev", "lo")
    mimtest.add_service_user(root)
    return run(root)


def main(run):
    """Call run(directory) in namespaces of its own; it returns a status."""
    root = os.environ.pop("MIMTEST_ROOT", None)
    if root is None:
        if os.geteuid() != 0:
            sys.exit("needs root, for a network of its own")
        sys.exit(mimtest.run_outside(None))
    pid = os.fork()
    if pid != 0:
        sys.exit(mimtest.reap_for(pid))
    status = run_inside(run, root)
    sys.stdout.flush()
    os._exit(status)		# threads of a client may still wait
