#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Encrypted connections (MSE/PE): each setting of mimd with other clients in
# each of theirs, whoever calls whom.  Seeds lack a piece, so that nobody hangs
# up before the test has looked.

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import libtorrent as lt
import mimd
import mimtest
import tracker
from torrent import Torrent

SIZE = 1_500_000
PIECE = 1 << 16
SETTINGS = ("off", "allow", "prefer", "require")


class OneWay(tracker.Tracker):
    """Tells one side of a torrent of the other."""

    def __init__(self):
        super().__init__(interval=60)
        self.calls = {}			# infohash: (who calls, peer)

    def reply(self, announce):
        caller, peer = self.calls[announce.infohash]
        return {"interval": self.interval, "min interval": 1,
            "peers": tracker.pack_peers(
                [peer] if announce.addr == caller else [])}


class Transmission(clients.Transmission):
    leech_only = False
    CALLS = clients.Transmission.PORT

    def begin(self, torrent, path):
        self.add(path)
        if os.path.exists(torrent.path(self.root, torrent.files[0])):
            self.rpc("torrent-verify", ids=[torrent.infohash])

    def run(self, port):
        pass


class Aria2(clients.Client):
    """
    Several torrents in a process: one for those in which it is called, and
    when whom it calls is there, one for the others.  It does not soon try
    again where nobody was.
    """

    PORT, CALLS = 6890, 6891
    leech_only = True

    def __init__(self, t, name, *options):
        super().__init__(t, name)
        self.options = options
        self.paths = []

    def begin(self, torrent, path):
        self.paths.append(path)

    def run(self, port):
        listed = os.path.join(self.dir, f"input{port}")
        with open(listed, "w") as f:
            f.write("".join(p + "\n" for p in self.paths))
        self.paths.clear()
        proc = self.t.spawn(["aria2c", "--no-conf",
            "--dir=" + self.root, f"--interface={self.addr}",
            f"--listen-port={port}", "--enable-dht=false",
            "--enable-dht6=false", "--enable-peer-exchange=false",
            "--bt-enable-lpd=false", "--file-allocation=none",
            "--console-log-level=warn", "--summary-interval=0",
            "--max-concurrent-downloads=50",
            "--bt-tracker-interval=5", *self.options,
            "--input-file=" + listed], self.log_path, host=self.host)
        self.t.closers.append(lambda: mimtest.stop(proc, timeout=5))


class Libtorrent:
    """In this process, at an address of its own."""

    PORT = CALLS = 6885
    leech_only = False

    def __init__(self, t, name, **settings):
        self.addr = t.addr()
        self.root = t.dir(name)
        self.session = lt.session({
            "listen_interfaces": f"{self.addr}:{self.PORT}",
            "outgoing_interfaces": self.addr, "enable_dht": False,
            "enable_lsd": False, "enable_upnp": False,
            "enable_natpmp": False, "enable_outgoing_utp": False,
            "enable_incoming_utp": False, "ssrf_mitigation": False,
            "min_reconnect_time": 1, "active_limit": 100,
            "active_downloads": 100, "unchoke_slots_limit": 50,
            "dont_count_slow_torrents": True, "alert_mask": 0, **settings})
        t.closers.append(self.close)

    def close(self):
        self.session.pause()

    def begin(self, torrent, path):
        add = lt.add_torrent_params()
        add.ti = lt.torrent_info(path)
        add.save_path = self.root
        add.flags &= ~lt.torrent_flags.auto_managed
        add.flags &= ~lt.torrent_flags.paused
        self.session.add_torrent(add)

    def run(self, port):
        pass


FORCED, ENABLED, DISABLED = 0, 1, 2	# policies of libtorrent
LEVEL_PLAIN, LEVEL_RC4, LEVEL_BOTH = 1, 2, 3


def libtorrent(t, name, policy, level, rc4=False):
    return Libtorrent(t, name, in_enc_policy=policy, out_enc_policy=policy,
        allowed_enc_level=level, prefer_rc4=rc4)


