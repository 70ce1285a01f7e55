# SPDX-License-Identifier: ISC
"""The clients that are measured, each with what it takes to drive it."""

import base64
import hashlib
import json
import os
import pwd
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import xmlrpc.client

import measure
import mimtest
from torrent import bdecode, bencode

ADDR = "10.99.0.2"
PORT = 7100
LIMIT = 120			# seconds: a client that needs longer has failed
PEERS_MAX = 4000
FILES = 20000			# descriptors that each may have
HERE = os.path.dirname(os.path.realpath(__file__))


def until(cond, what, step=0.02, limit=LIMIT):
    """Wait until cond() is true; when it was."""
    end = time.monotonic() + limit
    while not cond():
        if time.monotonic() > end:
            raise mimtest.Failure(f"{what}: not in time")
        time.sleep(step)
    return time.monotonic()


def infohash_of(path):
    with open(path, "rb") as f:
        info = bdecode(f.read())[b"info"]
    return hashlib.sha1(bencode(info)).hexdigest()


class Subject:
    """
    boot() starts a client that has no torrent yet, and waits until it answers;
    add() gives it one, to download into root or to seed what is there;
    complete() waits until the client itself says that it is done.  dir is kept
    between runs of a client that is to find its torrents again.
    """

    torrents = 10000	# that it can be given in a reasonable time

    def __init__(self, dir, root):
        self.dir = dir
        self.root = root
        self.proc = None

    def spawn(self, argv, **kw):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.proc = subprocess.Popen(["prlimit", f"--nofile={FILES}", *argv],
            stderr=self.log, cwd="/", **{"stdin": subprocess.DEVNULL,
            "stdout": self.log, **kw})

    def start(self, torrent, seed):
        self.boot()
        self.add(torrent, seed)

    def add_all(self, torrents):
        for torrent in torrents:
            self.add(torrent, True)

    def complete(self, ended):
        while not ended.wait(0.02) and not self.is_seeding():
            pass

    def is_seeding(self):
        return self.seeding() > 0

    def check_again(self):
        """Check what is there already; begin and end of that."""
        begin = time.monotonic()
        self.verify()
        until(self.is_checking, "begin of a check", 0.005)
        return begin, until(self.is_seeding, "check")

    def stop(self):
        status = mimtest.stop(self.proc, timeout=20)
        self.log.close()
        return status

    def cpu(self):
        return measure.cpu(self.proc.pid)


