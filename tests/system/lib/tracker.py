# SPDX-License-Identifier: ISC
"""
A scripted HTTP(S) tracker.  It hands each client the others of its swarm and
remembers every announce; a path named in its table answers as the test says.
"""

import http.server
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse

import mimtest
from torrent import bencode


class Announce:
    def __init__(self, path, params, addr):
        self.path = path
        self.params = params
        self.addr, self.client_port = addr[:2]
        self.time = time.monotonic()

    def __getitem__(self, key):
        value = self.params.get(key)
        return value.decode("latin-1") if value is not None else None

    @property
    def infohash(self):
        return self.params.get("info_hash", b"").hex()


def parse_query(query):
    """Like parse_qs, but values stay bytes."""
    params = {}
    for part in query.split("&"):
        key, _, value = part.partition("=")
        params[key] = urllib.parse.unquote_to_bytes(value)
    return params


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True	# heads and bodies are two writes

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        announce = Announce(url.path, parse_query(url.query),
            self.client_address)
        tracker = self.server.tracker
        with tracker.lock:
            tracker.announces.append(announce)
        special = tracker.paths.get(url.path)
        try:
            if special is not None:
                special(self, announce)
            else:
                self.answer(bencode(tracker.reply(announce)))
        except OSError:
            self.close_connection = True

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass		# a client that hangs up, or dislikes the certificate


class Server6(Server):
    address_family = socket.AF_INET6


class Tracker:
    def __init__(self, addr=mimtest.TEST_ADDR, port=0, cert=None,
        interval=1800, paths=None):
        self.lock = threading.Lock()
        self.announces = []
        self.swarms = {}	# infohash: {peer id: (addr, port, left)}
        self.fixed = []		# (addr, port) that everyone is told of
        self.introduces = True	# those who announce to each other
        self.known = {}		# infohash: [(addr, port)] told of it, too
        self.interval = interval
        self.paths = paths or {}
        server = Server6 if ":" in addr else Server
        self.server = server((addr, port), Handler)
        self.server.tracker = self
        scheme = "http"
        if cert is not None:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert + ".pem", cert + ".key")
            # The handshake is made in the connection's own thread.
            self.server.socket = context.wrap_socket(self.server.socket,
                server_side=True, do_handshake_on_connect=False)
        shown = f"[{addr}]" if ":" in addr else addr
        self.port = self.server.server_address[1]
        self.base = f"{scheme}://{shown}:{self.port}"
        self.url = self.base + "/announce"
        threading.Thread(target=self.server.serve_forever, args=(0.05,),
            daemon=True).start()

    def of(self, infohash, event=None, path=None):
        """The announces of a torrent so far."""
        with self.lock:
            return [a for a in self.announces if a.infohash == infohash and
                (event is None or a["event"] == event) and
                (path is None or a.path == path)]

    def told(self, announce):
        return self.fixed + self.known.get(announce.infohash, [])

    def reply(self, announce):
        peer_id = announce.params.get("peer_id")
        port = int(announce["port"] or 0)
        with self.lock:
            swarm = self.swarms.setdefault(announce.infohash, {})
            others = [(a, p) for i, (a, p, left) in swarm.items()
                if i != peer_id and self.introduces]
            if announce["event"] == "stopped":
                swarm.pop(peer_id, None)
            elif port:
                swarm[peer_id] = (announce.addr, port,
                    int(announce["left"] or 0))
            seeds = sum(1 for a, p, left in swarm.values() if left == 0)
        others += self.told(announce)
        reply = {"interval": self.interval, "complete": seeds,
            "incomplete": len(swarm) - seeds,
            "peers": pack_peers([o for o in others if ":" not in o[0]])}
        if any(":" in o[0] for o in others):
            reply["peers6"] = pack_peers([o for o in others if ":" in o[0]])
        return reply


def pack_peers(peers):
    return b"".join(socket.inet_pton(
        socket.AF_INET6 if ":" in addr else socket.AF_INET, addr) +
        port.to_bytes(2, "big") for addr, port in peers)


def make_ca(path):
    """path.pem and path.key of an authority for this test."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
        "/CN=mim test CA", "-keyout", path + ".key", "-out", path + ".pem")
    return path + ".pem"


def make_cert(path, alt_name, ca=None, days="2"):
    """path.pem and path.key for alt_name, signed by ca or by itself."""
    sign = ["-CA", ca + ".pem", "-CAkey", ca + ".key"] if ca else []
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-days", days, "-subj",
        "/CN=tracker", "-addext", "subjectAltName=" + alt_name, "-addext",
        "basicConstraints=critical,CA:FALSE", *sign,
        "-keyout", path + ".key", "-out", path + ".pem")
    return path


def openssl(*args):
    done = subprocess.run(["openssl", *args], capture_output=True)
    if done.returncode != 0:
        raise mimtest.Failure("openssl: " + done.stderr.decode())
