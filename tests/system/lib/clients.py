# SPDX-License-Identifier: ISC
"""The other clients and the real tracker that mimd meets in the tests."""

import base64
import json
import os
import socket
import subprocess
import threading
import urllib.error
import urllib.request

import krpc
import mimtest
from torrent import bencode


class Client:
    """Something with a host, a directory and a process."""

    def __init__(self, t, name, root=None, host=None):
        self.t = t
        self.host = host or t.host()
        self.dir = t.dir(name)
        self.root = root or t.dir(name + "/data")
        self.log_path = os.path.join(t.root, name + ".log")
        self.proc = None
        t.closers.append(self.close)

    @property
    def addr(self):
        return self.host.addr

    def close(self):
        if self.proc is not None:
            mimtest.stop(self.proc, timeout=5)


class Transmission(Client):
    """dht: nodes to start from; for IPv6 its host must have gone global."""

    PORT = 51413
    RPC = 9091

    def __init__(self, t, name="transmission", encryption=0, pex=False,
        lpd=False, dht=(), **kw):
        super().__init__(t, name, **kw)
        self.session = ""
        if dht:
            self.save_nodes(dht)
        with open(os.path.join(self.dir, "settings.json"), "w") as f:
            json.dump({
                "download-dir": self.root,
                "bind-address-ipv4": self.addr,
                "peer-port": self.PORT,
                "rpc-port": self.RPC,
                "rpc-bind-address": self.addr,
                "rpc-whitelist-enabled": False,
                "rpc-host-whitelist-enabled": False,
                "dht-enabled": bool(dht), "pex-enabled": pex,
                "lpd-enabled": lpd, "utp-enabled": False,
                "port-forwarding-enabled": False,
                "encryption": encryption, "preallocation": 0,
                "download-queue-enabled": False,
                "speed-limit-up-enabled": False,
                "speed-limit-down-enabled": False,
                "upload-slots-per-torrent": 50,
            }, f)
        self.proc = t.spawn(["transmission-daemon", "-f", "-g", self.dir],
            self.log_path, host=self.host, env=dict(os.environ,
            LD_PRELOAD=mimtest.program("hasty.so")) if dht else None)
        t.wait(lambda: self.rpc("session-get"), 15, "transmission")

    def save_nodes(self, nodes):
        """As if it had met them before: it is slow to begin otherwise."""
        with open(os.path.join(self.dir, "dht.dat"), "wb") as f:
            f.write(bencode({"id": os.urandom(20),
                "nodes": b"".join(krpc.compact(peer) for peer in nodes
                    if not krpc.is_six(peer[0])),
                "nodes6": b"".join(krpc.compact(peer) for peer in nodes
                    if krpc.is_six(peer[0]))}))

    def rpc(self, method, **arguments):
        """The answer's arguments; None if it does not answer yet."""
        request = urllib.request.Request(
            f"http://{self.addr}:{self.RPC}/transmission/rpc",
            json.dumps({"method": method, "arguments": arguments}).encode(),
            {"X-Transmission-Session-Id": self.session})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return json.load(reply)["arguments"]
        except urllib.error.HTTPError as e:
            if e.code != 409:
                raise
            self.session = e.headers["X-Transmission-Session-Id"]
            return self.rpc(method, **arguments)
        except urllib.error.URLError:
            return None

    def add(self, path):
        """A .torrent file or a magnet link."""
        if path.startswith("magnet:"):
            self.rpc("torrent-add", **{"download-dir": self.root,
                "filename": path})
            return
        with open(path, "rb") as f:
            self.rpc("torrent-add", **{"download-dir": self.root,
                "metainfo": base64.b64encode(f.read()).decode()})

    def peers(self):
        """Addresses and ports of the only torrent's peers."""
        row = self.rpc("torrent-get", fields=["peers"])["torrents"][0]
        return [(peer["address"], peer["port"]) for peer in row["peers"]]

    def progress(self):
        """Of the only torrent: 0 to 1, but 0 while it is checked."""
        row = self.rpc("torrent-get",
            fields=["percentDone", "status"])["torrents"][0]
        return row["percentDone"] if row["status"] >= 4 else 0

    def has_metadata(self, infohash):
        rows = self.rpc("torrent-get", fields=["hashString",
            "metadataPercentComplete"])["torrents"]
        return any(row["metadataPercentComplete"] == 1 for row in rows
            if row["hashString"] == infohash)