class Mim(Subject):
    CONF = """listen on * port {port}
download directory "{root}"
state directory "{dir}/state"
control socket "{dir}/sock"
max peers {peers} per torrent {peers}
cache 16M
lsd no
dht no
encryption allow
allow local trackers
"""

    def boot(self):
        user = pwd.getpwnam(mimtest.SERVICE_USER)
        state = os.path.join(self.dir, "state")
        os.makedirs(state, exist_ok=True)
        for path in (self.root, state):
            os.chown(path, user.pw_uid, user.pw_gid)
        conf = os.path.join(self.dir, "mimd.conf")
        with open(conf, "w") as f:
            f.write(self.CONF.format(port=PORT, root=self.root, dir=self.dir,
                peers=PEERS_MAX))
        path = os.path.join(self.dir, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(path)
            told.settimeout(0.5)
            self.spawn([mimtest.program("mimd"), "-d", "-f", conf],
                env=dict(os.environ, NOTIFY_SOCKET=path))
            until(lambda: self.is_ready(told), "mimd", 0)
        os.unlink(path)

    def is_ready(self, told):
        if self.proc.poll() is not None:
            raise mimtest.Failure("mimd ended: see its log")
        try:
            return b"READY=1" in told.recv(4096)
        except TimeoutError:
            return False

    def ctl(self, *args):
        return subprocess.run([mimtest.program("mimctl"), "-s",
            os.path.join(self.dir, "sock"), *args], check=True,
            stdout=subprocess.PIPE, stderr=self.log).stdout.decode()

    def add(self, torrent, seed):
        self.ctl("add", *(["-c"] if seed else []), torrent)

    def add_all(self, torrents):
        for i in range(0, len(torrents), 1000):
            self.ctl("-q", "add", "-c", *torrents[i:i + 1000])

    def seeding(self):
        return self.ctl("-H", "status").count("\tseeding\t")

    def complete(self, ended):
        """Asking would cost it: it tells one that waits."""
        waiting = subprocess.Popen([mimtest.program("mimctl"), "-s",
            os.path.join(self.dir, "sock"), "wait", "all"],
            stdout=subprocess.DEVNULL, stderr=self.log)
        while not ended.wait(0.005) and waiting.poll() is None:
            pass
        waiting.kill()
        waiting.wait()

    def verify(self):
        self.ctl("check", "all")

    def is_checking(self):
        return True		# the state changes before mimctl returns

    def list(self):
        self.ctl("status")


class MimOneCore(Mim):
    def spawn(self, argv, **kw):
        super().spawn(["taskset", "-c", "0", *argv], **kw)


class Transmission(Subject):
    RPC = 9091

    def boot(self):
        self.session = ""
        settings = os.path.join(self.dir, "settings.json")
        if not os.path.exists(settings):
            with open(settings, "w") as f:
                json.dump({"download-dir": self.root, "peer-port": PORT,
                    "rpc-port": self.RPC, "rpc-bind-address": ADDR,
                    "rpc-whitelist-enabled": False, "dht-enabled": False,
                    "pex-enabled": False, "lpd-enabled": False,
                    "utp-enabled": False, "port-forwarding-enabled": False,
                    "encryption": 0, "preallocation": 0,
                    "peer-limit-global": PEERS_MAX,
                    "peer-limit-per-torrent": PEERS_MAX,
                    "upload-slots-per-torrent": 200}, f)
        self.spawn(["transmission-daemon", "-f", "-g", self.dir])
        until(lambda: self.rpc("session-get"), "transmission", 0.005)

    def add(self, torrent, seed):
        with open(torrent, "rb") as f:
            self.rpc("torrent-add", **{"download-dir": self.root,
                "metainfo": base64.b64encode(f.read()).decode()})

    def add_all(self, torrents):
        """It checks ten a second: let it believe that it did."""
        self.stop()
        for kind in ("torrents", "resume"):
            os.makedirs(os.path.join(self.dir, kind), exist_ok=True)
        for torrent in torrents:
            self.preload(torrent)
        self.boot()

    def preload(self, torrent):
        name = os.path.basename(torrent)
        info = infohash_of(torrent)
        stem = f"{name}.{info[:16]}"
        os.link(torrent, os.path.join(self.dir, "torrents",
            stem + ".torrent"))
        with open(os.path.join(self.dir, "resume", stem + ".resume"),
            "wb") as f:
            f.write(bencode({"destination": self.root,
                "name": name, "paused": 0, "progress": {"blocks": "all",
                "time-checked": [int(time.time()) + 1]}}))

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

    def rows(self):
        return self.rpc("torrent-get",
            fields=["status", "leftUntilDone"])["torrents"]

    def seeding(self):
        return sum(row["leftUntilDone"] == 0 and
            row["status"] not in (1, 2) for row in self.rows())

    def verify(self):
        self.rpc("torrent-verify")

    def is_checking(self):
        return any(row["status"] in (1, 2) for row in self.rows())

    def list(self):
        subprocess.run(["transmission-remote", f"{ADDR}:{self.RPC}", "-l"],
            check=True, stdout=subprocess.DEVNULL)


class Aria2(Subject):
    RPC = 6800

    def boot(self):
        self.spawn(["aria2c", "--no-conf", "--dir=" + self.root,
            f"--listen-port={PORT}", "--enable-dht=false",
            "--enable-dht6=false", "--enable-peer-exchange=false",
            "--file-allocation=none", "--bt-max-peers=0",
            "--max-upload-limit=0", "--seed-ratio=0.0",
            "--console-log-level=warn", "--summary-interval=0",
            "--enable-rpc", f"--rpc-listen-port={self.RPC}"])
        until(lambda: self.rpc("getVersion"), "aria2", 0.005)

    def rpc(self, method, *params):
        request = json.dumps({"jsonrpc": "2.0", "id": "1",
            "method": "aria2." + method, "params": params}).encode()
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.RPC}/jsonrpc", request) as reply:
                return json.load(reply)["result"]
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            return None

    def add(self, torrent, seed):
        with open(torrent, "rb") as f:
            self.rpc("addTorrent", base64.b64encode(f.read()).decode(), [],
                {"bt-seed-unverified": "true" if seed else "false"})

    def seeding(self):
        return sum(row.get("seeder") == "true"
            for row in self.rpc("tellActive", ["seeder"]))


