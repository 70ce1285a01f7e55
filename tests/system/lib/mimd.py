# SPDX-License-Identifier: ISC
"""A mimd under test, and mimctl to talk to it."""

import json
import os
import signal
import subprocess
import time

import mimtest

CHILDREN = ("peer", "disk", "tracker", "resolver", "dht")
# mimctl confines itself; a sanitizer cannot look for leaks in there.
CTL_ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
SPARE_USER = "nobody"		# runs mimd as an ordinary user


class Mimd:
    """
    user None: started as root.  conf is added to the configuration.  Make it,
    then start() it; stop, kill and start again as the test likes.
    """

    def __init__(self, t, name="mimd", user=None, port=6881, conf="",
        cache="32M", root=None, host=None, limits=()):
        self.t = t
        self.name = name
        self.user = user
        self.port = port
        self.host = host or t.host()
        self.limits = limits
        self.allowed = None		# log lines that are fine in this test
        self.proc = None
        owner = user or mimtest.SERVICE_USER
        self.dir = t.dir(name, owner)
        self.root = root or t.dir(f"{name}/downloads", owner)
        self.state = t.dir(f"{name}/state", owner)
        self.socket = os.path.join(self.dir, "mimd.sock")
        self.log_path = os.path.join(t.root, f"{name}.log")
        self.conf_path = os.path.join(t.root, f"{name}.conf")
        self.conf = (f"listen on * port {port}\n"
            f"download directory \"{self.root}\"\n"
            f"state directory \"{self.state}\"\n"
            f"control socket \"{self.socket}\"\n"
            f"allow local trackers\n"
            f"cache {cache}\n" + conf)
        if "encryption" not in conf:
            # The peers that tests make up know the plain protocol alone.
            self.conf += "encryption allow\n"
        if "dht" not in conf:
            self.conf += "dht no\n"	# one process less
        if "lsd" not in conf:
            self.conf += "lsd no\n"	# or who has the same torrent is found
        self.write_conf(self.conf)
        t.daemons.append(self)
        t.closers.append(self.close)

    @property
    def addr(self):
        return self.host.addr

    def write_conf(self, text):
        with open(self.conf_path, "w") as f:
            f.write(text)

    def log(self):
        return mimtest.read_text(self.log_path)

    def launch(self):
        self.proc = self.t.spawn([mimtest.program("mimd"), "-d", "-f",
            self.conf_path], self.log_path, host=self.host, user=self.user,
            limits=self.limits)

    def start(self, timeout=15):
        """Until it answers, and its children are at work."""
        before = self.readies()
        self.launch()
        return self.wait_ready(before, timeout)

    def readies(self):
        """How many starts have come to their end."""
        return self.log().count("ready, ")

    def wait_ready(self, before, timeout=15):
        """Wait for a start that was not among these."""
        end = time.monotonic() + timeout
        while self.ctl("status", check=False)[0] != 0 or \
            self.readies() == before:
            if self.proc.poll() is not None:
                raise mimtest.Failure(f"{self.name} ended at its start")
            if time.monotonic() > end:
                raise mimtest.Failure(f"{self.name} does not answer")
            time.sleep(0.02)
        return self

    def stop(self, timeout=15):
        """SIGTERM; returns the exit status."""
        return mimtest.stop(self.proc, timeout=timeout)

    def close(self):
        if self.proc is not None:
            mimtest.stop(self.proc)

    # mimctl

    def run(self, *args, timeout=60, text=None):
        """mimctl as it is; returns (exit status, output, errors)."""
        done = subprocess.run([mimtest.program("mimctl"), "-s", self.socket,
            *args], stdin=subprocess.DEVNULL if text is None else None,
            input=text, capture_output=True, timeout=timeout, cwd="/",
            env=CTL_ENV)
        return (done.returncode, done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"))

    def ctl(self, *args, check=True):
        """mimctl -j; the parsed answer, or (status, answer) unchecked."""
        status, out, err = self.run("-j", *args)
        if check and status != 0:
            raise mimtest.Failure(f"mimctl {' '.join(args)}: exit {status}: "
                f"{err.strip()}")
        answer = json.loads(out) if out.strip() else None
        return answer if check else (status, answer)

    def add(self, path, *flags):
        self.ctl("add", *flags, path)

    def torrents(self, *args):
        return self.ctl("status", *args)["torrents"]

    def torrent(self, infohash, *flags):
        """The row of a torrent, or None."""
        for row in self.torrents(*flags):
            if row["infohash"] == infohash:
                return row
        return None

    def peers(self, infohash):
        """The peers of a torrent that it is connected to."""
        row = self.torrent(infohash, "-p")
        return row["peers"] if row else []

    def state_of(self, infohash):
        row = self.torrent(infohash)
        return row and row["state"]

    def wait_state(self, infohash, state, timeout):
        """Until the torrent is in this state; returns its row."""
        last = None
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            last = self.torrent(infohash)
            if last and last["state"] == state:
                return last
            time.sleep(0.05)
        raise mimtest.Failure(f"{self.name}: state {state} not reached in "
            f"{timeout} s: {last}")

    def processes(self):
        """The rows of show processes by role."""
        rows = self.ctl("show", "processes")["processes"]
        return {row["role"]: row for row in rows}

    def children(self):
        """Pids of the children by role, those that run."""
        return {role: row["pid"] for role, row in self.processes().items()
            if role in CHILDREN and row["pid"]}

    def crash(self):
        """SIGKILL all of it; the parent first, or it starts others."""
        pids = list(self.children().values())
        self.proc.kill()
        self.proc.wait()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while any(map(mimtest.alive, pids)):
            time.sleep(0.01)

    def kill_child(self, role):
        """SIGKILL a child; False if it was not there just now."""
        pid = self.children().get(role)
        if pid is None:
            return False
        os.kill(pid, signal.SIGKILL)
        return True