class Aria2(Client):
    """
    dht: nodes to start from, one of a family at most; metadata: save that,
    and stay.
    """

    PORT = 6890

    def __init__(self, t, torrent, name="aria2", seed=False, dht=(),
        metadata=False, **kw):
        super().__init__(t, name, **kw)
        net = ["--enable-dht=false", "--enable-dht6=false",
            f"--interface={self.addr}"]
        if dht:
            net = self.dht_options(dht)
        last = ["--seed-time=0"]
        if metadata:
            last = ["--bt-save-metadata=true"]
        if seed:
            last = ["--seed-ratio=0.0", "--bt-seed-unverified=true"]
        self.proc = t.spawn(["aria2c", "--no-conf", "--dir=" + self.root,
            *net, f"--listen-port={self.PORT}",
            "--enable-peer-exchange=false", "--bt-enable-lpd=false",
            "--file-allocation=none", *last,
            "--console-log-level=warn", "--summary-interval=0",
            "--bt-tracker-interval=5", torrent], self.log_path,
            host=self.host)

    def dht_options(self, nodes):
        options = [f"--dht-listen-port={self.PORT}",
            f"--dht-file-path={self.dir}/dht.dat",
            f"--dht-file-path6={self.dir}/dht6.dat"]
        for addr, port in nodes:
            if krpc.is_six(addr):
                options += ["--enable-dht6=true",
                    f"--dht-listen-addr6={self.host.global6}",
                    f"--dht-entry-point6=[{addr}]:{port}"]
            else:
                options += ["--enable-dht=true",
                    f"--dht-entry-point={addr}:{port}"]
        return options

    def has_metadata(self):
        return any(name.endswith(".torrent") for name in os.listdir(self.root))

    def done(self):
        """True once complete; fails if it gave up."""
        status = self.proc.poll()
        if status not in (None, 0):
            raise mimtest.Failure(f"aria2 ended with {status}")
        return status == 0


class Libtorrent(Client):
    """python3-libtorrent by way of ltclient.py; kw options are settings;
    six: by IPv6 alone; dht: nodes to start from, in either family."""

    PORT = 6885

    def __init__(self, t, torrent, name="libtorrent", seed=False, root=None,
        host=None, six=False, dht=(), **settings):
        super().__init__(t, name, root=root, host=host)
        listen = f"{self.addr}:{self.PORT}"
        if dht:
            listen += f",[{self.host.global6}]:{self.PORT}"
            settings["outgoing_interfaces"] = ""
            settings["nodes"] = ",".join(f"{addr}/{port}"
                for addr, port in dht)
        if six:
            listen = f"[{self.host.addr6}]:{self.PORT}"
            settings["outgoing_interfaces"] = self.host.addr6
        self.status = {"time": 0, "progress": 0, "uploaded": 0,
            "downloaded": 0}
        argv = ["/usr/bin/python3", os.path.join(os.path.dirname(__file__),
            "ltclient.py"), torrent, self.root, listen,
            "seed" if seed else "leech"]
        argv += [f"{key}={value}" for key, value in settings.items()]
        self.proc = t.spawn(argv, self.log_path, host=self.host,
            stdout=subprocess.PIPE)
        threading.Thread(target=self.follow, daemon=True).start()
        if seed:
            t.wait(lambda: self.progress() == 1, 60, "libtorrent's seed")

    def follow(self):
        for line in self.proc.stdout:
            self.status = json.loads(line)

    def peers(self):
        return [tuple(peer) for peer in self.status.get("addrs", ())]

    def progress(self):
        if self.proc.poll() is not None:
            raise mimtest.Failure("libtorrent ended")
        return self.status["progress"]


class Opentracker(Client):
    """Debian's wants to be told the info-hashes it may track."""

    PORT = 6969

    def __init__(self, t, infohashes, name="opentracker", **kw):
        super().__init__(t, name, **kw)
        os.chmod(self.dir, 0o755)
        white = os.path.join(self.dir, "whitelist")
        with open(white, "w") as f:
            f.write("".join(h + "\n" for h in infohashes))
        self.url = f"http://{self.addr}:{self.PORT}/announce"
        self.proc = t.spawn(["opentracker", "-i", self.addr, "-p",
            str(self.PORT), "-P", str(self.PORT), "-d", self.dir, "-w",
            "whitelist", "-u", "nobody"], self.log_path, host=self.host)
        t.wait(self.answers, 10, "opentracker")

    def answers(self):
        try:
            socket.create_connection((self.addr, self.PORT), 1).close()
            return True
        except OSError:
            return False