class Rtorrent(Subject):
    torrents = 1000		# it takes minutes to add more

    def boot(self):
        session = os.path.join(self.dir, "session")
        os.makedirs(session, exist_ok=True)
        self.checked = os.path.join(self.dir, "checked")
        self.done = os.path.join(self.dir, "done")
        self.socket = os.path.join(self.dir, "scgi")
        rc = os.path.join(self.dir, "rc")
        with open(rc, "w") as f:
            f.write(f"""system.daemon.set = true
directory.default.set = {self.root}
session.path.set = {session}
network.port_range.set = {PORT}-{PORT}
network.port_random.set = no
network.scgi.open_local = {self.socket}
network.xmlrpc.size_limit.set = 16M
network.max_open_sockets.set = {PEERS_MAX}
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
throttle.max_uploads.set = 200
throttle.max_uploads.global.set = 500
throttle.max_peers.normal.set = {PEERS_MAX}
throttle.max_peers.seed.set = {PEERS_MAX}
method.set_key = event.download.hash_done,bench,"execute=touch,{self.checked}"
method.set_key = event.download.finished,bench,"execute=touch,{self.done}"
""")
        self.spawn(["rtorrent", "-n", "-o", "import=" + rc],
            env=dict(os.environ, TERM="dumb", HOME=self.dir))
        until(lambda: self.rpc("system.pid"), "rtorrent", 0.005)

    def rpc(self, method, *params):
        body = xmlrpc.client.dumps(params, method).encode()
        head = b"CONTENT_LENGTH\0%d\0SCGI\0001\0" % len(body)
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(self.socket)
                s.sendall(b"%d:%s,%s" % (len(head), head, body))
                answer = b"".join(iter(lambda: s.recv(1 << 16), b""))
        except OSError:
            return None
        return xmlrpc.client.loads(answer.split(b"\r\n\r\n", 1)[1])[0][0]

    def add(self, torrent, seed):
        self.rpc("load.start", "", torrent)

    def seeding(self):
        return len([1 for complete, hashing in self.rpc("d.multicall2", "",
            "main", "d.complete=", "d.hashing=") if complete and not hashing])

    def complete(self, ended):
        """Asking would cost it: its events touch a file."""
        while not ended.wait(0.005) and not os.path.exists(self.done):
            pass

    def check_again(self):
        os.unlink(self.checked)
        begin = time.monotonic()
        for [name] in self.rpc("d.multicall2", "", "main", "d.hash="):
            self.rpc("d.check_hash", name)
        return begin, until(lambda: os.path.exists(self.checked), "check")


class Libtorrent(Subject):
    PRESET = []

    def boot(self):
        session = os.path.join(self.dir, "session")
        os.makedirs(session, exist_ok=True)
        self.is_done = threading.Event()
        self.answer = threading.Event()
        self.spawn(["/usr/bin/python3", os.path.join(HERE, "ltdaemon.py"),
            f"{ADDR}:{PORT}", self.root, session, *self.PRESET],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self.follow, args=(self.proc.stdout,),
            daemon=True).start()
        self.ask("ping")

    def follow(self, said):
        for line in said:
            if line == "done\n":
                self.is_done.set()
            else:
                self.said = line
                self.answer.set()

    def ask(self, *words):
        self.answer.clear()
        self.proc.stdin.write("\t".join(words) + "\n")
        self.proc.stdin.flush()
        if not self.answer.wait(LIMIT):
            raise mimtest.Failure("libtorrent does not answer")
        return self.said

    def add(self, torrent, seed):
        self.ask("add", torrent, "seed" if seed else "leech")

    def seeding(self):
        return int(self.ask("seeding"))

    def complete(self, ended):
        while not ended.wait(0.001) and not self.is_done.wait(0.02):
            pass

    def check_again(self):
        self.is_done.clear()
        begin = time.monotonic()
        self.ask("check")
        self.is_done.wait(LIMIT)
        return begin, time.monotonic()

    def stop(self):
        if self.proc.poll() is None:
            self.ask("save")
        return super().stop()


class LibtorrentTuned(Libtorrent):
    PRESET = ["high_performance_seed"]


ALL = {"mim": Mim, "mim1": MimOneCore, "transmission": Transmission,
    "aria2": Aria2, "rtorrent": Rtorrent, "libtorrent": Libtorrent,
    "libtorrent_tuned": LibtorrentTuned}
