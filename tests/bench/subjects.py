# SPDX-License-Identifier: ISC
"""The clients that are measured, each with what it takes to start it."""

import base64
import json
import os
import pwd
import subprocess
import threading
import time
import urllib.request

import mimtest

ADDR = "10.99.0.2"
PORT = 7100
SPAWN = dict(stdin=subprocess.DEVNULL, cwd="/")


class Subject:
    """
    start() runs the client with one torrent, to download into root or to seed
    what is there.  complete() waits until the client itself says that it is
    done; a client that has no way to ask is left to its announce.
    """

    def __init__(self, dir, root):
        self.dir = dir
        self.root = root
        self.proc = None

    def spawn(self, argv, **kw):
        self.log = open(os.path.join(self.dir, "log"), "wb")
        self.proc = subprocess.Popen(argv, stderr=self.log,
            **{**SPAWN, "stdout": self.log, **kw})

    def complete(self, ended):
        ended.wait()

    def stop(self):
        mimtest.stop(self.proc, timeout=10)
        self.log.close()


class Mim(Subject):
    def start(self, torrent, seed):
        user = pwd.getpwnam(mimtest.SERVICE_USER)
        state = os.path.join(self.dir, "state")
        os.mkdir(state)
        for path in (self.root, state):
            os.chown(path, user.pw_uid, user.pw_gid)
        self.socket = os.path.join(self.dir, "sock")
        conf = os.path.join(self.dir, "mimd.conf")
        with open(conf, "w") as f:
            f.write(f"listen on * port {PORT}\n"
                f"download directory \"{self.root}\"\n"
                f"state directory \"{state}\"\n"
                f"control socket \"{self.socket}\"\n"
                f"allow local trackers\n")
        self.spawn([mimtest.program("mimd"), "-d", "-f", conf])
        while self.ctl("status") != 0:
            if self.proc.poll() is not None:
                raise mimtest.Failure("mimd ended")
            time.sleep(0.02)
        if self.ctl("add", *(["-c"] if seed else []), torrent) != 0:
            raise mimtest.Failure("mimctl add failed")

    def ctl(self, *args):
        return subprocess.run([mimtest.program("mimctl"), "-s", self.socket,
            *args], stdout=subprocess.DEVNULL, stderr=self.log).returncode


class Transmission(Subject):
    RPC = 9091

    def start(self, torrent, seed):
        self.session = ""
        with open(os.path.join(self.dir, "settings.json"), "w") as f:
            json.dump({"download-dir": self.root, "peer-port": PORT,
                "rpc-port": self.RPC, "rpc-bind-address": ADDR,
                "rpc-whitelist-enabled": False, "dht-enabled": False,
                "pex-enabled": False, "lpd-enabled": False,
                "utp-enabled": False, "port-forwarding-enabled": False,
                "encryption": 0, "preallocation": 0,
                "peer-limit-global": 500, "peer-limit-per-torrent": 200,
                "upload-slots-per-torrent": 200}, f)
        self.spawn(["transmission-daemon", "-f", "-g", self.dir])
        while self.rpc("session-get") is None:
            time.sleep(0.05)
        with open(torrent, "rb") as f:
            self.rpc("torrent-add", **{"download-dir": self.root,
                "metainfo": base64.b64encode(f.read()).decode()})

    def rpc(self, method, **arguments):
        request = urllib.request.Request(
            f"http://{ADDR}:{self.RPC}/transmission/rpc",
            json.dumps({"method": method, "arguments": arguments}).encode(),
            {"X-Transmission-Session-Id": self.session})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return json.load(reply)["arguments"]
        except urllib.error.HTTPError as e:
            self.session = e.headers["X-Transmission-Session-Id"]
            return self.rpc(method, **arguments)
        except urllib.error.URLError:
            return None

    def complete(self, ended):
        while not ended.wait(0.02):
            row = self.rpc("torrent-get", fields=["leftUntilDone"])
            if row and row["torrents"] and \
                row["torrents"][0]["leftUntilDone"] == 0:
                return


class Aria2(Subject):
    RPC = 6800

    def start(self, torrent, seed):
        self.spawn(["aria2c", "--no-conf", "--dir=" + self.root,
            f"--listen-port={PORT}", "--enable-dht=false",
            "--enable-dht6=false", "--enable-peer-exchange=false",
            "--file-allocation=none", "--bt-max-peers=0",
            "--max-upload-limit=0", "--seed-ratio=0.0",
            "--console-log-level=warn", "--summary-interval=0",
            "--enable-rpc", f"--rpc-listen-port={self.RPC}",
            f"--bt-seed-unverified={'true' if seed else 'false'}", torrent])

    def complete(self, ended):
        request = json.dumps({"jsonrpc": "2.0", "id": "1",
            "method": "aria2.tellActive", "params": [["seeder"]]}).encode()
        while not ended.wait(0.02):
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.RPC}/jsonrpc", request) as reply:
                rows = json.load(reply)["result"]
            if rows and rows[0].get("seeder") == "true":
                return


class Rtorrent(Subject):
    def start(self, torrent, seed):
        session = os.path.join(self.dir, "session")
        os.mkdir(session)
        self.done = os.path.join(self.dir, "done")
        rc = os.path.join(self.dir, "rc")
        with open(rc, "w") as f:
            f.write(f"""system.daemon.set = true
directory.default.set = {self.root}
session.path.set = {session}
network.port_range.set = {PORT}-{PORT}
network.port_random.set = no
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
throttle.max_uploads.set = 200
throttle.max_uploads.global.set = 500
throttle.max_peers.normal.set = 500
throttle.max_peers.seed.set = 500
method.set_key = event.download.finished,bench,"execute=touch,{self.done}"
schedule2 = load,0,0,"load.start={torrent}"
""")
        self.spawn(["rtorrent", "-n", "-o", "import=" + rc],
            env=dict(os.environ, TERM="dumb", HOME=self.dir))

    def complete(self, ended):
        while not ended.wait(0.005) and not os.path.exists(self.done):
            pass


class Libtorrent(Subject):
    PRESET = []

    def start(self, torrent, seed):
        self.finished = threading.Event()
        self.spawn(["/usr/bin/python3", os.path.join(
            os.path.dirname(mimtest.__file__), "ltclient.py"), torrent,
            self.root, f"{ADDR}:{PORT}", "seed" if seed else "leech",
            "connections_limit=500", "unchoke_slots_limit=500",
            *self.PRESET], stdout=subprocess.PIPE)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.proc.stdout:
            if json.loads(line)["progress"] == 1:
                self.finished.set()

    def complete(self, ended):
        while not ended.wait(0.001) and not self.finished.wait(0.02):
            pass


class LibtorrentTuned(Libtorrent):
    PRESET = ["preset=high_performance_seed"]


ALL = {"mim": Mim, "transmission": Transmission, "aria2": Aria2,
    "rtorrent": Rtorrent, "libtorrent": Libtorrent,
    "libtorrent_tuned": LibtorrentTuned}
