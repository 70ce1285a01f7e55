#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Without OpenSSL's legacy module, mimd says in a line why it does not start,
# unless encryption is off.

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import mimd
import mimtest
import wire
from torrent import Torrent

WHY = r"encryption: OpenSSL's RC4 .* cannot be loaded"


def hide_module(t):
    """From all in the test's mount namespace."""
    text = subprocess.run(["openssl", "version", "-m"], check=True,
        capture_output=True, text=True).stdout
    path = os.path.join(text.split('"')[1], "legacy.so")
    empty = t.root + "/empty"
    open(empty, "w").close()
    subprocess.run(["mount", "--bind", empty, path], check=True)


def test(t):
    hide_module(t)
    daemon = mimd.Mimd(t, "prefers", conf="encryption prefer\n")
    daemon.allowed = WHY
    daemon.launch()
    t.wait(lambda: daemon.proc.poll() is not None, 15, "its end")
    t.ok(daemon.proc.poll() not in (0, None), "it does not start")
    lines = daemon.log().splitlines()
    t.equal(sum("legacy" in line for line in lines), 1, "a line says why",)
    t.match(daemon.log(), WHY, "what, and what would help")
    t.ok(len(lines) <= 3, "and not much more is said", daemon.log())

    daemon = mimd.Mimd(t, "off", conf="encryption off\n").start()
    torrent = Torrent("plain", 100_000, 1 << 15).make(daemon.root)
    daemon.add(torrent.save(t.root + "/x.torrent"), "-c")
    daemon.wait_state(torrent.infohash, "seeding", 20)
    data = {}
    wire.leech(wire.connect(t, (daemon.addr, daemon.port), torrent.infohash),
        torrent, range(torrent.npieces),
        lambda piece, begin, block: data.update({(piece, begin): block}))
    t.equal(sum(map(len, data.values())), 100_000, "plain peers are served")
    daemon.write_conf(daemon.conf.replace("encryption off",
        "encryption prefer"))
    status, _, err = daemon.run("reload")
    t.diag(f"reload: exit {status}: {err.strip()}")
    t.diag(daemon.log())
    t.equal(daemon.processes()["peer"]["restarts"], 0, "a reload that asks "
        "for it harms nobody")


mimtest.main(test)
