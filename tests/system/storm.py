#!/usr/bin/python3
# SPDX-License-Identifier: ISC
# Thousands of torrents with the same two trackers, one of which counts, and
# Debian's opentracker by UDP: they start at the pace that is configured, and
# leave in time, also a tracker that does not answer.  MIM_STORM=10000 for
# more of them.

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import clients
import mimd
import mimtest
from torrent import bdecode, bencode

COUNT = int(os.environ.get("MIM_STORM") or 2000)
DOWNLOADS = COUNT // 10		# the others are idle
MISSED = DOWNLOADS // 10	# of whom a busy machine may not hear in time
RATE = 15 if COUNT <= 2000 else 100	# "announce rate"
PACE = 30 * RATE		# of a tracker in one's own network
SLACK = 1.1 * PACE + 16		# with what is under way at a time
SCRAPE = 50			# torrents in a request
ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" %
    (lambda body: (len(body), body))(bencode({"interval": 1800,
        "complete": 1, "incomplete": 0, "peers": b""})))


class Counter(asyncio.Protocol):
    """An HTTP tracker that is quick, and notes when it heard of what."""

    heard = []		# (time, event, info-hash)
    mute = False

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        for line in data.split(b"\r\n"):
            if not line.startswith(b"GET "):
                continue
            query = urllib.parse.urlsplit(line.split()[1]).query
            params = dict(part.split(b"=", 1) for part in query.split(b"&"))
            self.heard.append((time.monotonic(),
                params.get(b"event", b"").decode(),
                urllib.parse.unquote_to_bytes(params[b"info_hash"]).hex()))
            if not self.mute:
                self.transport.write(ANSWER)


def serve():
    """Its URL."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Counter,
        mimtest.TEST_ADDR, 0))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return "http://%s:%d/announce" % server.sockets[0].getsockname()


def torrent_of(i):
    data = b"%07d\n" % i * 512
    info = {"length": len(data), "name": f"file-{i:05}",
        "piece length": 16384, "pieces": hashlib.sha1(data).digest()}
    return data, info, hashlib.sha1(bencode(info)).hexdigest()


def make(root, directory, urls):
    """Downloads first; the others have their files.  All paths."""
    paths = []
    for i in range(COUNT):
        data, info, infohash = torrent_of(i)
        if i >= DOWNLOADS:
            with open(os.path.join(root, info["name"]), "wb") as f:
                f.write(data)
        paths.append(os.path.join(directory, infohash + ".torrent"))
        with open(paths[-1], "wb") as f:
            f.write(bencode({"announce": urls[0], "announce-list":
                [[url] for url in urls], "info": info}))
    return paths


def of(event, since=0):
    """Who was named with this event."""
    return {h for _, e, h in Counter.heard[since:] if e == event}


def fullest(since):
    """The most announces within a second."""
    times = [at for at, _, _ in Counter.heard[since:]]
    most = first = 0
    for last, at in enumerate(times):
        while times[first] <= at - 1:
            first += 1
        most = max(most, last - first + 1)
    return most, times[-1] - times[0]


def known(server, hashes):
    """How many of these opentracker has a peer of."""
    n = 0
    for i in range(0, len(hashes), SCRAPE):
        query = "&".join("info_hash=" + urllib.parse.quote_from_bytes(
            bytes.fromhex(h)) for h in hashes[i:i + SCRAPE])
        with urllib.request.urlopen(server.url.replace("announce", "scrape")
            + "?" + query, timeout=30) as f:
            files = bdecode(f.read())[b"files"]
        n += sum(c[b"complete"] + c[b"incomplete"] > 0
            for c in files.values())
    return n


def states(daemon):
    rows = daemon.torrents()
    return {state: sum(row["state"] == state for row in rows)
        for state in {row["state"] for row in rows}}


def waiting(daemon):
    return daemon.ctl("show", "summary")["announces_waiting"]


def start_all(t, daemon, server, hashes):
    """A burst of wishes, but not of announces."""
    daemon.ctl("start", "all")
    queued = [waiting(daemon)]
    t.wait(lambda: queued.append(waiting(daemon)) or
        len(of("started")) == COUNT, 120, "all announces")
    most, took = fullest(0)
    t.diag(f"{COUNT} torrents in {took:.1f} s, {most} in the fullest second")
    t.ok(most <= SLACK, f"not more than {PACE} a second", most)
    t.ok(max(queued) > 0, "show summary tells how many wait")
    t.wait(lambda: waiting(daemon) == 0, 60, "the last one's turn")
    t.ok(t.wait(lambda: known(server, hashes) == COUNT, 60,
        "opentracker to know all"), "by UDP, too, all have been announced")


def leave_dead(t, daemon, server, hashes):
    """A tracker that accepts and never answers."""
    Counter.mute = True
    begun = time.monotonic()
    t.equal(daemon.stop(30), 0, "ends while a tracker is dead")
    t.diag(f"within {time.monotonic() - begun:.1f} s")
    t.match(daemon.log(), "did not answer our leaving in time",
        "and says that it did not wait for long")
    t.ok(of("stopped") <= set(hashes[:DOWNLOADS]),
        "the active ones are told first")
    t.ok(known(server, hashes[:DOWNLOADS]) <= MISSED,
        "opentracker was told of the active ones")
    Counter.mute = False


def leave(t, daemon, hashes):
    """Once more, from the records, and faster."""
    since = len(Counter.heard)
    daemon.write_conf(daemon.conf.replace(f"rate {RATE}", "rate 200"))
    daemon.start(60)
    t.wait(lambda: len(of("started", since)) == COUNT, 120, "all again")
    t.wait(lambda: waiting(daemon) == 0, 60, "the last one's turn")
    begun = time.monotonic()
    t.equal(daemon.stop(30), 0, "ends")
    t.diag(f"within {time.monotonic() - begun:.1f} s, "
        f"{len(of('stopped', since))} told")
    t.ok(len(set(hashes[:DOWNLOADS]) - of("stopped", since)) <= MISSED,
        "the active ones are told")


def test(t):
    subprocess.run(["mount", "-t", "tmpfs", "none", t.dir("mimd")],
        check=True)
    hashes = [torrent_of(i)[2] for i in range(COUNT)]
    server = clients.Opentracker(t, hashes)
    daemon = mimd.Mimd(t, conf=f"lsd no\nannounce rate {RATE}\n").start()
    daemon.ctl("add", "-c", "-P", *make(daemon.root, t.dir("torrents"),
        [serve(), server.url.replace("http:", "udp:")]))
    t.wait(lambda: states(daemon) == {"stopped": COUNT}, 120, "the checks",
        0.2)
    t.equal(Counter.heard, [], "nothing is told of the stopped")
    start_all(t, daemon, server, hashes)
    leave_dead(t, daemon, server, hashes)
    leave(t, daemon, hashes)


mimtest.main(test, timeout=600 if COUNT > 2000 else 150)