# What comes of it: encrypted (E), plain payload (P) or nothing (-), for the
# settings off, allow, prefer and require; when mimd calls, when it is called.
# libtorrent takes turns with plain and encrypted calls (*) if it may.
CLIENTS = {
    "transmission, plain preferred":
        (lambda t, name: Transmission(t, name, encryption=0),
        "PPPE", "PPP-"),
    "transmission, encryption preferred":
        (lambda t, name: Transmission(t, name, encryption=1),
        "PPEE", "PEEE"),
    "transmission, encryption required":
        (lambda t, name: Transmission(t, name, encryption=2),
        "--EE", "-EEE"),
    "aria2":
        (lambda t, name: Aria2(t, name), "PPPE", "PPEE"),
    "aria2, encryption forced":
        (lambda t, name: Aria2(t, name, "--bt-force-encryption=true"),
        "--EE", "-EEE"),
    "libtorrent, no encryption":
        (lambda t, name: libtorrent(t, name, DISABLED, LEVEL_BOTH),
        "PPP-", "PPP-"),
    "libtorrent, either":
        (lambda t, name: libtorrent(t, name, ENABLED, LEVEL_BOTH, True),
        "PPEE", "PP*E"),
    "libtorrent, RC4 forced":
        (lambda t, name: libtorrent(t, name, FORCED, LEVEL_RC4, True),
        "--EE", "-EEE"),
    "libtorrent, plain behind the handshake":
        (lambda t, name: libtorrent(t, name, FORCED, LEVEL_PLAIN),
        "--P-", "-PP-"),
}


class Case:
    def __init__(self, t, announce, daemon, setting, kind, client, calls,
        want):
        self.name = f"{setting}, " + (f"calls {kind}" if calls else
            f"called by {kind}")
        self.daemon = daemon
        self.client = client
        self.want = want
        self.calls = calls
        seed = daemon.root if calls or client.leech_only else client.root
        self.torrent = Torrent(self.name, [(self.name, SIZE)],
            PIECE, seed=self.name).make(seed)
        self.path = self.torrent.save(
            f"{t.root}/{self.torrent.infohash}.torrent", announce.url)
        with open(self.file_of(seed), "r+b") as f:
            f.seek(-1, os.SEEK_END)
            f.write(b"\xff")
        announce.calls[self.torrent.infohash] = (
            (daemon.addr, (client.addr, client.PORT)) if calls else
            (client.addr, (daemon.addr, daemon.port)))

    def file_of(self, root):
        return self.torrent.path(root, self.torrent.files[0])

    def state(self, rows):
        row = rows[self.torrent.infohash]
        peers = row["peers"]
        if not peers:
            return "-"
        if row["downloaded"] + row["uploaded"] < SIZE - PIECE:
            return "?"
        return "E" if peers[0]["encrypted"] else "P"


def test(t):
    announce = OneWay()
    daemons = {s: mimd.Mimd(t, s, conf=f"encryption {s}\nlsd no\n"
        "max peers 200 per torrent 50\n") for s in SETTINGS}
    met = {kind: row[0](t, f"client{i}")
        for i, (kind, row) in enumerate(CLIENTS.items())}
    cases = []
    for i, setting in enumerate(SETTINGS):
        for kind, (_, calls, called) in CLIENTS.items():
            for out in (True, False):
                cases.append(Case(t, announce, daemons[setting], setting,
                    kind, met[kind], out, (calls if out else called)[i]))
    # Who is called is there first.
    for case in cases:
        if case.calls:
            case.client.begin(case.torrent, case.path)
    for client in met.values():
        client.run(client.PORT)
    time.sleep(1)
    for daemon in daemons.values():
        daemon.start()
        daemon.ctl("add", "-c", *[c.path for c in cases
            if c.daemon is daemon])
    t.wait(lambda: all(r["state"] == "downloading" for d in
        daemons.values() for r in d.torrents()), 10, "all checks")
    for case in cases:
        if not case.calls:
            case.client.begin(case.torrent, case.path)
    for client in met.values():
        client.run(client.CALLS)

    def states():
        rows = {r["infohash"]: r for d in daemons.values()
            for r in d.torrents("-p")}
        return [c.state(rows) for c in cases]

    def settled():
        return all(s == c.want or c.want == "*" and s in "PE"
            for s, c in zip(states(), cases))

    try:
        t.wait(settled, 40, "all connections", step=0.5)
    except mimtest.Failure:
        pass
    for case, state in zip(cases, states()):
        t.ok(state == case.want or case.want == "*" and state in "PE",
            case.name, f"got {state}, want {case.want}")


mimtest.main(test)
